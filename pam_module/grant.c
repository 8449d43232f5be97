/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "proto/credential.h"

#define DATA_NAME "pam_apikey"
#define SESSION_NAME "pam_apikey_session"

/* The three texts follow one another behind it, each with its NUL; an absent tenant is empty. */
struct kept {
	size_t size; /* of the whole, in bytes */
	const char *handle, *permission, *tenant;
	char texts[];
};

enum { VARIABLE_ID, VARIABLE_TENANT, VARIABLE_PERMISSIONS, VARIABLE_TICKET, VARIABLE_COUNT };

static const char *const variables[VARIABLE_COUNT] = {
	[VARIABLE_ID] = "APIKEY_ID",
	[VARIABLE_TENANT] = "APIKEY_TENANT",
	[VARIABLE_PERMISSIONS] = "APIKEY_PERMISSIONS",
	[VARIABLE_TICKET] = "APIKEY_TICKET",
};

static void wipe_kept(pam_handle_t *pamh, void *data, int status)
{
	struct kept *kept = data;

	(void)pamh;
	(void)status;
	if (!kept)
		return;
	secret_wipe(kept, kept->size);
	free(kept);
}

static int keep_data(pam_handle_t *pamh, const char *handle, const char *permission, const char *tenant)
{
	size_t size = sizeof(struct kept) + strlen(handle) + 1 + strlen(permission) + 1 + strlen(tenant) + 1;
	struct kept *kept = malloc(size);
	char *end;

	if (!kept)
		return PAM_BUF_ERR;
	*kept = (struct kept){ .size = size };
	end = kept->texts;
	kept->handle = end;
	end = stpcpy(end, handle) + 1;
	kept->permission = end;
	end = stpcpy(end, permission) + 1;
	kept->tenant = end;
	strcpy(end, tenant);
	if (pam_set_data(pamh, DATA_NAME, kept, wipe_kept) == PAM_SUCCESS)
		return PAM_SUCCESS;
	wipe_kept(pamh, kept, 0);
	return PAM_BUF_ERR;
}

/* The environment goes to shells and scripts: plain printable text or nothing. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text >= 0x7f)
			return false;
	return true;
}

static int export_variable(pam_handle_t *pamh, const char *name, const char *value)
{
	char *assignment;
	int size = asprintf(&assignment, "%s=%s", name, value);
	int code;

	if (size < 0)
		return PAM_BUF_ERR;
	code = pam_putenv(pamh, assignment) == PAM_SUCCESS ? PAM_SUCCESS : PAM_BUF_ERR;
	secret_wipe(assignment, (size_t)size);
	free(assignment);
	return code;
}

static bool is_ticket(const char *text)
{
	return strlen(text) == WIRE_TICKET_SIZE && strspn(text, "0123456789abcdef") == WIRE_TICKET_SIZE;
}

/* libpam overwrites what it held. */
static void take_back(pam_handle_t *pamh, const char *name)
{
	if (pam_getenv(pamh, name))
		pam_putenv(pamh, name);
}

static int export_all(pam_handle_t *pamh, const struct apikey_result *result, bool environment)
{
	const char *const values[VARIABLE_COUNT] = {
		[VARIABLE_ID] = result->key_id,
		[VARIABLE_TENANT] = environment ? result->tenant : NULL,
		[VARIABLE_PERMISSIONS] = environment ? result->permissions : NULL,
		[VARIABLE_TICKET] = result->ticket[0] ? result->ticket : NULL,
	};

	for (size_t i = 0; i < VARIABLE_COUNT; i++) {
		int code = values[i] ? export_variable(pamh, variables[i], values[i]) : PAM_SUCCESS;

		if (code != PAM_SUCCESS)
			return code;
	}
	return PAM_SUCCESS;
}

int grant_keep(pam_handle_t *pamh, const struct apikey_result *result, const char *id, const char *permission,
	       const char *tenant, bool environment)
{
	int code;

	if ((id[0] != '\0' && strcmp(result->key_id, id) != 0) || !credential_is_id(result->key_id) ||
	    result->handle[0] == '\0' || !is_plain(result->tenant) || !is_plain(result->permissions) ||
	    (result->ticket[0] != '\0' && !is_ticket(result->ticket)))
		return PAM_AUTHINFO_UNAVAIL;
	code = keep_data(pamh, result->handle, permission, tenant ? tenant : "");
	if (code == PAM_SUCCESS)
		code = export_all(pamh, result, environment);
	if (code != PAM_SUCCESS)
		grant_forget(pamh);
	return code;
}

void grant_forget(pam_handle_t *pamh)
{
	const void *data;

	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data)
		pam_set_data(pamh, DATA_NAME, NULL, NULL);
	for (size_t i = 0; i < VARIABLE_COUNT; i++)
		take_back(pamh, variables[i]);
}

enum grant_ticket grant_take_ticket(pam_handle_t *pamh, char ret_ticket[GRANT_TICKET_SIZE])
{
	const char *ticket = pam_getenv(pamh, variables[VARIABLE_TICKET]);
	enum grant_ticket found = GRANT_ODD_TICKET;

	if (!ticket)
		return GRANT_NO_TICKET;
	if (is_ticket(ticket)) {
		memcpy(ret_ticket, ticket, GRANT_TICKET_SIZE);
		found = GRANT_TICKET;
	}
	take_back(pamh, variables[VARIABLE_TICKET]);
	return found;
}

static void free_session(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

int grant_keep_session(pam_handle_t *pamh, uint64_t session)
{
	uint64_t *kept = malloc(sizeof(*kept));

	if (!kept)
		return PAM_BUF_ERR;
	*kept = session;
	if (pam_set_data(pamh, SESSION_NAME, kept, free_session) == PAM_SUCCESS)
		return PAM_SUCCESS;
	free(kept);
	return PAM_BUF_ERR;
}

bool grant_take_session(pam_handle_t *pamh, uint64_t *ret_session)
{
	const void *data = NULL;

	if (pam_get_data(pamh, SESSION_NAME, &data) != PAM_SUCCESS || !data)
		return false;
	*ret_session = *(const uint64_t *)data;
	pam_set_data(pamh, SESSION_NAME, NULL, NULL);
	return true;
}

bool grant_find(const pam_handle_t *pamh, struct grant *ret_grant)
{
	const void *data = NULL;
	const struct kept *kept;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || !data)
		return false;
	kept = data;
	*ret_grant = (struct grant){
		.handle = kept->handle,
		.permission = kept->permission,
		.tenant = kept->tenant[0] ? kept->tenant : NULL,
	};
	return true;
}

bool grant_is_exported(pam_handle_t *pamh)
{
	const char *id = pam_getenv(pamh, variables[VARIABLE_ID]);

	return id && credential_is_id(id);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "token issue", "token inspect", "token revoke" and "token rotate-key": access tokens. Proof and token come from
 * standard input or the terminal, and neither is left in memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/table.h"
#include "cli/token.h"
#include "cli/when.h"

SCOPE_DESTRUCTOR(token_scope, struct apikey_token, apikey_token_free);
SCOPE_DESTRUCTOR(token_state_scope, struct apikey_token_state, apikey_token_state_free);
#define SCOPED_TOKEN SCOPED(token_scope)
#define SCOPED_TOKEN_STATE SCOPED(token_state_scope)

/* Reads what standard input is for, and connects. */
static enum status begin(const struct arguments *arguments, struct secret_input *ret_input,
			 struct apikey_admin **ret_admin)
{
	const char *file = arguments_value(arguments, OPTION_CREDENTIAL_FILE);
	enum status status;

	if (file && strcmp(file, "-") == 0)
		return output_complain(STATUS_USAGE,
				       "standard input is for the token or its proof; give --credential-file a file");
	status = secret_input_read(ret_input);
	return status == STATUS_DONE ? daemon_open(arguments, ret_admin) : status;
}

/* ---- issue ---- */

/* The object, on one line; NULL when memory is short. */
static char *write_token(const struct apikey_token *token)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "token", json_text(token->token)) || !json_put(object, "id", json_text(token->id)) ||
	    !json_put(object, "key_id", json_text(token->key_id)) ||
	    !json_put(object, "account_id", json_text(token->account)) ||
	    !json_put(object, "tenant_id", json_text_or_null(token->tenant)) ||
	    !json_put(object, "expires", json_time(token->expires)) ||
	    !json_put(object, "reusable", json_boolean(token->reuse)))
		return NULL;
	return json_write_text(object, true);
}

static int print_line(const char *text)
{
	int r = output_write_secret(text, strlen(text));

	return r == 0 ? output_write_secret("\n", 1) : r;
}

static enum status print_token(const struct arguments *arguments, const struct apikey_token *token)
{
	bool as_json = arguments_has(arguments, OPTION_JSON);
	SCOPED_JSON_TEXT char *json = as_json ? write_token(token) : NULL;
	char end[WHEN_TEXT_SIZE];
	int r;

	if (as_json && !json)
		return output_no_memory();
	r = print_line(as_json ? json : token->token);
	if (r < 0)
		return output_complain(STATUS_REFUSED, "the token cannot be written: %s", strerror(-r));
	when_local(token->expires, time(NULL), end);
	if (!as_json)
		output_note("The token is good %s, until %s.", token->reuse ? "as often as it is used" : "once", end);
	return STATUS_DONE;
}

enum status token_issue(const struct arguments *arguments)
{
	SCOPED_SECRET_INPUT struct secret_input proof = { .size = 0 };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TOKEN struct apikey_token *token = NULL;
	enum status status = begin(arguments, &proof, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_token_issue(admin, proof.text, &token);
	return r != 0 ? daemon_failed(arguments, admin, r) : print_token(arguments, token);
}

/* ---- inspect, revoke ---- */

static bool print_json(const struct apikey_token_state *state)
{
	SCOPED_JSON json_t *object = json_object();

	return json_put(object, "active", json_boolean(state->verdict == APIKEY_GRANTED)) &&
	       json_put(object, "verdict", json_text(apikey_verdict_name(state->verdict))) &&
	       json_put(object, "reason", json_text_or_null(state->reason)) &&
	       json_put(object, "id", json_text_or_null(state->id)) &&
	       json_put(object, "key_id", json_text_or_null(state->key_id)) &&
	       json_put(object, "account_id", json_text_or_null(state->account)) &&
	       json_put(object, "tenant_id", json_text_or_null(state->tenant)) &&
	       json_put(object, "issued", json_time(state->issued)) &&
	       json_put(object, "expires", json_time(state->expires)) &&
	       json_put(object, "reusable", json_boolean(state->reuse)) && json_print(object);
}

static void add(struct table *table, const char *name, const char *value)
{
	if (*value)
		table_add(table, (const char *[]){ name, value });
}

static bool print_state(const struct apikey_token_state *state)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char issued[WHEN_TEXT_SIZE] = "", expires[WHEN_TEXT_SIZE] = "";
	bool good = state->verdict == APIKEY_GRANTED;

	if (!table)
		return false;
	if (state->issued != 0)
		when_local(state->issued, time(NULL), issued);
	if (state->expires != 0)
		when_local(state->expires, time(NULL), expires);
	add(table, "Token", good ? "good" : "refused");
	add(table, "Reason", state->reason);
	add(table, "", state->reason_sentence);
	add(table, "Id", state->id);
	add(table, "Key", state->key_id);
	add(table, "Account", state->account);
	add(table, "Tenant", state->tenant);
	add(table, "Issued", issued);
	add(table, "Expires", expires);
	if (good && *state->id)
		add(table, "Uses", state->reuse ? "until it expires" : "one");
	return table_print(table) == 0;
}

enum status token_inspect(const struct arguments *arguments)
{
	SCOPED_SECRET_INPUT struct secret_input token = { .size = 0 };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TOKEN_STATE struct apikey_token_state *state = NULL;
	enum status status = begin(arguments, &token, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_token_inspect(admin, token.text, &state);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!(arguments_has(arguments, OPTION_JSON) ? print_json(state) : print_state(state)))
		return output_no_memory();
	return state->verdict == APIKEY_GRANTED ? STATUS_DONE : STATUS_REFUSED;
}

enum status token_revoke(const struct arguments *arguments)
{
	SCOPED_SECRET_INPUT struct secret_input token = { .size = 0 };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TOKEN_STATE struct apikey_token_state *state = NULL;
	enum status status = begin(arguments, &token, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_token_revoke(admin, token.text, arguments_value(arguments, OPTION_WHY), &state);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(state) ? STATUS_DONE : output_no_memory();
	output_note("The token %s of key %s is refused from now on.", state->id, state->key_id);
	return STATUS_DONE;
}

/* ---- the keys that sign ---- */

enum status token_rotate_key(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_JSON json_t *object = NULL;
	bool now = arguments_has(arguments, OPTION_NOW);
	enum status status = daemon_open(arguments, &admin);
	uint64_t version = 0;
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_signing_key_rotate(admin, now, &version);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON)) {
		object = json_object();
		return json_put(object, "version", json_number(version)) && json_print(object) ? STATUS_DONE
											       : output_no_memory();
	}
	output_note("Access tokens are signed by key %" PRIu64 " from now on; %s.", version,
		    now ? "all that were issued before are refused" : "those that were issued before stay good");
	return STATUS_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a granted verdict leaves in the PAM handle: the handle for the account phase as module data, wiped when it goes,
 * and the PAM environment. The environment reaches the user's shell and is all that survives where a caller
 * authenticates in a child process, so nothing secret stays in it: the ticket for the session is taken out before the
 * session begins, and is worth nothing to whoever is not root.
 */
#ifndef APIKEYD_PAM_MODULE_GRANT_H
#define APIKEYD_PAM_MODULE_GRANT_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "lib/apikey.h"
#include "proto/wire.h"

/* Texts live as long as the PAM handle, or until the next grant. */
struct grant {
	const char *handle;
	const char *permission; /* the query that held */
	const char *tenant;     /* as the line said; NULL: the default tenant */
};

#define GRANT_TICKET_SIZE (WIRE_TICKET_SIZE + 1)

/*
 * Keeps a granted result: its handle with the query and tenant it was judged by, APIKEY_ID, APIKEY_TICKET where it has
 * a ticket, and with environment also APIKEY_TENANT and APIKEY_PERMISSIONS. id is that of the key that was shown, ""
 * where the credential names none. PAM_SUCCESS; PAM_BUF_ERR; PAM_AUTHINFO_UNAVAIL for a grant to another key, and for
 * texts that no honest daemon sends. After a failure nothing is kept.
 */
int grant_keep(pam_handle_t *pamh, const struct apikey_result *result, const char *id, const char *permission,
	       const char *tenant, bool environment);

/* Undoes grant_keep(); harmless where nothing is kept. */
void grant_forget(pam_handle_t *pamh);

enum grant_ticket {
	GRANT_NO_TICKET,
	GRANT_TICKET,
	GRANT_ODD_TICKET, /* what lies in its place is none */
};

/* Takes the ticket out of the PAM environment, whatever its form, into ret_ticket, which the caller wipes. */
enum grant_ticket grant_take_ticket(pam_handle_t *pamh, char ret_ticket[GRANT_TICKET_SIZE]);

/* Keeps the number of the session that was registered, for its end in the same process. */
int grant_keep_session(pam_handle_t *pamh, uint64_t session);

/* True and *ret_session where one is kept; it is not from then on. */
bool grant_take_session(pam_handle_t *pamh, uint64_t *ret_session);

/* True and *ret_grant where authenticate kept one in this process. */
bool grant_find(const pam_handle_t *pamh, struct grant *ret_grant);

/* True where the PAM environment says that this module let the user in, in whichever process. */
bool grant_is_exported(pam_handle_t *pamh);

#endif

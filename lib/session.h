/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The register of sessions, as the PAM module speaks to it: session.sock beside the daemon's sockets, under the same
 * checks of whom it belongs to and the same kind of deadline. Not part of the public library: only the process that is
 * the session's leader can ask.
 */
#ifndef APIKEYD_LIB_SESSION_H
#define APIKEYD_LIB_SESSION_H

#include <stdint.h>

#include "lib/apikey.h"

/*
 * Registers the calling process as the leader of a session, by the ticket of its grant, which is used up. 0 and the
 * session's number; a positive enum answer (proto/answer.h) where the register says no; -ETIMEDOUT; -EPERM where it is
 * not to be trusted; -ENOENT, -ECONNREFUSED where it is away; -EPROTO; another negative errno. tty may be NULL.
 */
int session_open(const struct apikey_options *options, const char *ticket, const char *service, const char *tty,
		 uint64_t *ret_session);

/* Ends the record of a session of which the calling process is the leader. Returns as session_open(). */
int session_close(const struct apikey_options *options, uint64_t session);

#endif

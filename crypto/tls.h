/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The server's side of TLS 1.2 and 1.3, over sockets that do not block. An identity is a certificate with its chain and
 * its private key; a session holds the one it began with, so that another can take its place at any time. There are
 * neither tickets nor a cache of sessions: whoever takes the key learns nothing of what was said before.
 */
#ifndef APIKEYD_CRYPTO_TLS_H
#define APIKEYD_CRYPTO_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_identity;
struct tls_session;

/* What a file holds, in PEM, and how it is called in sentences. */
struct tls_text {
	const char *name, *bytes;
	size_t size;
};

/*
 * chain: the host's certificate, then those it was signed with; key: its private key, without a passphrase. The texts
 * are the caller's to wipe. 0, or a negative errno and ret_fault, which names the file that is wrong.
 */
int tls_identity_new(const struct tls_text *chain, const struct tls_text *key, struct tls_identity **ret_identity,
		     char *ret_fault, size_t fault_size);

/* Frees, once the last session that began with it has ended. Accepts NULL. */
void tls_identity_free(struct tls_identity *identity);

/* From when to when the certificate is good, in seconds since 1970. */
void tls_identity_dates(const struct tls_identity *identity, int64_t *ret_begin, int64_t *ret_end);

/* fd stays the caller's, and open as long as the session is. 0, or -ENOMEM. */
int tls_session_new(const struct tls_identity *identity, int fd, struct tls_session **ret_session);

/* Accepts NULL. */
void tls_session_free(struct tls_session *session);

/*
 * These return -EAGAIN where the socket has to become ready first, and *ret_events then says for what (POLLIN or
 * POLLOUT); -EPROTO where the session is broken.
 */

/* 0; -EPROTOTYPE: the client speaks HTTP without TLS. */
int tls_session_begin(struct tls_session *session, short *ret_events);

/* How many bytes, at least one; 0: nothing will follow. */
ssize_t tls_session_read(struct tls_session *session, void *ret_bytes, size_t size, short *ret_events);

/* How many bytes, at least one. What could not be written is tried again with the same bytes, no fewer. */
ssize_t tls_session_write(struct tls_session *session, const void *bytes, size_t size, short *ret_events);

/* Says that nothing will follow, if that can be said at once. */
void tls_session_end(struct tls_session *session);

#endif

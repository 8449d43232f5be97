/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/fault.h"

/* What goes through before TLS 1.3: forward secrecy and authenticated encryption, nothing else. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define PROTOCOL "\x08http/1.1" /* as in ALPN (RFC 7301) */

struct tls_identity {
	SSL_CTX *context;
	int64_t begin, end;
};

struct tls_session {
	SSL *ssl;
};

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_identity(struct tls_identity **identity)
{
	tls_identity_free(*identity);
}

/* What OpenSSL says of the last thing that went wrong; and it is forgotten. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "no reason is known";
}

/* ---- the identity ---- */

/* Nobody is there to type one in. OpenSSL would ask the terminal. */
static int refuse_passphrase(char *ret_passphrase, int size, int writing, void *asked)
{
	(void)ret_passphrase;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

/* The first certificate is the host's own, the others lead from it to one that clients know. */
static int take_chain(struct tls_identity *identity, const struct tls_text *text, char *ret_fault, size_t fault_size)
{
	CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(text->bytes, (int)text->size);
	CLEANUP(free_certificate) X509 *certificate = NULL;
	bool asked = false;

	if (!bio)
		return -ENOMEM;
	certificate = PEM_read_bio_X509(bio, NULL, refuse_passphrase, &asked);
	if (!certificate)
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "%s begins with no certificate (%s): it must have the host's own in PEM, which "
				  "begins with -----BEGIN CERTIFICATE-----, and then those it was signed with",
				  text->name, reason());
	if (SSL_CTX_use_certificate(identity->context, certificate) != 1)
		return fault_tell(-EINVAL, ret_fault, fault_size, "the certificate in %s is not taken: %s", text->name,
				  reason());
	identity->begin = seconds_of(X509_get0_notBefore(certificate));
	identity->end = seconds_of(X509_get0_notAfter(certificate));
	for (;;) {
		CLEANUP(free_certificate)
		X509 *other = PEM_read_bio_X509(bio, NULL, refuse_passphrase, &asked);

		if (!other && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
			break;
		if (!other || SSL_CTX_add1_chain_cert(identity->context, other) != 1)
			return fault_tell(-EINVAL, ret_fault, fault_size,
					  "what follows the first certificate in %s is not taken: %s", text->name,
					  reason());
	}
	ERR_clear_error();
	return 0;
}

static int take_key(struct tls_identity *identity, const struct tls_text *text, const char *chain_name, char *ret_fault,
		    size_t fault_size)
{
	CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(text->bytes, (int)text->size);
	CLEANUP(free_key) EVP_PKEY *key = NULL;
	bool asked = false;

	if (!bio)
		return -ENOMEM;
	key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
	if (!key && asked)
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "the private key in %s has a passphrase, which nobody is there to type in: write it "
				  "without one (openssl pkey -in OLD -out NEW)",
				  text->name);
	if (!key)
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "%s has no private key (%s): it must have one in PEM, which begins with "
				  "-----BEGIN PRIVATE KEY-----",
				  text->name, reason());
	if (X509_check_private_key(SSL_CTX_get0_certificate(identity->context), key) != 1)
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "the private key in %s is not that of the first certificate in %s: name the two "
				  "files that were made together, the host's own certificate first in its file",
				  text->name, chain_name);
	if (SSL_CTX_use_PrivateKey(identity->context, key) != 1)
		return fault_tell(-EINVAL, ret_fault, fault_size, "the private key in %s is not taken: %s", text->name,
				  reason());
	ERR_clear_error();
	return 0;
}

/* Of the protocols that a client offers, the one that is spoken here. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_protocol, unsigned char *ret_size,
			   const unsigned char *offered, unsigned int offered_size, void *data)
{
	unsigned char *chosen;

	(void)ssl;
	(void)data;
	if (SSL_select_next_proto(&chosen, ret_size, (const unsigned char *)PROTOCOL, sizeof(PROTOCOL) - 1, offered,
				  offered_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*ret_protocol = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int set_up(SSL_CTX *context)
{
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, CIPHERS) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1)
		return -EIO;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	return 0;
}

int tls_identity_new(const struct tls_text *chain, const struct tls_text *key, struct tls_identity **ret_identity,
		     char *ret_fault, size_t fault_size)
{
	CLEANUP(free_identity) struct tls_identity *identity = NULL;
	int r;

	if (chain->size > INT_MAX || key->size > INT_MAX)
		return fault_tell(-EFBIG, ret_fault, fault_size, "%s or %s is too long", chain->name, key->name);
	identity = calloc(1, sizeof(*identity));
	if (!identity)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "there is no memory for TLS");
	ERR_clear_error();
	identity->context = SSL_CTX_new(TLS_server_method());
	r = identity->context ? set_up(identity->context) : -ENOMEM;
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "TLS cannot be set up: %s", reason());
	r = take_chain(identity, chain, ret_fault, fault_size);
	if (r == 0)
		r = take_key(identity, key, chain->name, ret_fault, fault_size);
	if (r < 0)
		return r;
	*ret_identity = identity;
	identity = NULL;
	return 0;
}

void tls_identity_free(struct tls_identity *identity)
{
	if (!identity)
		return;
	SSL_CTX_free(identity->context);
	free(identity);
}

void tls_identity_dates(const struct tls_identity *identity, int64_t *ret_begin, int64_t *ret_end)
{
	*ret_begin = identity->begin;
	*ret_end = identity->end;
}

/* ---- a session ---- */

int tls_session_new(const struct tls_identity *identity, int fd, struct tls_session **ret_session)
{
	struct tls_session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	session->ssl = SSL_new(identity->context);
	if (!session->ssl || SSL_set_fd(session->ssl, fd) != 1) {
		ERR_clear_error();
		tls_session_free(session);
		return -ENOMEM;
	}
	SSL_set_accept_state(session->ssl);
	*ret_session = session;
	return 0;
}

void tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session);
}

/* What became of a call that did not succeed; 0: the client has ended. */
static int failure(struct tls_session *session, int result, short *ret_events)
{
	int error = SSL_get_error(session->ssl, result), r = -EPROTO;
	int why = ERR_GET_REASON(ERR_peek_error());

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*ret_events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		r = -EAGAIN;
	} else if (error == SSL_ERROR_ZERO_RETURN) {
		r = 0;
	} else if (error == SSL_ERROR_SSL && (why == SSL_R_HTTP_REQUEST || why == SSL_R_HTTPS_PROXY_REQUEST)) {
		r = -EPROTOTYPE;
	}
	ERR_clear_error();
	return r;
}

int tls_session_begin(struct tls_session *session, short *ret_events)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(session->ssl);
	if (r == 1)
		return 0;
	r = failure(session, r, ret_events);
	return r == 0 ? -EPROTO : r;
}

ssize_t tls_session_read(struct tls_session *session, void *ret_bytes, size_t size, short *ret_events)
{
	size_t done = 0;

	ERR_clear_error();
	return SSL_read_ex(session->ssl, ret_bytes, size, &done) == 1 ? (ssize_t)done : failure(session, 0, ret_events);
}

ssize_t tls_session_write(struct tls_session *session, const void *bytes, size_t size, short *ret_events)
{
	size_t done = 0;
	int r;

	ERR_clear_error();
	if (SSL_write_ex(session->ssl, bytes, size, &done) == 1)
		return (ssize_t)done;
	r = failure(session, 0, ret_events);
	return r == 0 ? -EPROTO : r;
}

void tls_session_end(struct tls_session *session)
{
	ERR_clear_error();
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/portal_guard.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"
#include "gateway/exchange.h"

#define COOKIE "apikey-portal"
#define SECURE_COOKIE "__Host-" COOKIE
#define TOKEN_PURPOSE "apikey-gateway portal form"

struct cookies {
	const char *name, *value;
	size_t count;
};

static enum MHD_Result count_cookie(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct cookies *cookies = data;

	(void)kind;
	if (strcmp(name, cookies->name) == 0) {
		cookies->value = value;
		cookies->count++;
	}
	return MHD_YES;
}

/* Letters, digits and what separates parts of a credential: no quotes, blanks or semicolons. */
static bool is_credential(const char *text)
{
	size_t size = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.~");

	return size > 0 && size <= PORTAL_CREDENTIAL_MAX && text[size] == '\0';
}

void portal_cookie_read(const struct exchange *exchange, bool secure, struct portal_cookie *ret_cookie)
{
	struct cookies cookies = { .name = secure ? SECURE_COOKIE : COOKIE };

	ret_cookie->credential[0] = '\0';
	(void)MHD_get_connection_values(exchange->handle, MHD_COOKIE_KIND, count_cookie, &cookies);
	if (cookies.count == 1 && cookies.value && is_credential(cookies.value))
		memcpy(ret_cookie->credential, cookies.value, strlen(cookies.value) + 1);
}

bool portal_cookie_write(const char *credential, bool secure, char ret_header[PORTAL_COOKIE_HEADER_SIZE])
{
	if (credential[0] != '\0' && !is_credential(credential))
		return false;
	snprintf(ret_header, PORTAL_COOKIE_HEADER_SIZE, "%s=%s; Path=%s; HttpOnly; SameSite=Strict%s%s",
		 secure ? SECURE_COOKIE : COOKIE, credential, secure ? "/" : "/portal", secure ? "; Secure" : "",
		 credential[0] == '\0' ? "; Max-Age=0" : "");
	return true;
}

int portal_token_make(const char *credential, char ret_token[PORTAL_TOKEN_SIZE])
{
	struct crypto_signer *signer = NULL;
	uint8_t digest[CRYPTO_MAC_SIZE];
	int r = crypto_signer_new(&signer);

	_Static_assert(ENCODING_BASE64URL_SIZE(sizeof(digest)) + 1 == PORTAL_TOKEN_SIZE, "a token is a digest");
	if (r == 0)
		r = crypto_signer_compute(signer, credential, strlen(credential), TOKEN_PURPOSE,
					  sizeof(TOKEN_PURPOSE) - 1, digest);
	crypto_signer_free(signer);
	if (r == 0)
		encoding_base64url_encode(digest, sizeof(digest), ret_token);
	return r;
}

bool portal_token_fits(const char *expected, const char *given)
{
	return strlen(expected) == PORTAL_TOKEN_SIZE - 1 && strlen(given) == PORTAL_TOKEN_SIZE - 1 &&
	       secret_equal(expected, given, PORTAL_TOKEN_SIZE - 1);
}

bool portal_is_own_form(const char *fetch_site, const char *origin, const char *host)
{
	const char *authority;

	if (fetch_site)
		return strcmp(fetch_site, "same-origin") == 0;
	if (!origin || !host || *host == '\0')
		return false;
	authority = strstr(origin, "://");
	return authority && strcasecmp(authority + 3, host) == 0;
}

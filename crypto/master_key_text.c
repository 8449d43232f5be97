/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/master_key_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

#define FIRST_LINE "# The master key of apikeyd, sealed by a passphrase. \"apikeyctl master-key import\" takes it in.\n"
#define FORMAT_LINE "format: 1\n"
#define SEALED_SIZE (CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD)
#define CHECK_SIZE 8

/* 128 MiB, and some tenths of a second for each guess. */
#define USUAL_N (UINT64_C(1) << 17)
#define USUAL_R 8
#define USUAL_P 1

/* A file that asks for more would be somebody's way to use up the memory of who reads it. */
#define MOST_N (UINT64_C(1) << 20)
#define MOST_R 8
#define MOST_P 16

/* The lines that are sealed with the key. The length; the text ends in a NUL. */
static size_t write_head(const struct crypto_stretch *stretch, char *text)
{
	char salt[2 * CRYPTO_SALT_SIZE + 1];

	encoding_hex(stretch->salt, sizeof(stretch->salt), salt);
	return (size_t)snprintf(text, MASTER_KEY_TEXT_SIZE,
				FIRST_LINE FORMAT_LINE "stretch: scrypt %" PRIu64 " %" PRIu32 " %" PRIu32
						       "\nsalt: %s\n",
				stretch->n, stretch->r, stretch->p, salt);
}

static int hash_text(const char *text, size_t size, char ret_check[2 * CHECK_SIZE + 1])
{
	struct crypto_hash *hash = NULL;
	uint8_t digest[CRYPTO_HASH_SIZE];
	int r = crypto_hash_new(&hash);

	if (r == 0)
		r = crypto_hash_add(hash, text, size);
	if (r == 0)
		r = crypto_hash_read(hash, digest);
	crypto_hash_free(hash);
	if (r == 0)
		encoding_hex(digest, CHECK_SIZE, ret_check);
	return r == 0 ? 0 : -EIO;
}

/* All of the text but the key in it is known: the only place that knows the form. */
static int write_text(const struct master_key_text *sealed, char ret_text[MASTER_KEY_TEXT_SIZE])
{
	char hex[2 * SEALED_SIZE + 1], check[2 * CHECK_SIZE + 1];
	size_t size = write_head(&sealed->stretch, ret_text);
	int r;

	encoding_hex(sealed->sealed, sizeof(sealed->sealed), hex);
	size += (size_t)snprintf(ret_text + size, MASTER_KEY_TEXT_SIZE - size, "sealed: %s\n", hex);
	r = hash_text(ret_text, size, check);
	if (r == 0)
		snprintf(ret_text + size, MASTER_KEY_TEXT_SIZE - size, "check: %s\n", check);
	return r;
}

int master_key_text_seal(const uint8_t master[CRYPTO_KEY_SIZE], const char *passphrase, size_t passphrase_size,
			 uint64_t n, char ret_text[MASTER_KEY_TEXT_SIZE])
{
	struct master_key_text sealed = { .stretch = { .n = n ? n : USUAL_N, .r = USUAL_R, .p = USUAL_P } };
	char head[MASTER_KEY_TEXT_SIZE];
	uint8_t key[CRYPTO_KEY_SIZE];
	int r = crypto_random(sealed.stretch.salt, sizeof(sealed.stretch.salt));

	if (r == 0)
		r = crypto_stretch(&sealed.stretch, passphrase, passphrase_size, key);
	write_head(&sealed.stretch, head);
	if (r == 0)
		r = crypto_seal(key, head, master, CRYPTO_KEY_SIZE, sealed.sealed);
	secret_wipe(key, sizeof(key));
	return r < 0 ? r : write_text(&sealed, ret_text);
}

/* The rest of the line behind a name, NUL-terminated, without blanks around it; NULL when there is no such line. */
static bool find_line(const char *text, const char *name, char *ret_value, size_t value_size)
{
	size_t name_size = strlen(name);

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t size = strcspn(line, "\n");

		if (strncmp(line, name, name_size) != 0)
			continue;
		while (size > name_size && (line[size - 1] == ' ' || line[size - 1] == '\r'))
			size--;
		if (size - name_size >= value_size)
			return false;
		memcpy(ret_value, line + name_size, size - name_size);
		ret_value[size - name_size] = '\0';
		return true;
	}
	return false;
}

static bool is_sane(const struct crypto_stretch *stretch)
{
	return stretch->n >= 2 && stretch->n <= MOST_N && (stretch->n & (stretch->n - 1)) == 0 && stretch->r >= 1 &&
	       stretch->r <= MOST_R && stretch->p >= 1 && stretch->p <= MOST_P;
}

int master_key_text_read(const char *given, size_t size, struct master_key_text *ret_sealed)
{
	char text[MASTER_KEY_TEXT_SIZE], again[MASTER_KEY_TEXT_SIZE], value[2 * SEALED_SIZE + 1], check[32], said[32];
	struct master_key_text sealed = { .sealed = { 0 } };
	int r;

	if (size >= sizeof(text) || memchr(given, '\0', size))
		return -EINVAL;
	memcpy(text, given, size);
	text[size] = '\0';
	if (!find_line(text, "format: ", value, sizeof(value)) || strcmp(value, "1") != 0)
		return -EINVAL;
	if (!find_line(text, "stretch: scrypt ", value, sizeof(value)) ||
	    sscanf(value, "%" SCNu64 " %" SCNu32 " %" SCNu32, &sealed.stretch.n, &sealed.stretch.r,
		   &sealed.stretch.p) != 3 ||
	    !find_line(text, "salt: ", value, sizeof(value)) ||
	    !encoding_unhex(value, sealed.stretch.salt, sizeof(sealed.stretch.salt)) ||
	    !find_line(text, "sealed: ", value, sizeof(value)) ||
	    !encoding_unhex(value, sealed.sealed, sizeof(sealed.sealed)) ||
	    !find_line(text, "check: ", said, sizeof(said)))
		return -EBADMSG;
	/* The check is over the form in which it is written: how a person breaks the lines does not matter. */
	r = write_text(&sealed, again);
	if (r < 0)
		return r;
	(void)find_line(again, "check: ", check, sizeof(check));
	if (strcmp(check, said) != 0)
		return -EBADMSG;
	if (!is_sane(&sealed.stretch))
		return -ERANGE;
	*ret_sealed = sealed;
	return 0;
}

int master_key_text_open(const struct master_key_text *sealed, const char *passphrase, size_t passphrase_size,
			 uint8_t ret_master[CRYPTO_KEY_SIZE])
{
	char head[MASTER_KEY_TEXT_SIZE];
	uint8_t key[CRYPTO_KEY_SIZE];
	int r = crypto_stretch(&sealed->stretch, passphrase, passphrase_size, key);

	write_head(&sealed->stretch, head);
	if (r == 0)
		r = crypto_open(key, head, sealed->sealed, sizeof(sealed->sealed), ret_master);
	secret_wipe(key, sizeof(key));
	return r;
}

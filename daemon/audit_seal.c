/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_seal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

#define ASSOCIATED "audit_chain/1"
#define COPIES 2
#define COPY_APART 4096 /* bytes: no sector, and no page, holds both */
#define NUMBERS 6       /* count, epoch, first_seq, seq, has_first, epoch of the first key */
#define PLAIN_SIZE (NUMBERS * 8 + 2 * CRYPTO_KEY_SIZE + CHAIN_HASH_SIZE + CHAIN_ID_SIZE / 2)
#define SEALED_SIZE (PLAIN_SIZE + CRYPTO_SEAL_OVERHEAD)
#define FILE_FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

void audit_seal_done(struct audit_seal *seal)
{
	secret_wipe(seal, sizeof(*seal));
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
	number = htobe64(number);
	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static bool encode(const struct audit_seal *seal, uint8_t ret_plain[PLAIN_SIZE])
{
	uint8_t id[CHAIN_ID_SIZE / 2], *at = ret_plain;

	if (!encoding_unhex(seal->id, id, sizeof(id)))
		return false;
	at = put_number(at, seal->count);
	at = put_number(at, seal->key.epoch);
	at = put_number(at, seal->first_seq);
	at = put_number(at, seal->seq);
	at = put_number(at, seal->has_first);
	at = put_number(at, seal->first.epoch);
	at = put_bytes(at, seal->key.bytes, CRYPTO_KEY_SIZE);
	at = put_bytes(at, seal->first.bytes, CRYPTO_KEY_SIZE);
	at = put_bytes(at, seal->prev, CHAIN_HASH_SIZE);
	put_bytes(at, id, sizeof(id));
	return true;
}

static uint64_t take_number(const uint8_t **at)
{
	uint64_t number;

	memcpy(&number, *at, sizeof(number));
	*at += sizeof(number);
	return be64toh(number);
}

static void take_bytes(const uint8_t **at, void *ret_bytes, size_t size)
{
	memcpy(ret_bytes, *at, size);
	*at += size;
}

static void decode(const uint8_t plain[PLAIN_SIZE], struct audit_seal *ret_seal)
{
	const uint8_t *at = plain;

	ret_seal->count = take_number(&at);
	ret_seal->key.epoch = take_number(&at);
	ret_seal->first_seq = take_number(&at);
	ret_seal->seq = take_number(&at);
	ret_seal->has_first = take_number(&at) != 0;
	ret_seal->first.epoch = take_number(&at);
	take_bytes(&at, ret_seal->key.bytes, CRYPTO_KEY_SIZE);
	take_bytes(&at, ret_seal->first.bytes, CRYPTO_KEY_SIZE);
	take_bytes(&at, ret_seal->prev, CHAIN_HASH_SIZE);
	encoding_hex(at, CHAIN_ID_SIZE / 2, ret_seal->id);
}

static int open_file(const char *folder, int flags, int *ret_fd)
{
	CLEANUP_CLOSE int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int fd = -1;
	struct stat status;

	if (parent < 0)
		return -errno;
	fd = openat(parent, AUDIT_SEAL_FILE, FILE_FLAGS | flags, 0600);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	/* Its name, too, is there after a power cut. */
	if (status.st_size == 0 && flags & O_CREAT && fsync(parent) < 0)
		return -errno;
	*ret_fd = cleanup_take_fd(&fd);
	return 0;
}

int audit_seal_load(const char *folder, const uint8_t data[CRYPTO_KEY_SIZE], struct audit_seal *ret_seal)
{
	uint8_t sealed[SEALED_SIZE], plain[PLAIN_SIZE];
	CLEANUP(audit_seal_done) struct audit_seal best = { .count = 0 };
	CLEANUP_CLOSE int fd = -1;
	bool found = false;
	int r = open_file(folder, 0, &fd);

	if (r < 0)
		return r;
	for (int copy = 0; copy < COPIES; copy++) {
		CLEANUP(audit_seal_done) struct audit_seal seal = { .count = 0 };
		ssize_t size = pread(fd, sealed, sizeof(sealed), (off_t)copy * COPY_APART);

		if (size < 0)
			return -errno;
		if (size != (ssize_t)sizeof(sealed))
			continue;
		r = crypto_open(data, ASSOCIATED, sealed, sizeof(sealed), plain);
		if (r == 0) {
			decode(plain, &seal);
			if (!found || seal.count > best.count)
				best = seal;
			found = true;
		}
		secret_wipe(plain, sizeof(plain));
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	if (!found)
		return -EBADMSG;
	*ret_seal = best;
	return 0;
}

static int write_copy(int fd, const uint8_t *sealed, int copy)
{
	ssize_t size = pwrite(fd, sealed, SEALED_SIZE, (off_t)copy * COPY_APART);

	if (size != SEALED_SIZE)
		return size < 0 ? -errno : -ENOSPC;
	return fdatasync(fd) < 0 ? -errno : 0;
}

int audit_seal_save(const char *folder, const uint8_t data[CRYPTO_KEY_SIZE], struct audit_seal *seal)
{
	uint8_t sealed[SEALED_SIZE], plain[PLAIN_SIZE];
	CLEANUP_CLOSE int fd = -1;
	int r = open_file(folder, O_CREAT, &fd);

	seal->count++;
	/* The older of the two is written first, where one may be torn already. */
	for (int i = 0; r == 0 && i < COPIES; i++) {
		r = encode(seal, plain) ? crypto_seal(data, ASSOCIATED, plain, sizeof(plain), sealed) : -EINVAL;
		secret_wipe(plain, sizeof(plain));
		if (r == 0)
			r = write_copy(fd, sealed, (int)((seal->count + (uint64_t)i) % COPIES));
	}
	return r;
}

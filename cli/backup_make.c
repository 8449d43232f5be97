/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "backup": reads the daemon's copy part by part and writes it down. What comes in is held against its own seal, so
 * that a file that is made is known to be whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/backup.h"
#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/whole_file.h"
#include "crypto/backup_seal.h"

SCOPE_DESTRUCTOR(hash_scope, struct crypto_hash, crypto_hash_free);

/* The last bytes that came may be the seal's, which is not hashed with the rest. */
struct tail {
	struct crypto_hash *hash;
	unsigned char bytes[BACKUP_SEAL_SIZE];
	size_t size;
	uint64_t hashed;
};

static int tail_hash(struct tail *tail, const void *data, size_t size)
{
	tail->hashed += size;
	return size > 0 ? crypto_hash_add(tail->hash, data, size) : 0;
}

static int tail_add(struct tail *tail, const unsigned char *data, size_t size)
{
	size_t keep = size < sizeof(tail->bytes) ? size : sizeof(tail->bytes);
	size_t room = sizeof(tail->bytes) - keep;
	size_t out = tail->size > room ? tail->size - room : 0;
	int r = tail_hash(tail, tail->bytes, out);

	if (r == 0)
		r = tail_hash(tail, data, size - keep);
	memmove(tail->bytes, tail->bytes + out, tail->size - out);
	memcpy(tail->bytes + tail->size - out, data + size - keep, keep);
	tail->size = tail->size - out + keep;
	return r;
}

/* Reads all of it. */
static enum status take_parts(const struct arguments *arguments, struct apikey_admin *admin, uint64_t size,
			      struct whole_file *file, struct tail *tail)
{
	SCOPED_FREE unsigned char *part = malloc(APIKEY_PART_MAX);
	enum status status = STATUS_DONE;

	if (!part)
		return output_no_memory();
	for (uint64_t offset = 0; offset < size && status == STATUS_DONE;) {
		size_t got = 0;
		int r = apikey_backup_read(admin, offset, part, APIKEY_PART_MAX, &got);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		if (got == 0 || got > size - offset)
			return output_complain(STATUS_REFUSED, "the daemon's copy has another size than it said; "
							       "nothing was written");
		if (tail_add(tail, part, got) < 0)
			return output_complain(STATUS_REFUSED, "the backup cannot be checked: libcrypto failed");
		status = whole_file_write(file, part, got);
		offset += got;
	}
	return status;
}

static enum status say(const struct arguments *arguments, const char *path, const struct apikey_backup *backup)
{
	SCOPED_JSON json_t *object = NULL;

	if (strcmp(path, "-") == 0 || !arguments_has(arguments, OPTION_JSON)) {
		output_note("%" PRIu64 " key%s at revision %" PRIu64 ", %" PRIu64
			    " bytes%s%s. It is of no use without the "
			    "master key: 'apikeyctl master-key export' writes that down, to be kept elsewhere.",
			    backup->keys, backup->keys == 1 ? "" : "s", backup->rev, backup->size,
			    strcmp(path, "-") == 0 ? "" : " in ", strcmp(path, "-") == 0 ? "" : path);
		return STATUS_DONE;
	}
	object = json_object();
	if (!json_put(object, "file", json_text(path)) || !json_put(object, "size", json_number(backup->size)) ||
	    !json_put(object, "time", json_time(backup->time)) || !json_put(object, "rev", json_number(backup->rev)) ||
	    !json_put(object, "keys", json_number(backup->keys)) || !json_print(object))
		return output_no_memory();
	return STATUS_DONE;
}

enum status backup_make(const struct arguments *arguments)
{
	const char *path = arguments->operands[0];
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_BACKUP struct apikey_backup *backup = NULL;
	SCOPED_WHOLE_FILE struct whole_file file = WHOLE_FILE_INIT;
	SCOPED(hash_scope) struct crypto_hash *hash = NULL;
	struct tail tail = { .size = 0 };
	struct backup_seal seal;
	enum status status;
	int r;

	if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
		return output_complain(STATUS_USAGE,
				       "a backup is not for a terminal: name a file, or redirect the output");
	status = whole_file_begin(&file, path, arguments_has(arguments, OPTION_FORCE));
	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_backup_open(admin, &backup);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (crypto_hash_new(&hash) < 0)
		return output_no_memory();
	tail.hash = hash;
	status = take_parts(arguments, admin, backup->size, &file, &tail);
	if (status != STATUS_DONE)
		return status;
	if (tail.size != sizeof(tail.bytes) || backup_seal_read(tail.bytes, tail.hashed, hash, &seal) < 0)
		return output_complain(STATUS_REFUSED,
				       "the copy did not arrive whole, and no backup was made; try again");
	status = whole_file_finish(&file);
	return status == STATUS_DONE ? say(arguments, path, backup) : status;
}

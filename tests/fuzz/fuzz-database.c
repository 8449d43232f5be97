/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A database that somebody brought: whatever is in the file, it is refused, or it is opened as a store, read from end
 * to end and checked without a fault. The input is laid over a whole store at the offset its first bytes name, so that
 * little is needed to break something deep inside.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store.h"
#include "tests/fuzz/fuzz.h"

#define STORE_SIZE_MAX (1024 * 1024)

struct scratch {
	char folder[64];
	char path[96];
	size_t size;
	unsigned char whole[STORE_SIZE_MAX];
};

static struct scratch scratch;

static void clean(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", scratch.path, suffixes[i]);
		(void)unlink(path);
	}
}

static void leave(void)
{
	clean();
	(void)rmdir(scratch.folder);
}

/* A store as it is made, as bytes. */
static void prepare(void)
{
	struct store *store = NULL;
	char fault[1024];
	int fd;
	ssize_t got;

	snprintf(scratch.folder, sizeof(scratch.folder), "/tmp/fuzz-database.XXXXXX");
	MUST(mkdtemp(scratch.folder));
	snprintf(scratch.path, sizeof(scratch.path), "%s/" STORE_FILE, scratch.folder);
	MUST(store_open(scratch.folder, true, &store, fault, sizeof(fault)) == 0);
	store_close(store);
	fd = open(scratch.path, O_RDONLY | O_CLOEXEC);
	got = read(fd, scratch.whole, sizeof(scratch.whole));
	close(fd);
	MUST(got > 4096);
	scratch.size = (size_t)got;
	atexit(leave);
}

static bool visit(void *data, const struct store_key *key)
{
	(void)data;
	MUST(strlen(key->id) <= CREDENTIAL_ID_SIZE);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *store = NULL;
	struct store_reader *reader = NULL;
	char fault[1024];
	size_t at;
	int fd;

	if (scratch.size == 0)
		prepare();
	if (size < 3)
		return 0;
	at = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % scratch.size;
	data += 3;
	size -= 3;
	clean();
	fd = open(scratch.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	MUST(write(fd, scratch.whole, scratch.size) == (ssize_t)scratch.size);
	MUST(pwrite(fd, data, size, (off_t)at) == (ssize_t)size);
	close(fd);
	if (store_examine(scratch.path, fault, sizeof(fault)) < 0)
		return 0;
	if (store_open(scratch.folder, false, &store, fault, sizeof(fault)) < 0)
		return 0;
	if (store_reader_open(store, &reader) == 0) {
		(void)store_check(reader, fault, sizeof(fault));
		(void)store_list_keys(reader, NULL, NULL, visit, NULL);
	}
	store_reader_close(reader);
	store_close(store);
	return 0;
}

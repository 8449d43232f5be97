/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/store-scratch.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/clock.h"

void scratch_init(struct scratch *scratch)
{
	const char *folder = getenv("TMPDIR");

	*scratch = (struct scratch){ .store = NULL };
	snprintf(scratch->folder, sizeof(scratch->folder), "%s/test-store.XXXXXX", folder != NULL ? folder : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch->folder));
}

void scratch_open(struct scratch *scratch)
{
	char fault[1024] = "";
	int r = store_open(scratch->folder, true, &scratch->store, fault, sizeof(fault));

	ck_assert_msg(r == 0, "store_open: %s: %s", strerror(-r), fault);
	ck_assert_int_eq(store_reader_open(scratch->store, &scratch->reader), 0);
}

void scratch_close(struct scratch *scratch)
{
	store_reader_close(scratch->reader);
	scratch->reader = NULL;
	store_close(scratch->store);
	scratch->store = NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void scratch_done(struct scratch *scratch)
{
	scratch_close(scratch);
	(void)chmod(scratch->folder, 0700);
	(void)nftw(scratch->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
	static char paths[8][PATH_MAX + 64];
	static unsigned int turn;
	char *path = paths[turn++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch->folder, name);
	return path;
}

const char *scratch_id(unsigned int number, char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	snprintf(ret_id, CREDENTIAL_ID_SIZE + 1, "k%011u", number);
	return ret_id;
}

void scratch_key(struct store_key *ret_key, unsigned int number)
{
	*ret_key = (struct store_key){
		.kind = STORE_OPAQUE,
		.state = STORE_ACTIVE,
		.created = 1790000000,
		.expires = TIME_NEVER,
		.owner = "alice",
		.account = STORE_DEFAULT_ACCOUNT,
		.tenant = STORE_DEFAULT_TENANT,
		.state_reason = "",
		.exclusive = "",
		.created_by = "uid:0",
		.permissions = "mail.imap pam.sshd",
		.roles = "",
		.sources = "",
		.users = "",
		.labels = "",
		.secret_count = 1,
		.secrets = { { .number = 1, .form = STORE_FORM_TOKEN, .pepper = 1, .created = 1790000000 } },
	};
	scratch_id(number, ret_key->id);
	snprintf(ret_key->text, sizeof(ret_key->text), "key-%05u", number);
	ret_key->name = ret_key->text;
	/* Unlike numbers give unlike digests. */
	for (size_t i = 0; i < STORE_DIGEST_SIZE; i++)
		ret_key->secrets[0].digest[i] = (uint8_t)(number >> i % 4 * 8);
}

int scratch_insert_many(struct store *store, unsigned int number, unsigned int count)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	int r = store_write_begin(store);

	for (unsigned int i = 0; r == 0 && i < count; i++) {
		scratch_key(key, number + i);
		r = store_insert_key(store, key);
	}
	if (r < 0) {
		store_write_abort(store);
		return r;
	}
	return store_write_commit(store);
}

int scratch_insert(struct store *store, unsigned int number)
{
	return scratch_insert_many(store, number, 1);
}

int scratch_set_state(struct store *store, unsigned int number, enum store_state state)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r = store_write_begin(store);

	if (r < 0)
		return r;
	r = store_find_key(store_writer(store), scratch_id(number, id), key);
	if (r == 0) {
		key->state = state;
		r = store_update_key(store, key);
	}
	if (r < 0) {
		store_write_abort(store);
		return r;
	}
	return store_write_commit(store);
}

void scratch_assert_same(const struct store_key *a, const struct store_key *b)
{
	const char *const texts[][2] = {
		{ a->id, b->id },
		{ a->name, b->name },
		{ a->owner, b->owner },
		{ a->account, b->account },
		{ a->tenant, b->tenant },
		{ a->state_reason, b->state_reason },
		{ a->created_by, b->created_by },
		{ a->permissions, b->permissions },
		{ a->roles, b->roles },
		{ a->sources, b->sources },
		{ a->users, b->users },
		{ a->labels, b->labels },
		{ a->exclusive, b->exclusive },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_str_eq(texts[i][0], texts[i][1]);
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->state, b->state);
	ck_assert_int_eq(a->test, b->test);
	ck_assert_int_eq(a->client_side, b->client_side);
	ck_assert_int_eq(a->owner_uid_known, b->owner_uid_known);
	ck_assert_uint_eq(a->owner_uid, b->owner_uid);
	ck_assert_uint_eq(a->max_uses, b->max_uses);
	ck_assert_int_eq(a->state_since, b->state_since);
	ck_assert_int_eq(a->created, b->created);
	ck_assert_int_eq(a->not_before, b->not_before);
	ck_assert_int_eq(a->expires, b->expires);
	ck_assert_uint_eq(a->secret_count, b->secret_count);
	for (size_t i = 0; i < a->secret_count; i++) {
		ck_assert_uint_eq(a->secrets[i].number, b->secrets[i].number);
		ck_assert_uint_eq(a->secrets[i].form, b->secrets[i].form);
		ck_assert_uint_eq(a->secrets[i].pepper, b->secrets[i].pepper);
		ck_assert_int_eq(a->secrets[i].created, b->secrets[i].created);
		ck_assert_int_eq(a->secrets[i].retires, b->secrets[i].retires);
		ck_assert_uint_eq(a->secrets[i].after_use, b->secrets[i].after_use);
		ck_assert_uint_eq(a->secrets[i].flags, b->secrets[i].flags);
		ck_assert_mem_eq(a->secrets[i].digest, b->secrets[i].digest, STORE_DIGEST_SIZE);
		ck_assert_mem_eq(a->secrets[i].sealed, b->secrets[i].sealed, STORE_SEALED_SIZE);
	}
}

int scratch_in_child(struct scratch *scratch, bool drop, int (*function)(struct scratch *scratch))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		/* An id that owns nothing on any machine. */
		const id_t nobody = 54321;

		if (drop && geteuid() == 0 &&
		    (chown(scratch->folder, nobody, nobody) < 0 || setresgid(nobody, nobody, nobody) < 0 ||
		     setresuid(nobody, nobody, nobody) < 0))
			_exit(77);
		_exit(function(scratch));
	}
	while (waitpid(child, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_msg(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static bool write_once(const char *path, const char *text)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A name space of mounts; for who is not root, one of users with it, in which this user has the same number. */
static bool name_space(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (!write_once("/proc/self/setgroups", "deny") || !write_once("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_once("/proc/self/gid_map", map);
}

bool scratch_mount(const struct scratch *scratch, size_t size)
{
	char options[64];

	if (!name_space())
		return false;
	snprintf(options, sizeof(options), "size=%zu,mode=0700", size);
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", scratch->folder, "tmpfs", 0, options) == 0;
}

bool scratch_remount(const struct scratch *scratch, size_t size, bool readonly)
{
	char options[64];

	snprintf(options, sizeof(options), "size=%zu", size);
	return mount("none", scratch->folder, "none", MS_REMOUNT | (readonly ? MS_RDONLY : 0), options) == 0;
}

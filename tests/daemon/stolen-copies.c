/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Plays somebody with a copy of all that the daemon writes, but for the master key, and with a core dump of each client
 * that has used a secret: none of the secrets is in any of it, as bytes, in hexadecimal or in base64, whole or in part.
 * The clients are apikeyctl, a program with the C library, and one with the PAM module.
 *
 * Registers are out of a program's reach: the copying of the C library leaves in them what it moved last. So they are
 * not looked at, and functions are bound at the start, since the loader would otherwise save registers on the stack
 * when a library first calls one.
 */
#include <ftw.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "crypto/audit_key_text.h"
#include "crypto/master_key.h"
#include "daemon/store_token.h"
#include "proto/wire.h"
#include "tests/daemon/host-vault.h"
#include "tests/daemon/last-moment.h"
#include "tests/daemon/needles.h"

#define CONTROL "cli/apikeyctl --runtime-dir RUN "
#define CLIENT "tests/daemon/secret-client "
#define ARGUMENTS_MAX 24
#define OPAQUE_SIZE 54
#define OPAQUE_PUBLIC 16 /* "ak_", the id and "_" */
#define BASE64_32 44     /* of 32 bytes */
#define BASE64URL_32 43

/* What a client is given and what it makes. */
enum kind {
	NOTHING,
	OPAQUE,  /* an opaque key */
	PAIR,    /* a key pair, as it was printed */
	TOKEN,   /* an HMAC token */
	ACCESS,  /* an access token */
	BROUGHT, /* a key pair made elsewhere */
	TICKET,  /* of a session, in hexadecimal */
	CHAIN,   /* the first key of the audit's chain */
	MASTER,  /* the master key: no client prints it, it is in the file afterwards */
	KIND_COUNT,
};

static struct host host;
static struct needles *needles;
static char hands[KIND_COUNT]
		 [LAST_MOMENT_OUTPUT] = { /* what was made last of each kind */
					  [BROUGHT] = "a123456b-c12c-123d-1ab4-"
						      "18bd8c8e88a3\nqGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=\n"
		 };

/* Stands in the environment of every client, and has to be found there. */
#define MARKER "APIKEYD_TEST_MARKER"
static const char marker[] = "9mPq2VxT7LwZ4sKd8RbN3hYc6Jf";

/* ---- the secrets ---- */

static bool is_base64(char character)
{
	return character != '\0' &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", character) != NULL;
}

/* The 32 bytes that stand in a text in base64: a private key, or the signature of a token. */
static void take_base64(const char *what, const char *text)
{
	for (const char *at = text; *at != '\0';) {
		unsigned char bytes[32];
		size_t length = 0, size = 0;

		while (is_base64(at[length]))
			length++;
		if (length == BASE64_32 - 1 && at[length] == '=' &&
		    encoding_base64_decode(at, BASE64_32, bytes, sizeof(bytes), &size) && size == sizeof(bytes)) {
			needles_add(needles, what, bytes, sizeof(bytes));
			return;
		}
		at += length > 0 ? length : 1;
	}
	fail("%s was not printed", what);
}

static void take_opaque(const char *what, const char *text)
{
	const char *key = strstr(text, "ak_");

	if (!key || strlen(key) < OPAQUE_SIZE)
		fail("%s was not printed", what);
	/* What is before that is public. */
	needles_add(needles, what, key + OPAQUE_PUBLIC, OPAQUE_SIZE - OPAQUE_PUBLIC);
	snprintf(hands[OPAQUE], sizeof(hands[OPAQUE]), "%.*s\n", OPAQUE_SIZE, key);
}

/* All but the signature is public. */
static void take_access(const char *what, const char *text)
{
	const char *dot = strrchr(text, '.');
	unsigned char bytes[32];
	size_t size = 0;

	if (!dot || strlen(dot + 1) < BASE64URL_32 ||
	    !encoding_base64url_decode(dot + 1, BASE64URL_32, bytes, sizeof(bytes), &size) || size != sizeof(bytes))
		fail("%s was not printed", what);
	needles_add(needles, what, bytes, sizeof(bytes));
}

/* Only root is given one. */
static void take_ticket(const char *what, const char *text)
{
	char digits[WIRE_TICKET_SIZE + 1];
	unsigned char bytes[WIRE_TICKET_SIZE / 2];

	snprintf(digits, sizeof(digits), "%s", text);
	if (encoding_unhex(digits, bytes, sizeof(bytes)))
		needles_add(needles, what, digits, WIRE_TICKET_SIZE);
	else if (geteuid() == 0)
		fail("%s was not printed", what);
}

/* No record has reached the next key yet, so that it is the running one too. */
static void take_chain(const char *what, const char *text)
{
	struct chain_key first;
	uint64_t seq;
	size_t taken;

	if (audit_key_text_read(text, strlen(text), &first, &seq, &taken) < 0)
		fail("%s was not printed", what);
	needles_add(needles, what, first.bytes, sizeof(first.bytes));
}

static void take_master(const char *what, const char *text)
{
	unsigned char master[CRYPTO_KEY_SIZE];

	(void)text;
	host_master_key(&host, master);
	needles_add(needles, what, master, sizeof(master));
}

/* A new kind of secret is a line here. */
static const struct {
	const char *what;
	void (*take)(const char *what, const char *text);
} kinds[KIND_COUNT] = {
	[OPAQUE] = { "an opaque key", take_opaque },
	[PAIR] = { "a private key", take_base64 },
	[TOKEN] = { "the signature of an HMAC token", take_base64 },
	[ACCESS] = { "the signature of an access token", take_access },
	[BROUGHT] = { "a private key brought along", take_base64 },
	[TICKET] = { "the ticket of a session", take_ticket },
	[CHAIN] = { "the first key of the audit's chain", take_chain },
	[MASTER] = { "a master key", take_master },
};

static bool take_signing_key(void *data, const struct store_signing_key *key)
{
	const struct vault *vault = data;
	unsigned char plain[CRYPTO_KEY_SIZE];
	char associated[sizeof("signing-key/4294967295")];

	snprintf(associated, sizeof(associated), "signing-key/%" PRIu32, key->version);
	if (crypto_open(vault->keyring.data, associated, key->sealed, sizeof(key->sealed), plain) < 0)
		fail("a key that signs access tokens does not open");
	needles_add(needles, "a key that signs access tokens", plain, sizeof(plain));
	return true;
}

/* What the daemon itself has, unsealed as it does that. */
static void take_keyring(void)
{
	struct host_vault opened;
	struct vault *vault;

	host_vault_open(&host, &opened);
	vault = opened.vault;
	const struct {
		const char *what;
		const unsigned char *key;
	} keys[] = {
		{ "the pepper", vault->keyring.pepper },
		{ "the data key", vault->keyring.data },
		{ "the audit key", vault->keyring.audit },
		{ "the handle key", vault->keyring.handle },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		needles_add(needles, keys[i].what, keys[i].key, CRYPTO_KEY_SIZE);
	needles_add(needles, kinds[MASTER].what, opened.master, sizeof(opened.master));
	if (store_list_signing_keys(store_writer(vault->store), take_signing_key, vault) < 0)
		fail("the keys that sign cannot be read");
	host_vault_close(&opened);
}

/* ---- the clients ---- */

/* FOLDER and RUN stand for those of the host. */
struct run {
	const char *command; /* its words apart by spaces */
	enum kind given, made;
	const char *leak; /* NULL: there is to be none; else where it is to be found: "" anywhere */
	bool as_owner;    /* of the daemon's files */
};

static const struct run runs[] = {
	/* The search finds what is there. */
	{ CLIENT "nothing RUN test alice", NOTHING, NOTHING, NULL, false },
	{ CONTROL "key create --name first --owner alice --permission test.use --permission apikeyd.keys.write",
	  NOTHING, OPAQUE, NULL, false },
	{ CLIENT "leak-heap RUN test alice", OPAQUE, NOTHING, "[heap]", false },
	{ CLIENT "leak-stack RUN test alice", OPAQUE, NOTHING, "[stack]", false },
	/* An opaque key. */
	{ CLIENT "verify RUN test alice", OPAQUE, NOTHING, NULL, false },
	{ CLIENT "verify-in-flight RUN test alice", OPAQUE, NOTHING, NULL, false },
	{ CLIENT "explain RUN test alice", OPAQUE, NOTHING, NULL, false },
	{ CLIENT "log-in RUN test alice FOLDER/pam.d", OPAQUE, NOTHING, NULL, false },
	{ CLIENT "open-session RUN test alice FOLDER/pam.d", OPAQUE, TICKET, NULL, false },
	{ CONTROL "verify --permission test.use", OPAQUE, NOTHING, NULL, false },
	{ CONTROL "--json verify --permission test.use", OPAQUE, NOTHING, NULL, false },
	{ CONTROL "explain --permission test.use", OPAQUE, NOTHING, NULL, false },
	{ CONTROL "key find", OPAQUE, NOTHING, NULL, false },
	{ CONTROL "--json key find -", OPAQUE, NOTHING, NULL, false },
	{ CONTROL "--credential-file - key list", OPAQUE, NOTHING, NULL, false },
	{ CLIENT "rotate RUN test alice", OPAQUE, OPAQUE, NULL, false },
	{ CLIENT "change RUN test alice FOLDER/pam.d", OPAQUE, OPAQUE, NULL, false },
	{ CONTROL "key rotate alice/first", NOTHING, OPAQUE, NULL, false },
	{ CONTROL "--json key rotate alice/first", NOTHING, OPAQUE, NULL, false },
	{ CONTROL "--json key create --name second --owner alice --permission test.use", NOTHING, OPAQUE, NULL, false },
	{ CLIENT "create-opaque RUN test alice", NOTHING, OPAQUE, NULL, false },
	/* Access tokens. */
	{ CONTROL "token issue", OPAQUE, ACCESS, NULL, false },
	{ CONTROL "token inspect", ACCESS, NOTHING, NULL, false },
	{ CLIENT "inspect RUN test alice", ACCESS, NOTHING, NULL, false },
	{ CLIENT "verify RUN test alice", ACCESS, NOTHING, NULL, false },
	{ CONTROL "--json token issue", OPAQUE, ACCESS, NULL, false },
	{ CLIENT "issue RUN test alice", OPAQUE, ACCESS, NULL, false },
	{ CONTROL "--json token inspect", ACCESS, NOTHING, NULL, false },
	{ CLIENT "log-in RUN test alice FOLDER/pam.d", ACCESS, NOTHING, NULL, false },
	{ CONTROL "token rotate-key", NOTHING, NOTHING, NULL, false },
	{ CONTROL "token issue", OPAQUE, ACCESS, NULL, false },
	{ CONTROL "token revoke", ACCESS, NOTHING, NULL, false },
	/* A pair, and its tokens. */
	{ CLIENT "create-pair RUN test alice", NOTHING, PAIR, NULL, false },
	{ CONTROL "key create --kind pair --name pair --owner alice --permission test.use", NOTHING, PAIR, NULL,
	  false },
	{ CLIENT "sign RUN test alice", PAIR, TOKEN, NULL, false },
	{ CLIENT "verify RUN test alice", TOKEN, NOTHING, NULL, false },
	{ CONTROL "token sign", PAIR, TOKEN, NULL, false },
	{ CLIENT "verify-in-flight RUN test alice", TOKEN, NOTHING, NULL, false },
	{ CONTROL "token sign", PAIR, TOKEN, NULL, false },
	{ CONTROL "token issue", TOKEN, ACCESS, NULL, false },
	{ CONTROL "token sign --header", PAIR, TOKEN, NULL, false },
	{ CONTROL "--json key rotate alice/pair", NOTHING, PAIR, NULL, false },
	{ CONTROL "--json token sign", PAIR, TOKEN, NULL, false },
	{ CONTROL "key rotate alice/pair", NOTHING, PAIR, NULL, false },
	{ CONTROL "token sign", PAIR, TOKEN, NULL, false },
	{ CONTROL "verify --permission test.use", TOKEN, NOTHING, NULL, false },
	{ CLIENT "log-in RUN test alice FOLDER/pam.d", TOKEN, NOTHING, NULL, false },
	{ CONTROL "key create --kind pair --import --name brought --owner alice", BROUGHT, NOTHING, NULL, false },
	{ CONTROL "key delete alice/pair --yes", NOTHING, NOTHING, NULL, false },
	/* The audit's chain: its first key, and one for a new chain. */
	{ CONTROL "audit key", NOTHING, CHAIN, NULL, false },
	{ CONTROL "audit key --new", NOTHING, CHAIN, NULL, false },
	/* The master key. */
	{ CONTROL "master-key rotate --file FOLDER/state/" MASTER_KEY_FILE, NOTHING, MASTER, NULL, true },
	{ CONTROL "backup FOLDER/copy.backup", NOTHING, NOTHING, NULL, false },
};

struct search {
	const struct run *run;
	bool marked, leaked;
};

static void look(void *data, const char *place, const void *bytes, size_t size)
{
	struct search *search = data;
	struct found found;

	search->marked = search->marked || memmem(bytes, size, marker, sizeof(marker) - 1);
	if (!needles_find(needles, bytes, size, &found))
		return;
	if (!search->run->leak || strcmp(search->run->leak, place) != 0)
		fail("after %s, some of %s is left in %s, as %s", search->run->command, found.what, place, found.form);
	search->leaked = true;
}

static void visit(void *data, pid_t pid, const char *output)
{
	struct search *search = data;
	enum kind made = search->run->made;

	if (made != NOTHING) {
		snprintf(hands[made], sizeof(hands[made]), "%s", output);
		kinds[made].take(kinds[made].what, output);
	}
	last_moment_memory(pid, NEEDLES_OVERLAP, look, search);
}

/* The words of a command, with the host's names in them; to be freed. */
static char *fill_in(const struct run *run)
{
	static const char *const names[] = { "FOLDER", "RUN" };
	const char *const values[] = { host.folder, host.runtime };
	char *filled = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&filled, &size);

	if (!stream)
		fail("out of memory");
	for (const char *text = run->command; *text != '\0';) {
		size_t i = 0;

		while (i < ARRAY_SIZE(names) && strncmp(text, names[i], strlen(names[i])) != 0)
			i++;
		if (i < ARRAY_SIZE(names))
			fputs(values[i], stream);
		else
			fputc(*text, stream);
		text += i < ARRAY_SIZE(names) ? strlen(names[i]) : 1;
	}
	fclose(stream);
	return filled;
}

/* Who owns the files is who rotates the master key: nobody else's are trusted. */
static void prepare(const void *data)
{
	const struct run *run = data;
	const struct passwd *user = run->as_owner && geteuid() == 0 ? getpwnam(host.user) : NULL;

	if (setenv(MARKER, marker, 1) < 0 || setenv("LD_BIND_NOW", "1", 1) < 0)
		_exit(EXIT_FAILURE);
	if (user && (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
		_exit(EXIT_FAILURE);
}

static void run_client(const struct run *run)
{
	CLEANUP_FREE char *words = fill_in(run);
	char *arguments[ARGUMENTS_MAX + 1] = { NULL }, *rest = NULL;
	struct last_moment moment = {
		.arguments = arguments, .input = hands[run->given], .prepare = prepare, .data = run
	};
	struct search search = { .run = run };
	int status;

	for (size_t i = 0; i < ARGUMENTS_MAX; i++)
		arguments[i] = strtok_r(i == 0 ? words : NULL, " ", &rest);
	status = last_moment_run(&moment, visit, &search);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		fail("%s ended with %#x", run->command, (unsigned int)status);
	if (!search.marked)
		fail("what is in the memory of %s is not found", run->command);
	if (run->leak && !search.leaked)
		fail("what %s leaks is not found", run->command);
}

/* ---- the files ---- */

/* Tree walks take no argument. */
static struct {
	const char *planted; /* a file that has to be found out; NULL: none */
	bool caught;
	unsigned int files, logs; /* of the store */
} walk;

static int search_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	const char *name = path + place->base;
	CLEANUP_FREE char *text = NULL;
	struct found found;
	FILE *file;

	/* The master key, the one before it among them, is what the thief has not got. */
	if (type != FTW_F || !S_ISREG(status->st_mode) || strncmp(name, MASTER_KEY_FILE, strlen(MASTER_KEY_FILE)) == 0)
		return 0;
	text = malloc((size_t)status->st_size + 1);
	file = fopen(path, "re");
	if (!text || !file)
		fail("cannot read %s: %m", path);
	if (needles_find(needles, text, fread(text, 1, (size_t)status->st_size, file), &found)) {
		if (!walk.planted || strcmp(walk.planted, name) != 0)
			fail("some of %s is in %s, at %zu, as %s", found.what, path, found.at, found.form);
		walk.caught = true;
	}
	fclose(file);
	walk.files++;
	walk.logs += strcmp(name, STORE_FILE "-wal") == 0 && status->st_size > 0;
	return 0;
}

static void search_files(unsigned int least)
{
	walk.files = walk.logs = 0;
	if (nftw(host.folder, search_file, 16, FTW_PHYS) != 0)
		fail("cannot walk through %s: %m", host.folder);
	if (walk.files < least)
		fail("there are %u files only", walk.files);
}

/* The search of files finds what is there. */
static void plant(void)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/log/planted", host.folder);
	file = fopen(path, "we");
	/* Not from its beginning, and not to its end. */
	if (!file || fprintf(file, "planted: %.20s", hands[OPAQUE] + OPAQUE_PUBLIC + 5) < 0 || fclose(file) != 0)
		fail("cannot write %s: %m", path);
	walk.planted = "planted";
	search_files(0);
	if (!walk.caught)
		fail("what is planted in a file is not found");
}

static void make_service(void)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/pam.d", host.folder);
	if (mkdir(path, 0755) < 0)
		fail("cannot make %s: %m", path);
	snprintf(path, sizeof(path), "%s/pam.d/test", host.folder);
	file = fopen(path, "we");
	if (!file)
		fail("cannot write %s: %m", path);
	for (size_t i = 0; i < 2; i++)
		fprintf(file, "%s required %s socket=%s minimum_uid=0 timeout=20000 permission=test.use session\n",
			i == 0 ? "auth" : "account", TEST_MODULE, host.runtime);
	fprintf(file, "password required %s socket=%s/" WIRE_LOGIN_SOCKET " minimum_uid=0 timeout=20000 rotate\n",
		TEST_MODULE, host.runtime);
	fprintf(file, "session optional %s socket=%s\n", TEST_MODULE, host.runtime);
	fclose(file);
}

int main(void)
{
	if (!last_moment_is_possible())
		skip("a program cannot be stopped in its last moment here");
	host_open(&host, HOST_UNTHROTTLED);
	make_service();
	host_start(&host);
	needles = needles_new();
	take_keyring();
	kinds[BROUGHT].take(kinds[BROUGHT].what, hands[BROUGHT]);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		run_client(&runs[i]);
	take_keyring();
	search_files(5);
	if (walk.logs == 0)
		fail("the store has no write-ahead log");
	host_end(&host, SIGKILL);
	search_files(5);
	host_start(&host);
	/* With the keys of before, and those that the new master key opens. */
	take_keyring();
	search_files(5);
	host_stop(&host);
	search_files(4);
	plant();
	printf("%zu secrets of %zu clients, in %u files: nothing of them is left\n", needles_count(needles),
	       ARRAY_SIZE(runs), walk.files);
	needles_free(needles);
	host_remove(&host);
	return EXIT_SUCCESS;
}

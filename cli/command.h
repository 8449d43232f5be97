/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The command table: what apikeyctl can do. Parsing, help, usage errors and the completions all read it, and the
 * tests hold the man page against it.
 */
#ifndef APIKEYD_CLI_COMMAND_H
#define APIKEYD_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* The exit status. */
enum status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1, /* or not found, or it did not work */
	STATUS_USAGE = 2,
	STATUS_UNREACHABLE = 3,
	STATUS_WARNED = 4, /* of doctor: there are warnings, and no errors */
};

enum option_id {
	OPTION_END = 0,
	/* global */
	OPTION_RUNTIME_DIR,
	OPTION_CREDENTIAL_FILE,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	/* of commands */
	OPTION_DEEP,
	OPTION_ROOT,
	OPTION_NAME,
	OPTION_OWNER,
	OPTION_KIND,
	OPTION_TEST,
	OPTION_PERMISSION,
	OPTION_USER,
	OPTION_FROM,
	OPTION_LABEL,
	OPTION_NOT_BEFORE,
	OPTION_EXPIRES,
	OPTION_NO_PERMISSIONS,
	OPTION_NO_USERS,
	OPTION_NO_FROM,
	OPTION_NO_LABELS,
	OPTION_NO_NOT_BEFORE,
	OPTION_EXCLUSIVE,
	OPTION_NO_EXCLUSIVE,
	OPTION_MAX_USES,
	OPTION_NO_MAX_USES,
	OPTION_CLIENT_SIDE,
	OPTION_NO_CLIENT_SIDE,
	OPTION_WHY,
	OPTION_YES,
	OPTION_LIMIT,
	OPTION_KEY,
	OPTION_VERDICT,
	OPTION_REASON,
	OPTION_EVENT,
	OPTION_SOURCE,
	OPTION_ACTOR,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_FOLLOW,
	OPTION_DAYS,
	OPTION_HOURS,
	OPTION_SERVICE,
	OPTION_RHOST,
	OPTION_STATE,
	OPTION_UNUSED_SINCE,
	OPTION_EXPIRES_BEFORE,
	OPTION_DUE,
	OPTION_SORT,
	OPTION_REVERSE,
	OPTION_CURSOR,
	OPTION_OVERLAP,
	OPTION_OVERLAP_AFTER_FIRST_USE,
	OPTION_CANCEL,
	OPTION_NOW,
	OPTION_SECRET,
	OPTION_FORCE,
	OPTION_DRY_RUN,
	OPTION_ACCEPT_REVIVED,
	OPTION_FILE,
	OPTION_PASSPHRASE_FILE,
	OPTION_PUBLIC_KEY,
	OPTION_BODY,
	OPTION_NONCE,
	OPTION_EPOCH,
	OPTION_HEADER,
	OPTION_IMPORT,
	OPTION_ROLE,
	OPTION_NO_ROLES,
	OPTION_ACCOUNT,
	OPTION_TENANT,
	OPTION_WITH_KEYS,
	OPTION_TOKEN_LIFETIME,
	OPTION_TOKEN_REUSE,
	OPTION_FORMAT,
	OPTION_DIGESTS,
	OPTION_REPORT,
	OPTION_FROM_LINE,
	OPTION_POLICY,
	OPTION_IDEMPOTENCY_KEY,
	OPTION_KEY_FILE,
	OPTION_FOLDER,
	OPTION_HEADS,
	OPTION_NEW,
	OPTION_END_SESSIONS,
	OPTION_KEEP_SESSIONS,
	OPTION_EXCEPT,
	OPTION_ISSUED_BEFORE,
	OPTION_USED_FROM,
	OPTION_REVOKE,
	OPTION_ADMINISTER,
};

/* How many times an option stands. */
enum option_count {
	OPTION_ONCE = 0,
	OPTION_REQUIRED,
	OPTION_REPEATED,
};

/* What the shell completes a value with. */
enum option_completion {
	COMPLETE_NOTHING = 0,
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_USER,
	COMPLETE_ARGUMENT, /* the argument's name says the values: "opaque|pair" */
};

struct option {
	enum option_id id;
	const char *name; /* without the dashes */
	/* What the value is called; NULL: there is none. "[=NAME]": one that may be left out, and stands in the same
	 * word. */
	const char *argument;
	const char *help;
	enum option_count count;
	enum option_completion completion;
};

struct arguments;

struct command {
	const char *object; /* NULL for a verb that needs none */
	const char *verb;
	const char *operands; /* as the usage shows them; NULL: none */
	size_t operands_least, operands_most;
	enum status (*handler)(const struct arguments *arguments);
	const char *summary;          /* half a line */
	const char *description;      /* more, where there is more to say; or NULL */
	const struct option *options; /* up to OPTION_END; NULL: none but the global ones */
};

/* All commands, in the order the help shows them; the last one's verb is NULL. */
extern const struct command commands[];

/* The options every command takes, up to OPTION_END. */
extern const struct option global_options[];

/* The command, or NULL. object is NULL for a bare verb. */
const struct command *command_find(const char *object, const char *verb);

/* The option of that name, of the command (may be NULL) or global; NULL when there is none. size: bytes of name. */
const struct option *command_option(const struct command *command, const char *name, size_t size);

/* Whether an option has a value that may be left out. */
bool option_may_be_bare(const struct option *option);

/* What may follow "apikeyctl" to name the command: "key create". The caller frees; NULL when memory is short. */
char *command_name(const struct command *command);

#endif

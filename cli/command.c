/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/command.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/account.h"
#include "cli/audit.h"
#include "cli/audit_verify.h"
#include "cli/backup.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/help.h"
#include "cli/judge.h"
#include "cli/key.h"
#include "cli/lockdown.h"
#include "cli/master_key.h"
#include "cli/portal.h"
#include "cli/role.h"
#include "cli/session.h"
#include "cli/state.h"
#include "cli/tenant.h"
#include "cli/token.h"

const struct option global_options[] = {
	{ OPTION_RUNTIME_DIR, "runtime-dir", "DIR", "where the daemon's sockets are, instead of /run/apikeyd",
	  OPTION_ONCE, COMPLETE_FOLDER },
	{ OPTION_CREDENTIAL_FILE, "credential-file", "FILE",
	  "act with the key in FILE instead of as the calling user; FILE must not be readable by others, - is standard "
	  "input",
	  OPTION_ONCE, COMPLETE_FILE },
	{ OPTION_JSON, "json", NULL, "print JSON, with times as RFC 3339 in UTC", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_HELP, "help", NULL, "say how it is used", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_VERSION, "version", NULL, "say which version this is", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_END, NULL, NULL, NULL, OPTION_ONCE, COMPLETE_NOTHING },
};

/* Each option once; the tables below say which command takes it. */
#define O_END                                                                                                          \
	{                                                                                                              \
		OPTION_END, NULL, NULL, NULL, OPTION_ONCE, COMPLETE_NOTHING                                            \
	}
#define O_PERMISSION                                                                                                   \
	{                                                                                                              \
		OPTION_PERMISSION, "permission", "GRANT", "what it may do: pam.sshd, mail.* or *; again for more",     \
			OPTION_REPEATED, COMPLETE_NOTHING                                                              \
	}
#define O_NO_PERMISSIONS                                                                                               \
	{                                                                                                              \
		OPTION_NO_PERMISSIONS, "no-permissions", NULL, "take all permissions away", OPTION_ONCE,               \
			COMPLETE_NOTHING                                                                               \
	}
#define O_ROLE                                                                                                         \
	{                                                                                                              \
		OPTION_ROLE, "role", "ROLE",                                                                           \
			"a role it holds: what that grants, now and when it is changed; again for more",               \
			OPTION_REPEATED, COMPLETE_NOTHING                                                              \
	}
#define O_USER                                                                                                         \
	{                                                                                                              \
		OPTION_USER, "user", "USER", "a user it may log in as, besides its owner; again for more",             \
			OPTION_REPEATED, COMPLETE_USER                                                                 \
	}
#define O_FROM                                                                                                         \
	{                                                                                                              \
		OPTION_FROM, "from", "CIDR",                                                                           \
			"a network it may be used from, such as 10.0.0.0/8 or 2001:db8::/32, or local for requests "   \
			"without an "                                                                                  \
			"address; again for more",                                                                     \
			OPTION_REPEATED, COMPLETE_NOTHING                                                              \
	}
#define O_LABEL                                                                                                        \
	{                                                                                                              \
		OPTION_LABEL, "label", "NAME=VALUE", "a note of your own on it; again for more", OPTION_REPEATED,      \
			COMPLETE_NOTHING                                                                               \
	}
#define O_NOT_BEFORE                                                                                                   \
	{                                                                                                              \
		OPTION_NOT_BEFORE, "not-before", "TIME",                                                               \
			"when it begins to work: 2027-01-31, 2027-01-31T08:00:00Z or 12h", OPTION_ONCE,                \
			COMPLETE_NOTHING                                                                               \
	}
#define O_EXCLUSIVE                                                                                                    \
	{                                                                                                              \
		OPTION_EXCLUSIVE, "exclusive", "[=SERVICE]",                                                           \
			"let one service alone use it: SERVICE, such as dovecot, or the first one that does; used at " \
			"another one it is refused",                                                                   \
			OPTION_ONCE, COMPLETE_NOTHING                                                                  \
	}
#define O_MAX_USES                                                                                                     \
	{                                                                                                              \
		OPTION_MAX_USES, "max-uses", "COUNT", "let it be used so many times, all in all, and no more",         \
			OPTION_ONCE, COMPLETE_NOTHING                                                                  \
	}
#define O_CLIENT_SIDE                                                                                                  \
	{                                                                                                              \
		OPTION_CLIENT_SIDE, "client-side", NULL,                                                               \
			"let pages in browsers use it, through apikey-gateway: whoever sees such a page has the key",  \
			OPTION_ONCE, COMPLETE_NOTHING                                                                  \
	}
#define O_WHY                                                                                                          \
	{                                                                                                              \
		OPTION_WHY, "why", "TEXT", "the reason, kept with the key and in the audit", OPTION_ONCE,              \
			COMPLETE_NOTHING                                                                               \
	}
#define O_SERVICE                                                                                                      \
	{                                                                                                              \
		OPTION_SERVICE, "service", "NAME", "the service that would ask, such as sshd", OPTION_ONCE,            \
			COMPLETE_NOTHING                                                                               \
	}
#define O_LOGIN_USER                                                                                                   \
	{                                                                                                              \
		OPTION_USER, "user", "USER", "whom it would log in", OPTION_ONCE, COMPLETE_USER                        \
	}
#define O_QUERY                                                                                                        \
	{                                                                                                              \
		OPTION_PERMISSION, "permission", "QUERY",                                                              \
			"what it would have to hold: pam.sshd, '(a.read OR a.write) AND b.use'", OPTION_ONCE,          \
			COMPLETE_NOTHING                                                                               \
	}
#define O_RHOST                                                                                                        \
	{                                                                                                              \
		OPTION_RHOST, "rhost", "ADDRESS", "the remote address it would come from", OPTION_ONCE,                \
			COMPLETE_NOTHING                                                                               \
	}

#define O_ACCOUNT(text)                                                                                                \
	{                                                                                                              \
		OPTION_ACCOUNT, "account", "ACCOUNT", text, OPTION_ONCE, COMPLETE_NOTHING                              \
	}
#define O_TENANT(text)                                                                                                 \
	{                                                                                                              \
		OPTION_TENANT, "tenant", "TENANT", text, OPTION_ONCE, COMPLETE_NOTHING                                 \
	}
#define O_WITH_KEYS                                                                                                    \
	{                                                                                                              \
		OPTION_WITH_KEYS, "with-keys", NULL,                                                                   \
			"delete its keys with it; else it is refused where there are any", OPTION_ONCE,                \
			COMPLETE_NOTHING                                                                               \
	}

static const struct option options_create[] = {
	{ OPTION_NAME, "name", "NAME", "what it is called; no other key of its owner has that name", OPTION_REQUIRED,
	  COMPLETE_NOTHING },
	{ OPTION_OWNER, "owner", "USER", "whose it is: you, unless you say; root has to say", OPTION_ONCE,
	  COMPLETE_USER },
	O_PERMISSION,
	O_ROLE,
	O_USER,
	O_FROM,
	O_LABEL,
	O_NOT_BEFORE,
	{ OPTION_EXPIRES, "expires", "TIME",
	  "when it stops to work: 90d, 2027-01-31, 2027-01-31T08:00:00Z or never; unless you say, the daemon's "
	  "default_lifetime",
	  OPTION_ONCE, COMPLETE_NOTHING },
	O_EXCLUSIVE,
	O_MAX_USES,
	O_CLIENT_SIDE,
	O_ACCOUNT("the account it is to be of; without --tenant, a key of the account itself"),
	O_TENANT("the tenant it is to be of: default, unless you say"),
	{ OPTION_IDEMPOTENCY_KEY, "idempotency-key", "TEXT",
	  "the same command with the same text, within a day, makes no second key", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_KIND, "kind", "opaque|pair",
	  "opaque, which is one secret text, unless you say; or a pair, whose private key signs tokens and is never "
	  "sent",
	  OPTION_ONCE, COMPLETE_ARGUMENT },
	{ OPTION_IMPORT, "import", NULL,
	  "with --kind pair: take a pair that was made elsewhere from standard input; for administrators", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_PUBLIC_KEY, "public-key", "KEY",
	  "with --import: the public key, where standard input holds the private key alone", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_TEST, "test", NULL, "a key for trying things out, which holds permissions below 'test.' only",
	  OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_list[] = {
	{ OPTION_OWNER, "owner", "USER", "only the keys of USER", OPTION_ONCE, COMPLETE_USER },
	{ OPTION_STATE, "state", "STATE", "only those active, inactive, suspended or revoked", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_PERMISSION, "permission", "GRANT", "only those that hold it: pam.sshd, 'mail.*', 'a.read OR a.write'",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_ROLE, "role", "ROLE", "only those that hold this role", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_LABEL, "label", "NAME[=VALUE]",
	  "only those with this label; again for more, which all have to be there", OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_UNUSED_SINCE, "unused-since", "TIME", "only those made before and not used since: 90d ago, 2026-01-31",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_EXPIRES_BEFORE, "expires-before", "TIME",
	  "only those that end before, and those that have ended: 30d from now, 2027-01-31", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_DUE, "due", NULL,
	  "only those to be looked after: not revoked, and ended, or to end soon (warn_before, 14 days), or a secret "
	  "of "
	  "theirs, by retiring or for its age",
	  OPTION_ONCE, COMPLETE_NOTHING },
	O_ACCOUNT("only those of this account, its tenants' too"),
	O_TENANT("only those of this tenant"),
	{ OPTION_SORT, "sort", "COLUMN", "by owner (unless you say), name, created, expires or last-used", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_REVERSE, "reverse", NULL, "the other way around", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_LIMIT, "limit", "COUNT", "at most so many; where there are more, it says how to go on", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_CURSOR, "cursor", "CURSOR", "go on where a list with --limit ended", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_update[] = {
	{ OPTION_NAME, "name", "NAME", "its new name", OPTION_ONCE, COMPLETE_NOTHING },
	O_PERMISSION,
	O_NO_PERMISSIONS,
	O_ROLE,
	{ OPTION_NO_ROLES, "no-roles", NULL, "take all roles away", OPTION_ONCE, COMPLETE_NOTHING },
	O_USER,
	{ OPTION_NO_USERS, "no-users", NULL, "let it log in as its owner alone", OPTION_ONCE, COMPLETE_NOTHING },
	O_FROM,
	{ OPTION_NO_FROM, "no-from", NULL, "let it be used from anywhere", OPTION_ONCE, COMPLETE_NOTHING },
	O_LABEL,
	{ OPTION_NO_LABELS, "no-labels", NULL, "take all labels off", OPTION_ONCE, COMPLETE_NOTHING },
	O_NOT_BEFORE,
	{ OPTION_NO_NOT_BEFORE, "no-not-before", NULL, "let it work from now on", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_EXPIRES, "expires", "TIME", "when it stops to work: 90d, 2027-01-31, 2027-01-31T08:00:00Z or never",
	  OPTION_ONCE, COMPLETE_NOTHING },
	O_EXCLUSIVE,
	{ OPTION_NO_EXCLUSIVE, "no-exclusive", NULL, "let every service use it", OPTION_ONCE, COMPLETE_NOTHING },
	O_MAX_USES,
	{ OPTION_NO_MAX_USES, "no-max-uses", NULL, "let it be used as often as one likes", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_CLIENT_SIDE,
	{ OPTION_NO_CLIENT_SIDE, "no-client-side", NULL, "refuse it to pages in browsers again", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_key_import[] = {
	{ OPTION_FORMAT, "format", "csv|jsonl", "what the file is, unless its first line is to say", OPTION_ONCE,
	  COMPLETE_ARGUMENT },
	{ OPTION_DIGESTS, "digests", NULL, "it has the SHA-256 of each secret, in hexadecimal, instead of the secret",
	  OPTION_ONCE, COMPLETE_NOTHING },
	O_ACCOUNT("the account of keys whose lines do not say it; without --tenant, of the account itself"),
	O_TENANT("the tenant of keys whose lines do not say it: default, unless you say"),
	{ OPTION_DRY_RUN, "dry-run", NULL, "say what would come of it, and change nothing", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_REPORT, "report", "FILE", "write the lines that are refused, each with its reason, into FILE",
	  OPTION_ONCE, COMPLETE_FILE },
	{ OPTION_FROM_LINE, "from-line", "NUMBER", "leave out the lines before this one", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_role_create[] = {
	{ OPTION_PERMISSION, "permission", "GRANT", "what it grants: payments.read, mail.* or *; again for more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_role_update[] = {
	{ OPTION_PERMISSION, "permission", "GRANT", "what it grants from now on, all of it; again for more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	O_NO_PERMISSIONS,
	O_END,
};

#define O_END_SESSIONS                                                                                                 \
	{                                                                                                              \
		OPTION_END_SESSIONS, "end-sessions", NULL,                                                             \
			"end the sessions they have opened, too; unless you say, as end_sessions in [policy] does",    \
			OPTION_ONCE, COMPLETE_NOTHING                                                                  \
	}
#define O_KEEP_SESSIONS                                                                                                \
	{                                                                                                              \
		OPTION_KEEP_SESSIONS, "keep-sessions", NULL, "leave the sessions they have opened", OPTION_ONCE,       \
			COMPLETE_NOTHING                                                                               \
	}

static const struct option options_state[] = { O_WHY, O_END };

static const struct option options_session_list[] = {
	{ OPTION_USER, "user", "USER", "only those of this user", OPTION_ONCE, COMPLETE_USER },
	{ OPTION_KEY, "key", "KEY", "only those that this key has opened", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_session_end[] = {
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_portal[] = {
	{ OPTION_ADMINISTER, "administer", NULL, "with all that an administrator may do there", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_signin_end[] = {
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_end[] = {
	O_WHY,
	O_END_SESSIONS,
	O_KEEP_SESSIONS,
	{ OPTION_OWNER, "owner", "USER", "all keys of USER", OPTION_ONCE, COMPLETE_USER },
	O_ACCOUNT("all keys of this account, its tenants' too"),
	O_TENANT("all keys of this tenant"),
	{ OPTION_ROLE, "role", "ROLE", "all keys that hold this role", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_LABEL, "label", "NAME[=VALUE]", "all keys with this label; again for more, which all have to be there",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_ISSUED_BEFORE, "issued-before", "TIME", "all keys made before: 2h ago, 2026-01-31", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_USED_FROM, "used-from", "CIDR",
	  "all keys of which the first or the last use of a secret came from this network, or local", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_SINCE, "since", "TIME", "with --used-from: uses since then alone", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_DRY_RUN, "dry-run", NULL, "say which they would be, and change nothing", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_find[] = {
	{ OPTION_REVOKE, "revoke", NULL, "revoke those of which a live secret was found", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_WHY,
	O_END_SESSIONS,
	O_KEEP_SESSIONS,
	{ OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_rotate[] = {
	{ OPTION_OVERLAP, "overlap", "SPAN",
	  "how long the secret before stays good: 12h, 7d; unless you say, the daemon's rotation_overlap", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_OVERLAP_AFTER_FIRST_USE, "overlap-after-first-use", "SPAN",
	  "how long it stays good once the new one was used", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_NOW, "now", NULL, "let the secret before be refused at once", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_CANCEL, "cancel", NULL, "take the last rotation back: the secret before is current again", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_retire[] = {
	{ OPTION_SECRET, "secret", "NUMBER", "only this one, as 'key show' numbers them", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_delete[] = {
	O_WHY,           O_END_SESSIONS,
	O_KEEP_SESSIONS, { OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

#define O_FORCE                                                                                                        \
	{                                                                                                              \
		OPTION_FORCE, "force", NULL, "replace FILE where it is there already", OPTION_ONCE, COMPLETE_NOTHING   \
	}
#define O_PASSPHRASE_FILE                                                                                              \
	{                                                                                                              \
		OPTION_PASSPHRASE_FILE, "passphrase-file", "FILE",                                                     \
			"read the passphrase from FILE instead of the terminal; - is standard input", OPTION_ONCE,     \
			COMPLETE_FILE                                                                                  \
	}
#define O_MASTER_KEY_FILE                                                                                              \
	{                                                                                                              \
		OPTION_FILE, "file", "PATH", "where the master key is, instead of /etc/credstore/apikeyd.master-key",  \
			OPTION_ONCE, COMPLETE_FILE                                                                     \
	}

static const struct option options_backup[] = { O_FORCE, O_END };

static const struct option options_restore[] = {
	{ OPTION_DRY_RUN, "dry-run", NULL, "say what would come of it, and change nothing", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_ACCEPT_REVIVED, "accept-revived", NULL,
	  "bring back what was revoked, deleted or narrowed since the backup, instead of taking it away again",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_export[] = { O_MASTER_KEY_FILE, O_PASSPHRASE_FILE, O_FORCE, O_END };

static const struct option options_import[] = {
	O_MASTER_KEY_FILE,
	O_PASSPHRASE_FILE,
	{ OPTION_FORCE, "force", NULL, "replace another master key, which is kept beside it", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_audit_verify[] = {
	{ OPTION_KEY_FILE, "key-file", "FILE", "the first key of a chain, as 'audit key' wrote it; again for more",
	  OPTION_REPEATED, COMPLETE_FILE },
	{ OPTION_FOLDER, "folder", "DIR", "the files of this folder, and not those of the daemon", OPTION_ONCE,
	  COMPLETE_FOLDER },
	{ OPTION_HEADS, "heads", "FILE",
	  "heads from the journal, as 'journalctl -o json' prints them; - is standard input", OPTION_ONCE,
	  COMPLETE_FILE },
	O_END,
};

static const struct option options_audit_key[] = {
	{ OPTION_NEW, "new", NULL, "begin a new chain, where the key of this one was taken and is lost", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_master_rotate[] = { O_MASTER_KEY_FILE, O_END };

static const struct option options_judge[] = {
	O_SERVICE,
	O_LOGIN_USER,
	O_QUERY,
	O_RHOST,
	O_TENANT("the tenant the service would ask for: default, unless you say"),
	O_END
};

static const struct option options_account_create[] = {
	{ OPTION_NAME, "name", "NAME", "what it is called; no other account has that name", OPTION_REQUIRED,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_account_delete[] = {
	O_WITH_KEYS,
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

#define O_HOME O_ACCOUNT("the account it is of: default, unless you say")
#define O_TOKENS                                                                                                       \
	{ OPTION_TOKEN_LIFETIME,                                                                                       \
	  "token-lifetime",                                                                                            \
	  "SPAN",                                                                                                      \
	  "how long an access token of its keys lives: 30m in a new tenant, at most 1d",                               \
	  OPTION_ONCE,                                                                                                 \
	  COMPLETE_NOTHING },                                                                                          \
	{                                                                                                              \
		OPTION_TOKEN_REUSE, "token-reuse", "yes|no",                                                           \
			"whether it is good until it ends, and not once: no in a new tenant", OPTION_ONCE,             \
			COMPLETE_ARGUMENT                                                                              \
	}

#define O_POLICY(help)                                                                                                 \
	{                                                                                                              \
		OPTION_POLICY, "policy", "NAME=VALUE", help, OPTION_REPEATED, COMPLETE_NOTHING                         \
	}

static const struct option options_tenant_create[] = {
	{ OPTION_NAME, "name", "NAME", "what it is called; its account has no other of that name", OPTION_REQUIRED,
	  COMPLETE_NOTHING },
	O_HOME,
	O_TOKENS,
	O_POLICY("what holds for its keys instead of what apikeyd.conf says: max_lifetime=90d; again for more"),
	O_END,
};

static const struct option options_tenant_list[] = { O_ACCOUNT("only those of this account"), O_END };

static const struct option options_tenant_show[] = { O_HOME, O_END };

static const struct option options_tenant_update[] = {
	{ OPTION_NAME, "name", "NAME", "its new name", OPTION_ONCE, COMPLETE_NOTHING },
	O_HOME,
	O_TOKENS,
	O_POLICY("a policy of its own: max_lifetime=90d; max_lifetime= takes it back; again for more"),
	O_END,
};

static const struct option options_tenant_delete[] = {
	O_HOME,
	O_WITH_KEYS,
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_YES, "yes", NULL, "do not ask", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_doctor[] = {
	{ OPTION_DEEP, "deep", NULL, "have the daemon read all of the key store, and look at every key", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_ROOT, "root", "DIR",
	  "look at the files below DIR instead of those of this host, and ask no daemon but that of --runtime-dir",
	  OPTION_ONCE, COMPLETE_FOLDER },
	O_END,
};

static const struct option options_token_sign[] = {
	{ OPTION_PUBLIC_KEY, "public-key", "KEY", "the public key, where standard input holds the private key alone",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_BODY, "body", "FILE", "sign for a request with the body in FILE; unless you say, for none",
	  OPTION_ONCE, COMPLETE_FILE },
	{ OPTION_NONCE, "nonce", "TEXT",
	  "what makes the token another one each time: 1 to 128 of A-Z a-z 0-9 . _ -; "
	  "unless you say, random",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_EPOCH, "epoch", "SECONDS", "the time of the token, seconds since 1970 UTC; unless you say, now",
	  OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_HEADER, "header", NULL, "print the whole header of a request: Authorization: Hmac TOKEN", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_token_revoke[] = {
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_token_rotate_key[] = {
	{ OPTION_NOW, "now", NULL, "let all tokens that were signed before be refused at once", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_usage[] = {
	{ OPTION_DAYS, "days", "COUNT", "the last so many days, today among them; 14 unless you say", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_HOURS, "hours", "COUNT", "the last so many hours", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

static const struct option options_audit_show[] = {
	{ OPTION_KEY, "key", "KEY", "only what is about this key; again for more", OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_OWNER, "owner", "USER", "only what is about keys of USER; again for more", OPTION_REPEATED,
	  COMPLETE_USER },
	O_TENANT("only what is about keys that TENANT has now"),
	{ OPTION_USER, "user", "USER", "only who was, or was not, let in as USER; again for more", OPTION_REPEATED,
	  COMPLETE_USER },
	{ OPTION_SERVICE, "service", "NAME", "only what this service asked, such as sshd; again for more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_VERDICT, "verdict", "granted|denied|forbidden|throttled|unavailable", "only these; again for more",
	  OPTION_REPEATED, COMPLETE_ARGUMENT },
	{ OPTION_REASON, "reason", "NAME", "only refusals for this reason, such as bad_secret; again for more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_EVENT, "event", "NAME", "only these events, such as verify or key_revoke; again for more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_SOURCE, "source", "SOURCE",
	  "only what came from this address, network or host, local for none; or uid:N, who asked the daemon; again "
	  "for "
	  "more",
	  OPTION_REPEATED, COMPLETE_NOTHING },
	{ OPTION_ACTOR, "actor", "WHO", "only changes by uid:N, or key:ID; again for more", OPTION_REPEATED,
	  COMPLETE_NOTHING },
	{ OPTION_SINCE, "since", "TIME", "only from then on: 2h (ago), 2026-01-31 or 2026-01-31T08:00:00Z", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_UNTIL, "until", "TIME", "only up to then", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_LIMIT, "limit", "COUNT", "the last so many; or -n COUNT", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_REVERSE, "reverse", NULL, "the newest first; or -r", OPTION_ONCE, COMPLETE_NOTHING },
	{ OPTION_FOLLOW, "follow", NULL,
	  "the last ten, unless --limit or --since says otherwise, and then what comes; or -f", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_lockdown_on[] = {
	{ OPTION_EXCEPT, "except", "KEY", "a key that is let in all the same; again for more", OPTION_REPEATED,
	  COMPLETE_NOTHING },
	{ OPTION_END_SESSIONS, "end-sessions", NULL, "end the sessions that other keys have opened", OPTION_ONCE,
	  COMPLETE_NOTHING },
	{ OPTION_WHY, "why", "TEXT", "the reason, kept with the lockdown and in the audit", OPTION_ONCE,
	  COMPLETE_NOTHING },
	O_END,
};

static const struct option options_lockdown_off[] = {
	{ OPTION_WHY, "why", "TEXT", "the reason, kept in the audit", OPTION_ONCE, COMPLETE_NOTHING },
	O_END,
};

const struct command commands[] = {
	{ "key", "create", NULL, 0, 0, key_create, "make a key and print its secret",
	  "The secret is printed once, to standard output, and cannot be shown again. Of a pair it is two lines: the "
	  "public key, which is the key's id, and the private key.",
	  options_create },
	{ "key", "list", NULL, 0, 0, key_list, "list keys",
	  "Lists the keys you may see, sorted by owner and name; with filters, those alone of which all of them hold.",
	  options_list },
	{ "key", "show", "KEY", 1, 1, key_show, "show a key, its limits, its secrets and their last use", NULL, NULL },
	{ "key", "usage", "KEY", 1, 1, key_usage, "draw how often a key was used, by day or hour and service",
	  "Counted from the audit, as far as it reaches back, which is said where it is not far enough. A use is a "
	  "verification, granted or refused.",
	  options_usage },
	{ "key", "update", "KEY", 1, 1, key_update, "change what a key may do",
	  "What is named is replaced as a whole; what is not named stays.", options_update },
	{ "key", "rotate", "KEY", 1, 1, key_rotate, "give a key a new secret and print it",
	  "The secret is printed once, to standard output. The id stays, and so does all that the key may do; the "
	  "secret "
	  "before stays good for a while, so that programs can be changed one by one. 'key show' says when nothing "
	  "uses it "
	  "any more. --cancel makes no secret: it ends the current one, and the one before, if it is still good, has "
	  "no "
	  "end any more.",
	  options_rotate },
	{ "key", "retire", "KEY", 1, 1, key_retire, "end the secrets before the current one",
	  "When the command returns, no later request succeeds with them. The current secret goes on.",
	  options_retire },
	{ "key", "activate", "KEY", 1, 1, key_activate, "switch a key on again", NULL, options_state },
	{ "key", "deactivate", "[KEY]", 0, 1, key_deactivate, "switch a key off for a while, or many",
	  "When the command returns, no later request succeeds with the key. Without KEY, the options say which keys: "
	  "all that is said has to hold. On a terminal it then asks, with how many they are.",
	  options_end },
	{ "key", "revoke", "[KEY]", 0, 1, key_revoke, "switch a key off for good, or many",
	  "When the command returns, no later request succeeds with the key. A revoked key stays in the list, and "
	  "cannot be switched on again. Without KEY, the options say which keys: all that is said has to hold. On a "
	  "terminal it then asks, with how many they are. What was cut short is done again, and gives the rest.",
	  options_end },
	{ "key", "delete", "KEY", 1, 1, key_delete, "remove a key",
	  "On a terminal it asks first. What the key did stays in the audit.", options_delete },
	{ "key", "find", "[FILE]...", 0, SIZE_MAX, key_find,
	  "find keys of ours in logs, diffs, dumps or any other text",
	  "Reads each FILE, or standard input, which - is as well, whatever is in it, and names the keys that occur "
	  "there: those whose check characters fit and that apikeyd knows, and public keys of pairs. It never prints a "
	  "secret. The exit status is 0 where keys of ours were found, 1 where none was, 2 where something could not "
	  "be read.",
	  options_find },
	{ "key", "import", "[FILE]", 0, 1, key_import, "make keys of secrets that were made elsewhere",
	  "Reads keys from FILE, or from standard input: CSV, whose first line names the columns, or a JSON object a "
	  "line. Each has name, owner and secret, or sha256, and may have permissions, roles, users, sources, labels, "
	  "not_before, expires, account and tenant. What is there already is left as it is, so that an import that was "
	  "cut short is "
	  "done again. For administrators.",
	  options_key_import },
	{ "account", "create", NULL, 0, 0, account_create, "make an account",
	  "An account has tenants of its own, which have keys. A host that serves one organisation needs none but the "
	  "account default, which is there from the start.",
	  options_account_create },
	{ "account", "list", NULL, 0, 0, account_list, "list accounts", NULL, NULL },
	{ "account", "show", "ACCOUNT", 1, 1, account_show, "show an account, and how many tenants and keys it has",
	  NULL, NULL },
	{ "account", "delete", "ACCOUNT", 1, 1, account_delete, "remove an account with its tenants",
	  "When the command returns, no later request succeeds with a key of it. On a terminal it asks first.",
	  options_account_delete },
	{ "tenant", "create", NULL, 0, 0, tenant_create, "make a tenant",
	  "The keys of a tenant open what asks for this tenant alone, as pam_apikey does with tenant=NAME, and those "
	  "that "
	  "administer reach keys of their own tenant alone.",
	  options_tenant_create },
	{ "tenant", "list", NULL, 0, 0, tenant_list, "list tenants", NULL, options_tenant_list },
	{ "tenant", "show", "TENANT", 1, 1, tenant_show, "show a tenant, and how many keys it has", NULL,
	  options_tenant_show },
	{ "tenant", "update", "TENANT", 1, 1, tenant_update,
	  "change a tenant: its name, what holds for access tokens, and its policies",
	  "The id stays, and so do its keys. Services that ask for it by its name have to be told.",
	  options_tenant_update },
	{ "tenant", "delete", "TENANT", 1, 1, tenant_delete, "remove a tenant",
	  "When the command returns, no later request succeeds with a key of it. On a terminal it asks first.",
	  options_tenant_delete },
	{ "token", "sign", NULL, 0, 0, token_sign_offline, "make an HMAC token from a key pair",
	  "Reads the pair from standard input: public key and private key on two lines, or the JSON that 'key create "
	  "--json' printed; on a terminal it asks. Needs no daemon. The token is printed to standard output; it is "
	  "good "
	  "once, and for five minutes before and after its time.",
	  options_token_sign },
	{ "token", "issue", NULL, 0, 0, token_issue, "get an access token with a key",
	  "Reads the key from standard input, or an HMAC token, which is used up; on a terminal it asks. The access "
	  "token is printed to standard output: it is good once, and for half an hour, unless the key's tenant has it "
	  "otherwise.",
	  NULL },
	{ "token", "inspect", NULL, 0, 0, token_inspect, "say whether an access token is good, without using it up",
	  "Reads the token from standard input, or asks for it on a terminal. The exit status is 0 when it would be "
	  "taken, else 1.",
	  NULL },
	{ "token", "revoke", NULL, 0, 0, token_revoke, "end an access token",
	  "Reads the token from standard input, or asks for it on a terminal. When the command returns, no later "
	  "request succeeds with it. 'key deactivate' ends all tokens of a key.",
	  options_token_revoke },
	{ "token", "rotate-key", NULL, 0, 0, token_rotate_key, "have access tokens signed by a new key",
	  "For administrators. apikeyd does it by itself every 30 days. Tokens that were signed before stay good "
	  "unless --now is said.",
	  options_token_rotate_key },
	{ "session", "list", NULL, 0, 0, session_list, "list sessions that keys have opened",
	  "Lists those of the keys you may see, as far as the services have them registered: pam_apikey(8) says how.",
	  options_session_list },
	{ "session", "end", "NUMBER", 1, 1, session_end, "end a session",
	  "Its leader is told to end; what is left of it is killed half a second later, where logind knows of the "
	  "session.",
	  options_session_end },
	{ NULL, "portal", NULL, 0, 0, portal_open, "print a link that signs you in at the portal",
	  "The link is for a browser: good once, for five minutes, by whoever has it. You are signed in as the user "
	  "who runs this, with your own keys. [portal] url in apikeyd.conf says where the portal is.",
	  options_portal },
	{ "signin", "list", NULL, 0, 0, signin_list, "list browsers that are signed in at the portal",
	  "Lists yours, those with your keys too; administrators see all.", NULL },
	{ "signin", "end", "SIGNIN", 1, 1, signin_end, "sign a browser out",
	  "When the command returns, no later request of it succeeds.", options_signin_end },
	{ "role", "create", "ROLE", 1, 1, role_create, "make a role: a set of permissions with a name",
	  "Keys hold roles beside permissions of their own.", options_role_create },
	{ "role", "list", NULL, 0, 0, role_list, "list roles",
	  "Lists the roles you may see: administrators all of them, with how many keys hold each; others those that "
	  "are built in, and those that their own keys hold.",
	  NULL },
	{ "role", "show", "ROLE", 1, 1, role_show, "show a role and what it grants", NULL, NULL },
	{ "role", "update", "ROLE", 1, 1, role_update, "change what a role grants",
	  "The permissions are replaced as a whole. When the command returns, all keys that hold the role are judged "
	  "by "
	  "what it grants now.",
	  options_role_update },
	{ "role", "delete", "ROLE", 1, 1, role_delete, "remove a role that no key holds",
	  "While keys hold it, it is refused and says how many they are. Revoked keys do not count.", NULL },
	{ NULL, "verify", NULL, 0, 0, judge_verify, "say whether a key would be let in",
	  "Reads the key from standard input, or asks for it on a terminal. Nothing is used up or counted. What is not "
	  "named is not judged; without --rhost, it is a request that carries no address. The exit status is 0 when "
	  "the key "
	  "would be let in, else 1.",
	  options_judge },
	{ NULL, "explain", "[KEY]", 0, 1, judge_explain, "say step by step why a key would be let in, or not",
	  "With KEY, that key is judged as if its secret had been given; without, the key is read from standard input, "
	  "or asked for on a terminal. Nothing is used up or counted. What is not named is not judged; without "
	  "--rhost, it is a request that carries no address.",
	  options_judge },
	{ "audit", "show", NULL, 0, 0, audit_show, "show what was asked of apikeyd, and what it did",
	  "Shows the records of the audit, the oldest first; with filters, those alone that fit one value of each. "
	  "Administrators see all, others what is about their own keys. With --json it prints an object a line. That "
	  "the audit was read is recorded too.",
	  options_audit_show },
	{ "audit", "verify", "[FILE]...", 0, 4096, audit_verify, "find what was changed in the audit, and where",
	  "Finds records that were edited, removed, inserted, reordered or cut off, and says where. Of the daemon's "
	  "own files "
	  "it asks the daemon, too, which tells what the last record is, and checks the MACs that its running key is "
	  "for. "
	  "With the first key, all MACs are checked. FILEs, the oldest first, or --folder are checked without a "
	  "daemon. The "
	  "exit status is 1 when something is wrong. See apikeyd-audit(5).",
	  options_audit_verify },
	{ "audit", "key", NULL, 0, 0, audit_key, "print the first key of the audit's chain, once",
	  "For root. With this key 'audit verify' proves that nobody has made records anew, not even who took over the "
	  "host. It is erased at the daemon when it is printed: keep it elsewhere.",
	  options_audit_key },
	{ NULL, "status", NULL, 0, 0, state_show, "show how the daemon is",
	  "The exit status is 0 when the state is ok, and 1 when it is degraded or unavailable, which is explained. "
	  "Administrators are shown all, others the version and the state.",
	  NULL },
	{ "lockdown", "on", NULL, 0, 0, lockdown_on, "refuse every key but those that are named",
	  "For administrators, by their uid and not by a key. When the command returns, no later request succeeds with "
	  "any other key, token or imported secret, nor does one act with it. It survives restarts, and where there is "
	  "one already it is as said from then on. Passwords are none of apikeyd's. Sessions that are open stay open "
	  "unless you say --end-sessions.",
	  options_lockdown_on },
	{ "lockdown", "off", NULL, 0, 0, lockdown_off, "end the lockdown",
	  "Keys are judged again as before it; those that were revoked or switched off meanwhile stay so.",
	  options_lockdown_off },
	{ "lockdown", "status", NULL, 0, 0, lockdown_status,
	  "say whether there is a lockdown, since when, by whom and why", NULL, NULL },
	{ NULL, "backup", "FILE", 1, 1, backup_make, "write a copy of the key store to FILE",
	  "For administrators, while the daemon serves. FILE is made whole or not at all, and is never overwritten "
	  "unless "
	  "--force is said; - is standard output. It shows names, owners, permissions and times, but no secret, and is "
	  "of "
	  "no use without the master key: see 'apikeyctl help master-key export'.",
	  options_backup },
	{ NULL, "restore", "FILE", 1, 1, backup_restore, "put a backup in the place of the key store",
	  "For administrators, while the daemon serves. FILE is checked first, - is standard input. What was revoked, "
	  "deactivated, deleted, rotated or narrowed after the backup is taken away again. On a terminal it says what "
	  "comes "
	  "of it and asks. The store before it is kept.",
	  options_restore },
	{ "master-key", "rotate", NULL, 0, 0, master_key_rotate, "put a new master key in the place of the old one",
	  "For root, while the daemon serves. The key store is sealed under both keys before the file is replaced; "
	  "once "
	  "the daemon has been restarted, under the new one alone. The key before is kept beside it: backups made "
	  "until then need it.",
	  options_master_rotate },
	{ "master-key", "export", "FILE", 1, 1, master_key_export,
	  "write the master key to FILE, sealed by a passphrase",
	  "Run as root; needs no daemon. Keep FILE where the backups are not: with both and the passphrase, a new host "
	  "can "
	  "take over. - is standard output.",
	  options_export },
	{ "master-key", "import", "FILE", 1, 1, master_key_import, "take a master key from FILE in",
	  "Run as root; needs no daemon. Restart apikeyd after it, and restore a backup of the host the key comes "
	  "from. - is "
	  "standard input.",
	  options_import },
	{ NULL, "doctor", NULL, 0, 0, doctor_run, "find what keeps keys from working, and what is unsafe",
	  "Looks at the daemon, its sockets, files and settings, the module and every PAM stack that mentions it, the "
	  "units and the keys. It changes nothing. For each finding it says what is wrong, and its mend; "
	  "apikeyctl-doctor(1) explains each. The exit status is 0 when there is nothing to mend, 1 when there are "
	  "errors, 4 when there are warnings alone, 3 when the daemon cannot be reached.",
	  options_doctor },
	{ NULL, "help", "[OBJECT] [VERB]", 0, 2, help_command, "say how a command is used", NULL, NULL },
	{ NULL, "completion", "SHELL", 1, 1, completion_command, "print the completion script for SHELL: bash or zsh",
	  NULL, NULL },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};

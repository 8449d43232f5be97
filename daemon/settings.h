/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The configuration file: one table of settings, each with its section, name, form, default and limits. Strict: an
 * unknown section or setting, a duplicate, a value outside its limits, a line too long, a NUL, or a file that is no
 * regular file owned by root (or this user) and not writable by others is an error with file and line.
 */
#ifndef APIKEYD_COMMON_SETTINGS_H
#define APIKEYD_COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/settings_table.h"
#include "daemon/policies.h"

/* A [peers] line: what a uid may speak for. */
struct settings_peer {
	uid_t uid;
	char *name;     /* as written */
	char *services; /* separated by one space; "*" is not allowed */
};

/* How long at most two secrets of a key are good side by side, as configured or as asked for, in seconds: a year. */
#define SETTINGS_OVERLAP_MAX (UINT64_C(365) * 86400)

struct settings {
	/* [daemon] */
	uint64_t workers;             /* 1–64, default 2 */
	uint64_t connections_per_uid; /* other than root: default 64, 1–4096 */
	uint64_t connections_max;     /* default 1024 */
	uint64_t idle_timeout;        /* seconds a connection that is not persistent may stay silent: default 10 */
	uint64_t minimum_uid;         /* default 1000 */
	uint64_t low_disk;            /* bytes: status warns when less is left for store or audit; default 128 MiB */
	/* [admin] */
	bool admin_group_known;
	gid_t admin_group; /* group = apikeyd: resolved when the configuration loads; a group that does not exist is a
			      warning, not an error */
	/* [self-service] */
	char *self_service_permissions; /* grants separated by one space; "" */
	uint64_t self_service_keys;     /* most keys of one user: default 32 */
	int64_t self_service_lifetime;  /* max_lifetime: seconds from now to the end of a user's own key; TIME_NEVER */
	/* [peers], [gateway] */
	struct settings_peer *peers;
	size_t peer_count;
	uid_t *gateway_users;
	size_t gateway_user_count;
	char *unknown_names; /* users and groups that were named and do not exist, separated by one space; NULL: none */
	/* [policy] */
	struct policies policies;  /* what holds where a tenant has no policy of its own */
	uint64_t rotation_overlap; /* seconds: default 7 d, 1 m – SETTINGS_OVERLAP_MAX */
	/* [tokens]: who makes access tokens, and for whom: "apikeyd" both, 1 to 128 visible ASCII characters */
	char *token_issuer, *token_audience;
	/* [portal] */
	char *portal_url;         /* http:// or https://, a host, perhaps a path; without a slash at the end */
	uint64_t portal_idle;     /* seconds a sign-in may be silent: default 30 min */
	uint64_t portal_lifetime; /* seconds it may last in any case: default 8 h */
	/* [throttle] */
	uint64_t failures_per_minute; /* of one uid and source before denials become throttled: default 30, 1–100000 */
	uint64_t failures_per_key;    /* wrong secrets for one key before an alarm: default 30, 0–100000, 0: none */
	/* [audit] */
	uint64_t audit_max_size; /* max_size: bytes before rotation: default 64 MiB; suffixes K M G */
	uint64_t audit_keep;     /* keep: rotated files: default 8 */
	bool audit_strict;       /* on_failure = refuse (default) | serve */
	bool audit_relaxed; /* durability = normal (default) | relaxed: the record may be written after the reply */
	bool audit_journal; /* journal = yes (default) | no */
};

/* Where the file is looked for; the build names the system's own folder. */
#ifndef SETTINGS_FILE
#define SETTINGS_FILE "/etc/apikeyd/apikeyd.conf"
#endif

/*
 * Reads a file into *ret_settings, defaults first; all problems are reported, not just the first. path NULL: the
 * defaults alone. 0; -ENOENT (no such file; not reported); -EINVAL when there was an error; -ENOMEM. On failure
 * *ret_settings is untouched; otherwise the caller ends it with settings_done(). Looks users and groups up, so it may
 * wait for the system's name services: never in the path of a request.
 */
int settings_load(const char *path, struct settings *ret_settings, settings_reporter reporter, void *data);

/*
 * Reads the file the command line gave, or, where given is NULL, SETTINGS_FILE, which may be missing: then the
 * defaults. Returns as settings_load(), but a missing file that was given is reported too, and is -EINVAL.
 */
int settings_load_given(const char *given, struct settings *ret_settings, settings_reporter reporter, void *data);

/* The same as settings_load() for size bytes of text in memory, reported under file_name. 0, -EINVAL, -ENOMEM. */
int settings_parse(const char *text, size_t size, const char *file_name, struct settings *ret_settings,
		   settings_reporter reporter, void *data);

/* Frees what the settings hold, and empties them. */
void settings_done(struct settings *settings);

/* Whether the uid is a gateway's, which asks for others. */
bool settings_is_gateway(const struct settings *settings, uid_t uid);

/* What the uid may speak for, separated by spaces; "" when it is not listed. */
const char *settings_peer_services(const struct settings *settings, uid_t uid);

#endif

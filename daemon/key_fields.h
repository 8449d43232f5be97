/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The fields of a key as people give them: checked, joined into the texts of struct store_key, and compared for the
 * audit. Pure.
 */
#ifndef APIKEYD_DAEMON_KEY_FIELDS_H
#define APIKEYD_DAEMON_KEY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"
#include "proto/codec.h"

/* Room for the joined lists of one key. */
struct key_lists {
	char permissions[WIRE_LIST_TEXT_MAX + 1];
	char roles[WIRE_LIST_TEXT_MAX + 1]; /* filled by admin_take_roles() */
	char users[WIRE_LIST_TEXT_MAX + 1];
	char sources[WIRE_LIST_TEXT_MAX + 1];
	char labels[WIRE_LIST_TEXT_MAX + 1];
};

/* Each returns true, or false with a sentence that names the value and the mend. */
bool key_name_check(const char *name, char *ret_fault, size_t fault_size);
bool key_owner_check(const char *owner, char *ret_fault, size_t fault_size);
/* The end lies ahead of now, and of the first day. */
bool key_dates_check(int64_t not_before, int64_t expires, int64_t now, char *ret_fault, size_t fault_size);

/* Check every item and join them, the same one twice only once, into a text of WIRE_LIST_TEXT_MAX bytes and a NUL. */
bool key_permissions_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size);
bool key_users_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size);
bool key_sources_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size);
bool key_labels_join(const struct codec_texts *items, char *ret_text, char *ret_fault, size_t fault_size);

/*
 * What differs, as a JSON object {"before":{…},"after":{…}} with only the fields that differ; before NULL: a new key;
 * after NULL: a deleted one. why (may be NULL) is what someone gave as a reason. malloc'ed, the caller frees; NULL when
 * out of memory.
 */
char *key_changes(const struct store_key *before, const struct store_key *after, const char *why);

/* The same of a role's permissions; the name of the role stands beside before and after. */
char *role_changes(const struct store_role *before, const struct store_role *after);

/* "active"; "opaque". Static. */
const char *key_state_name(enum store_state state);
const char *key_kind_name(enum store_kind kind);

#endif

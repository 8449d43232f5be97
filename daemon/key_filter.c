/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_filter.h"

#include <stdio.h>
#include <string.h>

#include "daemon/due.h"
#include "daemon/key_fields.h"
#include "daemon/policy.h"
#include "proto/permission.h"

static bool read_state(const char *name, enum store_state *ret_state, char *ret_fault, size_t fault_size)
{
	for (enum store_state state = STORE_ACTIVE; state < STORE_STATE_COUNT; state++) {
		if (strcmp(key_state_name(state), name) != 0)
			continue;
		*ret_state = state;
		return true;
	}
	snprintf(ret_fault, fault_size, "'%.64s' is no state; a key is active, inactive, suspended or revoked", name);
	return false;
}

/* A name is a query and a grant alike; which way it is taken makes no difference. */
static bool read_permission(const char *permission, bool *ret_wildcard, char *ret_fault, size_t fault_size)
{
	const char *error;
	size_t offset;

	*ret_wildcard = permission_is_grant(permission) && !permission_is_name(permission);
	if (*ret_wildcard)
		return true;
	error = permission_query_error(permission, &offset);
	if (error)
		snprintf(ret_fault, fault_size, "'%.300s' is no permission to look for (at byte %zu: %s)", permission,
			 offset, error);
	return !error;
}

bool key_filter_read(const struct message_key_list *wanted, int64_t now, struct key_filter *ret_filter, char *ret_fault,
		     size_t fault_size)
{
	struct key_filter filter = { .now = now, .wanted = wanted };

	if (wanted->state && !read_state(wanted->state, &filter.state, ret_fault, fault_size))
		return false;
	if (wanted->permission && !read_permission(wanted->permission, &filter.wildcard, ret_fault, fault_size))
		return false;
	*ret_filter = filter;
	return true;
}

/* True when the labels of a key, separated by newlines, have this one: by its name, or by name and value. */
static bool has_label(const char *labels, const char *wanted)
{
	size_t size = strlen(wanted);
	bool whole = strchr(wanted, '=') != NULL;

	while (*labels != '\0') {
		size_t length = strcspn(labels, "\n");

		if (length >= size && memcmp(labels, wanted, size) == 0 &&
		    (whole ? length == size : labels[size] == '='))
			return true;
		labels += length;
		labels += *labels == '\n';
	}
	return false;
}

/* The end of a key, or of a secret that is retiring, asks somebody to do something; of a revoked key nothing does. */
static bool is_due(const struct store_key *key, int64_t before, int64_t now)
{
	if (key->state == STORE_REVOKED)
		return false;
	if (key->expires < before)
		return true;
	for (size_t i = 0; i < key->secret_count; i++) {
		int64_t retires = key->secrets[i].retires;

		if (retires != 0 && retires >= now && retires < before)
			return true;
	}
	return false;
}

bool key_filter_takes(const struct key_filter *filter, const struct store_key *key, const char *grants,
		      const struct policies *policies)
{
	const struct message_key_list *wanted = filter->wanted;
	struct due due[DUE_MAX];

	if (filter->state != 0 && key->state != filter->state)
		return false;
	if (wanted->expires_before != 0 && key->expires >= wanted->expires_before)
		return false;
	if (wanted->due_before != 0 && !is_due(key, wanted->due_before, filter->now))
		return false;
	if (wanted->due == 1 && due_find(key, policies, filter->now, due) == 0)
		return false;
	if (wanted->unused_since != 0 && key->created >= wanted->unused_since)
		return false;
	if (wanted->role && !policy_list_contains(key->roles, ' ', wanted->role))
		return false;
	for (size_t i = 0; i < wanted->labels.count; i++) {
		if (!has_label(key->labels, wanted->labels.items[i]))
			return false;
	}
	if (!wanted->permission)
		return true;
	return filter->wildcard ? permission_grants_cover(grants, wanted->permission)
				: permission_query_holds(wanted->permission, grants);
}

bool key_filter_takes_uses(const struct key_filter *filter, const struct store_key *key, const struct store_use *uses)
{
	int64_t since = filter->wanted->unused_since;

	for (size_t i = 0; since != 0 && i < key->secret_count; i++) {
		if (uses[i].last_time >= since)
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/admin_policy.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/settings_value.h"
#include "daemon/store_policy.h"
#include "proto/credential.h"

int admin_policy_find(const struct admin_request *request, struct store_reader *reader, const char *tenant,
		      struct policies *ret_policies)
{
	return policies_find(reader, &request->settings->settings, tenant, ret_policies);
}

/* ---- the end of a key ---- */

int64_t admin_policy_default_end(const struct admin_request *request, const struct policies *policies, int64_t now)
{
	int64_t most = request->settings->settings.self_service_lifetime;
	int64_t lifetime = policies->default_lifetime;

	if (policies->max_lifetime < lifetime)
		lifetime = policies->max_lifetime;
	if (request->authority.kind == AUTHORITY_USER && most < lifetime)
		lifetime = most;
	return lifetime == TIME_NEVER ? TIME_NEVER : now + lifetime;
}

/* "'apikeyctl key update ID --expires 90d'", or for a key that is not there yet "--expires 90d". */
static int refuse_end(struct admin_request *request, const struct store_key *key, const char *whose, int64_t most)
{
	char limit[SETTINGS_NUMBER_SIZE];
	bool there = *key->id && request->header.type != WIRE_KEY_IMPORT;

	settings_value_format((uint64_t)most, SETTINGS_UNIT_SPAN, limit);
	return admin_refuse(request, ANSWER_NOT_PERMITTED,
			    "%s may live for %s from now at most: give it an end within that, %s%s%s--expires %s%s",
			    whose, limit, there ? "'apikeyctl key update " : "", there ? key->id : "", there ? " " : "",
			    limit, there ? "'" : "");
}

int admin_policy_check_own_end(struct admin_request *request, const struct store_key *key, int64_t now)
{
	int64_t most = request->settings->settings.self_service_lifetime;

	if (request->authority.kind != AUTHORITY_USER || most == TIME_NEVER || key->expires <= now + most)
		return 0;
	return refuse_end(request, key, "your keys", most);
}

int admin_policy_check_end(struct admin_request *request, const struct policies *policies, const struct store_key *key,
			   int64_t now)
{
	int64_t most = policies->max_lifetime;

	if (most != TIME_NEVER && key->expires > now + most)
		return refuse_end(request, key,
				  *key->tenant ? "keys of this tenant (max_lifetime)"
					       : "keys of an account (max_lifetime)",
				  most);
	return admin_policy_check_own_end(request, key, now);
}

/* ---- what tenants have of their own ---- */

static int take_one(struct admin_request *request, const char *text, struct admin_policy_change *change)
{
	const char *value = strchr(text, '=');
	char name[WIRE_POLICY_MAX + 1], must[POLICIES_MUST_SIZE];
	enum policies_rule rule;
	int64_t number;

	if (!value)
		return admin_refuse(request, ANSWER_INVALID, "'%.64s' is no policy: NAME=VALUE, as max_lifetime=90d",
				    credential_looks_secret(text) ? "ak_…" : text);
	snprintf(name, sizeof(name), "%.*s", (int)(value - text), text);
	value++;
	rule = policies_of_name(name);
	if (rule == POLICIES_COUNT)
		return admin_refuse(request, ANSWER_INVALID,
				    "there is no policy '%.64s'; 'apikeyctl tenant show default' names those there are",
				    credential_looks_secret(name) ? "ak_…" : name);
	if ((change->set | change->drop) & (1U << rule))
		return admin_refuse(request, ANSWER_INVALID, "the policy %s is named twice: which value is it to have?",
				    name);
	if (*value == '\0') {
		change->drop |= 1U << rule;
		return 0;
	}
	if (!policies_parse(rule, value, &number)) {
		policies_must(rule, must);
		return admin_refuse(request, ANSWER_INVALID, "%s=%.64s: must %s", name,
				    credential_looks_secret(value) ? "ak_…" : value, must);
	}
	policies_set(&change->values, rule, number);
	change->set |= 1U << rule;
	return 0;
}

int admin_policy_take(struct admin_request *request, const struct codec_texts *texts,
		      struct admin_policy_change *ret_change)
{
	struct admin_policy_change change = { .set = 0 };
	int r = 0;

	if (texts->count > 0 && request->authority.kind != AUTHORITY_ADMINISTRATOR)
		return admin_refuse(
			request, ANSWER_NOT_PERMITTED,
			"only administrators of this host set the policies of a tenant: its keys, and those "
			"of its account, are bound by them");
	for (size_t i = 0; r == 0 && i < texts->count; i++)
		r = take_one(request, texts->items[i], &change);
	if (r == 0)
		*ret_change = change;
	return r;
}

int admin_policy_save(struct store *store, const char *tenant, const struct admin_policy_change *change)
{
	int r = 0;

	for (enum policies_rule rule = 0; r == 0 && rule < POLICIES_COUNT; rule++) {
		if (change->set & (1U << rule))
			r = store_save_policy(store, tenant, policies_name(rule), policies_get(&change->values, rule));
		else if (change->drop & (1U << rule))
			r = store_drop_policy(store, tenant, policies_name(rule));
	}
	return r;
}

static void add_text(struct codec_texts *texts, char room[WIRE_POLICY_MAX + 1], enum policies_rule rule,
		     const struct policies *policies)
{
	char value[POLICIES_TEXT_SIZE];

	policies_format(rule, policies_get(policies, rule), value);
	snprintf(room, WIRE_POLICY_MAX + 1, "%s=%s", policies_name(rule), value);
	texts->items[texts->count++] = room;
}

int admin_policy_write(const struct admin_request *request, struct store_reader *reader, const char *tenant,
		       struct admin_policy_texts *ret_texts)
{
	struct policies_own own;
	struct policies policies;
	size_t used = 0;
	int r = policies_find_own(reader, tenant, &own);

	if (r == 0)
		r = admin_policy_find(request, reader, tenant, &policies);
	if (r < 0)
		return r;
	ret_texts->own.count = ret_texts->in_force.count = 0;
	for (enum policies_rule rule = 0; rule < POLICIES_COUNT; rule++) {
		if (own.has & (1U << rule))
			add_text(&ret_texts->own, ret_texts->room[used++], rule, &own.values);
		add_text(&ret_texts->in_force, ret_texts->room[used++], rule, &policies);
	}
	return 0;
}

json_t *admin_policy_json(struct store_reader *reader, const char *tenant)
{
	struct policies_own own;
	json_t *object;

	if (policies_find_own(reader, tenant, &own) < 0)
		return NULL;
	object = json_object();
	for (enum policies_rule rule = 0; rule < POLICIES_COUNT; rule++) {
		char value[POLICIES_TEXT_SIZE];

		if (!(own.has & (1U << rule)))
			continue;
		policies_format(rule, policies_get(&own.values, rule), value);
		json_object_set_new(object, policies_name(rule), json_string(value));
	}
	return object;
}

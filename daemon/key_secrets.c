/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_secrets.h"

#include <errno.h>

#include "common/secret.h"
#include "daemon/policy.h"

static const struct store_secret *find_number(const struct store_secret *secrets, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (secrets[i].number == number)
			return &secrets[i];
	return NULL;
}

const struct store_secret *key_secrets_find(const struct store_key *key, uint32_t number)
{
	return find_number(key->secrets, key->secret_count, number);
}

size_t key_secrets_current(const struct store_key *key)
{
	size_t i = key->secret_count;

	while (i > 0 && key->secrets[i - 1].retires != 0)
		i--;
	if (i > 0)
		return i - 1;
	return key->secret_count > 0 ? key->secret_count - 1 : 0;
}

struct store_secret *key_secrets_before(struct store_key *key)
{
	size_t i = key_secrets_current(key);

	while (i > 0 && (key->secrets[i - 1].flags & STORE_SECRET_TAKEN_BACK))
		i--;
	return i > 0 ? &key->secrets[i - 1] : NULL;
}

uint32_t key_secrets_next_number(const struct store_key *key)
{
	uint32_t last = key->secret_count > 0 ? key->secrets[key->secret_count - 1].number : 0;

	return last == UINT32_MAX ? 0 : last + 1;
}

void key_secrets_end(struct store_secret *secret, int64_t now)
{
	secret->form = STORE_FORM_ENDED;
	secret->after_use = 0;
	secret_wipe(secret->sealed, sizeof(secret->sealed));
	if (secret->retires == 0 || secret->retires > now)
		secret->retires = now;
}

static void drop_ended(struct store_key *key, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < key->secret_count; i++)
		if (policy_judge_secret(&key->secrets[i], now) == REASON_NONE)
			key->secrets[kept++] = key->secrets[i];
	key->secret_count = kept;
}

int key_secrets_make_room(struct store_key *key, struct key_overlap overlap, int64_t now)
{
	struct store_secret *before = &key->secrets[key_secrets_current(key)];
	uint64_t lasts = overlap.after_use > 0 ? KEY_SECRETS_WAIT_MAX : overlap.seconds;

	if (lasts == 0)
		key_secrets_end(before, now);
	else if (overlap.after_use > UINT32_MAX || __builtin_add_overflow(now, lasts, &before->retires))
		return -ERANGE;
	else
		before->after_use = (uint32_t)overlap.after_use;
	if (key->secret_count == STORE_SECRETS_MAX)
		drop_ended(key, now);
	return key->secret_count < STORE_SECRETS_MAX ? 0 : -ENOSPC;
}

void key_secrets_replace(struct store_key *key, int64_t now)
{
	struct store_secret *current = &key->secrets[key_secrets_current(key)];

	key_secrets_end(current, now);
	current->flags |= STORE_SECRET_TAKEN_BACK;
	if (key->secret_count == STORE_SECRETS_MAX)
		drop_ended(key, now);
}

void key_secrets_take_back(struct store_key *key, int64_t now)
{
	struct store_secret *current = &key->secrets[key_secrets_current(key)], *before = key_secrets_before(key);

	key_secrets_end(current, now);
	current->flags |= STORE_SECRET_TAKEN_BACK;
	before->retires = 0;
	before->after_use = 0;
}

bool key_secrets_wait(const struct store_secret *secrets, size_t count, uint32_t number)
{
	const struct store_secret *used = find_number(secrets, count, number);

	for (const struct store_secret *secret = secrets; used && secret < used; secret++) {
		if (secret->after_use != 0)
			return true;
	}
	return false;
}

bool key_secrets_used(struct store_secret *secrets, size_t count, uint32_t number, int64_t time)
{
	const struct store_secret *used = find_number(secrets, count, number);
	bool changed = false;

	if (!used)
		return false;
	if (time < used->created)
		time = used->created;
	for (struct store_secret *secret = secrets; secret < used; secret++) {
		int64_t end;

		if (secret->after_use == 0)
			continue;
		if (!__builtin_add_overflow(time, (int64_t)secret->after_use, &end) && end < secret->retires)
			secret->retires = end;
		secret->after_use = 0;
		changed = true;
	}
	return changed;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/signin.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"

#define PREFIX_SIZE 4
#define CREDENTIAL_PREFIX "aks_"
#define CODE_PREFIX "akl_"
#define SECRET_SIZE (SIGNIN_TEXT_SIZE - PREFIX_SIZE - SIGNIN_ID_SIZE - 2)

struct entry {
	struct signin signin;
	uint8_t digest[CRYPTO_HASH_SIZE]; /* of the whole text */
	int64_t used, ends;               /* on the boot clock */
	int64_t idle;                     /* 0: it may be silent */
	int64_t asked;                    /* when the name service was last asked about its user, on the boot clock */
	bool asking;                      /* it has not answered yet */
};

struct signins {
	pthread_mutex_t lock; /* over all below */
	struct entry **entries;
	size_t count, capacity;
};

int signins_new(struct signins **ret_signins)
{
	struct signins *signins = calloc(1, sizeof(*signins));

	if (!signins)
		return -ENOMEM;
	pthread_mutex_init(&signins->lock, NULL);
	*ret_signins = signins;
	return 0;
}

static void entry_free(struct entry *entry)
{
	secret_wipe(entry, sizeof(*entry));
	free(entry);
}

void signins_free(struct signins *signins)
{
	if (!signins)
		return;
	for (size_t i = 0; i < signins->count; i++)
		entry_free(signins->entries[i]);
	free(signins->entries);
	pthread_mutex_destroy(&signins->lock);
	free(signins);
}

struct signin_now signin_now(void)
{
	return (struct signin_now){ .boot = clock_boot_seconds(), .wall = clock_wall_seconds() };
}

/* ---- texts ---- */

bool signin_is_credential(const char *text)
{
	return strncmp(text, CREDENTIAL_PREFIX, PREFIX_SIZE) == 0;
}

bool signin_is_code(const char *text)
{
	return strncmp(text, CODE_PREFIX, PREFIX_SIZE) == 0;
}

/* The id in a text that has the shape. */
static bool read_id(const char *text, char ret_id[SIGNIN_ID_SIZE + 1])
{
	const char *id = text + PREFIX_SIZE;

	if (strlen(text) != SIGNIN_TEXT_SIZE - 1 || !encoding_is_base62(id, SIGNIN_ID_SIZE) ||
	    id[SIGNIN_ID_SIZE] != '_' || !encoding_is_base62(id + SIGNIN_ID_SIZE + 1, SECRET_SIZE))
		return false;
	memcpy(ret_id, id, SIGNIN_ID_SIZE);
	ret_id[SIGNIN_ID_SIZE] = '\0';
	return true;
}

/* A new text with its id and digest. 0 or -EIO. */
static int draw(struct entry *entry, char ret_text[SIGNIN_TEXT_SIZE])
{
	char *id = stpcpy(ret_text, entry->signin.use == SIGNIN_LINK ? CODE_PREFIX : CREDENTIAL_PREFIX);
	int r = crypto_random_base62(id, SIGNIN_ID_SIZE);

	if (r == 0)
		r = crypto_random_base62(id + SIGNIN_ID_SIZE + 1, SECRET_SIZE);
	if (r < 0)
		return r;
	id[SIGNIN_ID_SIZE] = '_';
	(void)read_id(ret_text, entry->signin.id);
	return crypto_sha256(ret_text, SIGNIN_TEXT_SIZE - 1, entry->digest);
}

/* ---- the room ---- */

static void drop(struct signins *signins, size_t index)
{
	entry_free(signins->entries[index]);
	signins->entries[index] = signins->entries[--signins->count];
	if (signins->count > 0)
		return;
	free(signins->entries);
	signins->entries = NULL;
	signins->capacity = 0;
}

static bool is_over(const struct entry *entry, struct signin_now now)
{
	return now.boot >= entry->ends || (entry->idle > 0 && now.boot - entry->used >= entry->idle);
}

static void drop_what_is_over(struct signins *signins, struct signin_now now)
{
	for (size_t i = signins->count; i-- > 0;)
		if (is_over(signins->entries[i], now))
			drop(signins, i);
}

/* Each has room of its own, and is never in need for another's sake. */
enum share {
	SHARE_USERS = 0, /* with their links: of this host's users, who cannot make more of themselves */
	SHARE_KEYS,      /* somebody's browser by a key */
	SHARE_REQUESTS,  /* programs' by a key, each for some seconds */
};

static const size_t share_most[] = {
	[SHARE_USERS] = SIGNIN_MOST_USERS, [SHARE_KEYS] = SIGNIN_MOST_KEYS, [SHARE_REQUESTS] = SIGNIN_MOST_PROGRAMS
};

static enum share share_of(const struct signin *signin)
{
	if (signin->kind != SIGNIN_KEY)
		return SHARE_USERS;
	return signin->use == SIGNIN_REQUEST ? SHARE_REQUESTS : SHARE_KEYS;
}

static int compare_accounts(const struct signin *one, const struct signin *other)
{
	bool key = one->kind == SIGNIN_KEY, other_key = other->kind == SIGNIN_KEY;

	if (key != other_key)
		return key ? 1 : -1;
	return strcmp(one->account, other->account);
}

/* By person: whoever has a uid, or owns keys. Not by key, for whoever has one may make many. */
static int compare_persons(const struct signin *one, const struct signin *other)
{
	int order = compare_accounts(one, other);

	if (order == 0 && one->kind != SIGNIN_KEY)
		return (one->uid > other->uid) - (one->uid < other->uid);
	if (order == 0)
		order = strcmp(one->tenant, other->tenant);
	return order != 0 ? order : strcmp(one->user, other->user);
}

/* Makes room for one more of a person that has as many of this use as it may. */
static void drop_oldest_of(struct signins *signins, const struct signin *signin)
{
	static const size_t most[] = { [SIGNIN_LINK] = SIGNIN_MOST_LINKS,
				       [SIGNIN_PORTAL] = SIGNIN_MOST_PORTAL,
				       [SIGNIN_REQUEST] = SIGNIN_MOST_REQUESTS };
	size_t count = 0, oldest = 0;

	for (size_t i = 0; i < signins->count; i++) {
		const struct entry *entry = signins->entries[i];

		if (entry->signin.use != signin->use || compare_persons(&entry->signin, signin) != 0)
			continue;
		if (count++ == 0 || entry->used < signins->entries[oldest]->used)
			oldest = i;
	}
	if (count >= most[signin->use])
		drop(signins, oldest);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *one = *(const struct entry *const *)left, *other = *(const struct entry *const *)right;
	int order = compare_persons(&one->signin, &other->signin);

	return order != 0 ? order : (one->used > other->used) - (one->used < other->used);
}

typedef int (*comparison)(const struct signin *one, const struct signin *other);

struct run {
	struct entry **first;
	size_t count;
	int64_t used; /* longest ago */
};

/* The most that are alike, one after the other; of several such runs, the one with what was used longest ago. */
static struct run find_longest(struct run all, comparison compare)
{
	struct run longest = { NULL, 0, 0 };

	for (size_t start = 0, end; start < all.count; start = end) {
		struct run run = { all.first + start, 0, all.first[start]->used };

		for (end = start; end < all.count && compare(&run.first[0]->signin, &all.first[end]->signin) == 0;
		     end++)
			run.used = all.first[end]->used < run.used ? all.first[end]->used : run.used;
		run.count = end - start;
		if (run.count > longest.count || (run.count == longest.count && run.used < longest.used))
			longest = run;
	}
	return longest;
}

/* What was used longest ago by the person that has most, in the account that has most: a new tenant makes nobody
 * another. */
static int drop_dispensable(struct signins *signins, enum share share)
{
	CLEANUP_FREE struct entry **sorted = calloc(signins->count, sizeof(struct entry *));
	struct run run = { sorted, 0, 0 };
	size_t index = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < signins->count; i++)
		if (share_of(&signins->entries[i]->signin) == share)
			sorted[run.count++] = signins->entries[i];
	qsort(sorted, run.count, sizeof(struct entry *), compare_entries);
	run = find_longest(find_longest(run, compare_accounts), compare_persons);
	while (signins->entries[index] != run.first[0])
		index++;
	drop(signins, index);
	return 0;
}

static size_t count_share(const struct signins *signins, enum share share)
{
	size_t count = 0;

	for (size_t i = 0; i < signins->count; i++)
		count += share_of(&signins->entries[i]->signin) == share;
	return count;
}

static int make_room(struct signins *signins, enum share share)
{
	size_t capacity = signins->capacity > 0 ? 2 * signins->capacity : 16;
	struct entry **entries;

	if (count_share(signins, share) >= share_most[share])
		return drop_dispensable(signins, share);
	if (signins->count < signins->capacity)
		return 0;
	entries = reallocarray(signins->entries, capacity, sizeof(struct entry *));
	if (!entries)
		return -ENOMEM;
	signins->entries = entries;
	signins->capacity = capacity;
	return 0;
}

/* The index, or count. */
static size_t find(const struct signins *signins, const char *id)
{
	size_t i = 0;

	while (i < signins->count && strcmp(signins->entries[i]->signin.id, id) != 0)
		i++;
	return i;
}

static int insert(struct signins *signins, struct entry *entry, struct signin_now now)
{
	int r;

	pthread_mutex_lock(&signins->lock);
	drop_what_is_over(signins, now);
	drop_oldest_of(signins, &entry->signin);
	r = make_room(signins, share_of(&entry->signin));
	if (r == 0)
		signins->entries[signins->count++] = entry;
	pthread_mutex_unlock(&signins->lock);
	return r;
}

/* ---- begin ---- */

int signins_begin(struct signins *signins, struct signin *signin, struct signin_now now, int64_t lifetime, int64_t idle,
		  char ret_text[SIGNIN_TEXT_SIZE])
{
	struct entry *entry = malloc(sizeof(*entry));
	char text[SIGNIN_TEXT_SIZE];
	int r;

	if (!entry)
		return -ENOMEM;
	signin->created = signin->used = now.wall;
	signin->expires = now.wall + lifetime;
	*entry = (struct entry){ .signin = *signin,
				 .used = now.boot,
				 .ends = now.boot + lifetime,
				 .idle = idle,
				 .asked = now.boot - SIGNIN_ASK_AGAIN };
	r = draw(entry, text);
	if (r == 0) {
		memcpy(signin->id, entry->signin.id, sizeof(signin->id));
		r = insert(signins, entry, now);
	}
	if (r == 0)
		memcpy(ret_text, text, sizeof(text));
	else
		entry_free(entry);
	secret_wipe(text, sizeof(text));
	return r;
}

/* ---- find ---- */

/* As others see it: its end is as far from now as it is on the boot clock. */
static void copy_out(const struct entry *entry, struct signin_now now, struct signin *ret_signin)
{
	*ret_signin = entry->signin;
	ret_signin->expires = now.wall + (entry->ends - now.boot);
}

/* The index of what has this text and has not ended, or count. */
static size_t find_text(const struct signins *signins, const char *text, bool link, struct signin_now now)
{
	uint8_t digest[CRYPTO_HASH_SIZE];
	char id[SIGNIN_ID_SIZE + 1];
	const struct entry *entry;
	size_t found;

	if (!read_id(text, id) || crypto_sha256(text, SIGNIN_TEXT_SIZE - 1, digest) < 0)
		return signins->count;
	found = find(signins, id);
	if (found == signins->count)
		return found;
	entry = signins->entries[found];
	if (!secret_equal(entry->digest, digest, sizeof(digest)) || (entry->signin.use == SIGNIN_LINK) != link ||
	    is_over(entry, now))
		return signins->count;
	return found;
}

bool signins_redeem(struct signins *signins, const char *code, struct signin_now now, struct signin *ret_signin)
{
	size_t index;
	bool found;

	pthread_mutex_lock(&signins->lock);
	index = find_text(signins, code, true, now);
	found = index < signins->count;
	if (found) {
		copy_out(signins->entries[index], now, ret_signin);
		drop(signins, index);
	}
	pthread_mutex_unlock(&signins->lock);
	return found;
}

bool signins_find(struct signins *signins, const char *credential, uid_t gateway, struct signin_now now,
		  struct signin *ret_signin)
{
	size_t index;
	bool found;

	pthread_mutex_lock(&signins->lock);
	index = find_text(signins, credential, false, now);
	found = index < signins->count && signins->entries[index]->signin.gateway == gateway;
	if (found) {
		struct entry *entry = signins->entries[index];

		entry->used = now.boot;
		entry->signin.used = now.wall;
		copy_out(entry, now, ret_signin);
	}
	pthread_mutex_unlock(&signins->lock);
	return found;
}

bool signins_hold(struct signins *signins, const char *id, struct signin_now now)
{
	size_t index;
	bool held;

	pthread_mutex_lock(&signins->lock);
	index = find(signins, id);
	held = index < signins->count && !is_over(signins->entries[index], now);
	pthread_mutex_unlock(&signins->lock);
	return held;
}

/* ---- whether an administrator is one still ---- */

enum signin_standing signins_standing(struct signins *signins, const char *id, gid_t group, bool may_ask,
				      struct signin_now now)
{
	enum signin_standing standing = SIGNIN_FALLEN;
	struct entry *entry;
	size_t index;

	pthread_mutex_lock(&signins->lock);
	index = find(signins, id);
	if (index < signins->count && !is_over(signins->entries[index], now)) {
		entry = signins->entries[index];
		/* The settings name another group now: what was said of the one before counts for nothing. */
		if (entry->signin.group != group) {
			entry->signin.group = group;
			entry->signin.vouched = now.boot - SIGNIN_VOUCHED_MOST;
			entry->asked = now.boot - SIGNIN_ASK_AGAIN;
			entry->asking = false;
		}
		if (now.boot - entry->signin.vouched >= SIGNIN_ASK_AGAIN && may_ask && !entry->asking &&
		    now.boot - entry->asked >= SIGNIN_ASK_AGAIN) {
			entry->asking = true;
			entry->asked = now.boot;
			standing = SIGNIN_TO_ASK;
		} else if (now.boot - entry->signin.vouched < SIGNIN_VOUCHED_MOST) {
			standing = SIGNIN_STANDS;
		}
	}
	pthread_mutex_unlock(&signins->lock);
	return standing;
}

bool signins_settle(struct signins *signins, const char *id, gid_t group, int error, struct signin_now now,
		    struct signin *ret_signin)
{
	bool ended = false;
	size_t index;

	pthread_mutex_lock(&signins->lock);
	index = find(signins, id);
	if (index < signins->count && signins->entries[index]->signin.group == group) {
		struct entry *entry = signins->entries[index];

		entry->asking = false;
		/* It was so when that was asked, and may be otherwise since. */
		if (error == 0)
			entry->signin.vouched = entry->asked;
		ended = error == -EPERM || error == -ENOENT;
		if (ended) {
			copy_out(entry, now, ret_signin);
			drop(signins, index);
		}
	}
	pthread_mutex_unlock(&signins->lock);
	return ended;
}

/* ---- list and end ---- */

static int compare_uses(const void *left, const void *right)
{
	const struct entry *one = *(const struct entry *const *)left, *other = *(const struct entry *const *)right;

	if (one->used != other->used)
		return one->used < other->used ? 1 : -1;
	return strcmp(one->signin.id, other->signin.id);
}

size_t signins_list(struct signins *signins, signin_choice choice, const void *data, struct signin_now now,
		    struct signin *ret_signins, size_t most)
{
	size_t count = 0;

	pthread_mutex_lock(&signins->lock);
	drop_what_is_over(signins, now);
	/* The order they lie in means nothing. */
	if (signins->count > 0)
		qsort(signins->entries, signins->count, sizeof(struct entry *), compare_uses);
	for (size_t i = 0; i < signins->count; i++) {
		if (!choice(data, &signins->entries[i]->signin))
			continue;
		if (count < most)
			copy_out(signins->entries[i], now, &ret_signins[count]);
		count++;
	}
	pthread_mutex_unlock(&signins->lock);
	return count;
}

bool signins_end(struct signins *signins, const char *id, signin_choice choice, const void *data, struct signin_now now,
		 struct signin *ret_signin)
{
	size_t index;
	bool found;

	pthread_mutex_lock(&signins->lock);
	drop_what_is_over(signins, now);
	index = find(signins, id);
	found = index < signins->count && (!choice || choice(data, &signins->entries[index]->signin));
	if (found) {
		if (ret_signin)
			copy_out(signins->entries[index], now, ret_signin);
		drop(signins, index);
	}
	pthread_mutex_unlock(&signins->lock);
	return found;
}

void signins_end_those(struct signins *signins, signin_choice choice, const void *data)
{
	pthread_mutex_lock(&signins->lock);
	for (size_t i = signins->count; i-- > 0;)
		if (choice(data, &signins->entries[i]->signin))
			drop(signins, i);
	pthread_mutex_unlock(&signins->lock);
}

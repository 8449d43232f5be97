/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/ticket.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"

#define RANDOM_SIZE (WIRE_TICKET_SIZE / 2) /* bytes */

struct entry {
	struct ticket ticket; /* first: it is what the caller gets, and frees */
	uint8_t digest[CRYPTO_HASH_SIZE];
	int64_t issued; /* seconds since boot */
	char texts[];
};

_Static_assert(offsetof(struct entry, ticket) == 0, "an entry is freed by its ticket");

struct tickets {
	pthread_mutex_t lock;   /* over all below */
	struct entry **entries; /* the oldest first; NULL while there are none */
	size_t count, capacity;
};

int tickets_new(struct tickets **ret_tickets)
{
	struct tickets *tickets = calloc(1, sizeof(*tickets));

	if (!tickets)
		return -ENOMEM;
	pthread_mutex_init(&tickets->lock, NULL);
	*ret_tickets = tickets;
	return 0;
}

void tickets_free(struct tickets *tickets)
{
	if (!tickets)
		return;
	for (size_t i = 0; i < tickets->count; i++)
		free(tickets->entries[i]);
	free(tickets->entries);
	pthread_mutex_destroy(&tickets->lock);
	free(tickets);
}

/* Copies a text behind what is at *end; NULL for NULL. */
static const char *keep_text(const char *text, char **end)
{
	char *start = *end;

	if (!text)
		return NULL;
	*end = stpcpy(start, text) + 1;
	return start;
}

static size_t text_room(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static struct entry *entry_new(const struct ticket *ticket, int64_t boot_seconds)
{
	struct entry *entry = malloc(sizeof(*entry) + text_room(ticket->service) + text_room(ticket->user) +
				     text_room(ticket->rhost));
	char *end;

	if (!entry)
		return NULL;
	end = entry->texts;
	entry->ticket = *ticket;
	entry->ticket.service = keep_text(ticket->service, &end);
	entry->ticket.user = keep_text(ticket->user, &end);
	entry->ticket.rhost = keep_text(ticket->rhost, &end);
	entry->issued = boot_seconds;
	return entry;
}

/* Takes an entry out of the list, which lets go of its memory with the last one. */
static struct entry *take_out(struct tickets *tickets, size_t index)
{
	struct entry *entry = tickets->entries[index];

	tickets->count--;
	memmove(tickets->entries + index, tickets->entries + index + 1,
		(tickets->count - index) * sizeof(struct entry *));
	if (tickets->count == 0) {
		free(tickets->entries);
		tickets->entries = NULL;
		tickets->capacity = 0;
	}
	return entry;
}

static bool is_old(const struct entry *entry, int64_t boot_seconds)
{
	return boot_seconds < entry->issued || boot_seconds - entry->issued >= TICKET_LIFETIME;
}

static void drop_old(struct tickets *tickets, int64_t boot_seconds)
{
	while (tickets->count > 0 && is_old(tickets->entries[0], boot_seconds))
		free(take_out(tickets, 0));
}

/* Makes room for one more of a key that has as many as it may. */
static void drop_oldest_of(struct tickets *tickets, const char *key_id)
{
	size_t count = 0, oldest = 0;

	for (size_t i = tickets->count; i-- > 0;) {
		if (strcmp(tickets->entries[i]->ticket.key_id, key_id) != 0)
			continue;
		count++;
		oldest = i;
	}
	if (count >= TICKET_MOST_A_KEY)
		free(take_out(tickets, oldest));
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *one = *(const struct entry *const *)left, *other = *(const struct entry *const *)right;
	int order = strcmp(one->ticket.key_id, other->ticket.key_id);

	return order != 0 ? order : (one->issued > other->issued) - (one->issued < other->issued);
}

/* The oldest ticket of the key that has most; of several such keys, the one with the oldest. */
static const struct entry *find_dispensable(const struct tickets *tickets, struct entry **sorted)
{
	const struct entry *found = NULL;
	size_t most = 0;

	memcpy(sorted, tickets->entries, tickets->count * sizeof(struct entry *));
	qsort(sorted, tickets->count, sizeof(struct entry *), compare_entries);
	for (size_t start = 0, end; start < tickets->count; start = end) {
		for (end = start + 1; end < tickets->count; end++)
			if (strcmp(sorted[start]->ticket.key_id, sorted[end]->ticket.key_id) != 0)
				break;
		if (end - start > most || (end - start == most && sorted[start]->issued < found->issued)) {
			most = end - start;
			found = sorted[start];
		}
	}
	return found;
}

static int drop_dispensable(struct tickets *tickets)
{
	CLEANUP_FREE struct entry **sorted = calloc(tickets->count, sizeof(struct entry *));
	const struct entry *found;
	size_t index = 0;

	if (!sorted)
		return -ENOMEM;
	found = find_dispensable(tickets, sorted);
	while (tickets->entries[index] != found)
		index++;
	free(take_out(tickets, index));
	return 0;
}

static int make_room(struct tickets *tickets)
{
	size_t capacity = tickets->capacity > 0 ? 2 * tickets->capacity : 16;
	struct entry **entries;

	if (tickets->count >= TICKET_MOST)
		return drop_dispensable(tickets);
	if (tickets->count < tickets->capacity)
		return 0;
	entries = reallocarray(tickets->entries, capacity, sizeof(struct entry *));
	if (!entries)
		return -ENOMEM;
	tickets->entries = entries;
	tickets->capacity = capacity;
	return 0;
}

static int insert(struct tickets *tickets, struct entry *entry)
{
	int r;

	pthread_mutex_lock(&tickets->lock);
	drop_old(tickets, entry->issued);
	drop_oldest_of(tickets, entry->ticket.key_id);
	r = make_room(tickets);
	if (r == 0)
		tickets->entries[tickets->count++] = entry;
	pthread_mutex_unlock(&tickets->lock);
	return r;
}

int tickets_issue(struct tickets *tickets, const struct ticket *ticket, int64_t boot_seconds,
		  char ret_text[TICKET_TEXT_SIZE])
{
	struct entry *entry = entry_new(ticket, boot_seconds);
	uint8_t bytes[RANDOM_SIZE];
	int r;

	if (!entry)
		return -ENOMEM;
	r = crypto_random(bytes, sizeof(bytes));
	if (r == 0)
		r = crypto_sha256(bytes, sizeof(bytes), entry->digest);
	if (r == 0)
		r = insert(tickets, entry);
	if (r < 0)
		free(entry);
	else
		encoding_hex(bytes, sizeof(bytes), ret_text);
	secret_wipe(bytes, sizeof(bytes));
	return r;
}

/* All are looked at, wherever it lies. */
static struct entry *take(struct tickets *tickets, const uint8_t digest[CRYPTO_HASH_SIZE], int64_t boot_seconds)
{
	struct entry *entry = NULL;
	size_t found;

	pthread_mutex_lock(&tickets->lock);
	drop_old(tickets, boot_seconds);
	found = tickets->count;
	for (size_t i = 0; i < tickets->count; i++) {
		if (secret_equal(tickets->entries[i]->digest, digest, CRYPTO_HASH_SIZE))
			found = i;
	}
	if (found < tickets->count)
		entry = take_out(tickets, found);
	pthread_mutex_unlock(&tickets->lock);
	return entry;
}

struct ticket *tickets_redeem(struct tickets *tickets, const char *text, const char *service, int64_t boot_seconds)
{
	uint8_t bytes[RANDOM_SIZE], digest[CRYPTO_HASH_SIZE];
	struct entry *entry = NULL;

	if (encoding_unhex(text, bytes, sizeof(bytes)) && crypto_sha256(bytes, sizeof(bytes), digest) == 0)
		entry = take(tickets, digest, boot_seconds);
	secret_wipe(bytes, sizeof(bytes));
	if (!entry)
		return NULL;
	if (is_old(entry, boot_seconds) || strcmp(entry->ticket.service, service) != 0) {
		free(entry);
		return NULL;
	}
	return &entry->ticket;
}

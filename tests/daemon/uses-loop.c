/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Clients race for the uses of keys that have a hundred. Exactly so many get in; and while the daemon is killed with
 * SIGKILL at any moment, never one more: a use that was counted and whose answer was lost stays counted, so that it may
 * be fewer. A key's own text, HMAC tokens and access tokens that are good until they end all count alike; the account
 * phase counts nothing.
 *
 *   uses-loop [TIMES [SEED]]    TIMES keys of each kind raced for, and then TIMES kills
 */
#include "tests/daemon/loop.h"
#include "tests/daemon/pair-client.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"

#define CLIENTS 64
#define USES 100
#define DEFAULT_TIMES 2
#define KEYS_MAX 20000
#define SAMPLE 4 /* keys before the one that is raced for, looked at after a restart */

struct limited {
	bool made;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	char *credential; /* NULL: a new token is signed each time */
	struct pair pair;
	atomic_uint granted, lost; /* lost: may have been counted, and nobody heard the answer */
};

struct record {
	struct host *host;
	pthread_mutex_t lock; /* over making keys */
	struct limited *keys;
	atomic_uint end;      /* the number behind the last key */
	atomic_uint number;   /* of the key that is raced for */
	atomic_uint kills;    /* counted before each */
	atomic_uint nonce;    /* the last one */
	atomic_uint decided;  /* since the last start */
	atomic_uint accounts; /* account phases that followed */
	atomic_bool stop;
};

/* ---- keys ---- */

/* An administrator's connection that was lost is made anew until the daemon is there again. */
static struct apikey_admin *connect_admin(struct record *record)
{
	struct apikey_options options = host_options(record->host);
	int64_t end = milliseconds() + 60000;
	struct apikey_admin *admin = NULL;

	while (apikey_admin_open(&options, &admin) < 0) {
		if (milliseconds() > end)
			fail("there is no daemon");
		poll(NULL, 0, 1);
	}
	return admin;
}

/* True when it was done; false when the daemon was killed meanwhile. */
static bool done(struct apikey_admin *admin, const char *what, int r)
{
	if (r > 0)
		fail("%s: %s (%s)", what, apikey_answer_name(r), apikey_admin_message(admin));
	return r == 0;
}

/* NULL: the daemon was killed meanwhile. */
static struct apikey_key *create(struct apikey_admin *admin, unsigned int number, const char *kind)
{
	static unsigned int attempt;
	char name[64] = "";
	struct apikey_key_options options = loop_options(name);
	struct apikey_key *key = NULL;

	options.kind = kind;
	options.max_uses = USES;
	snprintf(name, sizeof(name), "key-%u-%u", number, attempt++);
	return done(admin, "create", apikey_key_create(admin, &options, &key)) ? key : NULL;
}

static bool make_opaque(struct apikey_admin *admin, unsigned int number, struct limited *limited)
{
	struct apikey_key *key = create(admin, number, "opaque");

	if (!key)
		return false;
	snprintf(limited->id, sizeof(limited->id), "%s", key->id);
	limited->credential = strdup(key->secret);
	apikey_key_free(key);
	return true;
}

static bool make_pair(struct apikey_admin *admin, unsigned int number, struct limited *limited)
{
	struct apikey_key *key = create(admin, number, "pair");
	size_t size = 0;

	if (!key)
		return false;
	snprintf(limited->id, sizeof(limited->id), "%s", key->id);
	memcpy(limited->pair.id, limited->id, sizeof(limited->pair.id));
	if (!encoding_base64_decode(key->private_key, strlen(key->private_key), limited->pair.private_key,
				    PRIVATE_KEY_SIZE, &size) ||
	    size != PRIVATE_KEY_SIZE)
		fail("the private key is none");
	apikey_key_free(key);
	return true;
}

static bool make_access(struct apikey_admin *admin, unsigned int number, struct limited *limited)
{
	struct apikey_token *token = NULL;
	bool issued;

	if (!make_opaque(admin, number, limited))
		return false;
	issued = done(admin, "issue", apikey_token_issue(admin, limited->credential, &token));
	free(limited->credential);
	limited->credential = issued ? strdup(token->token) : NULL;
	apikey_token_free(token);
	return issued;
}

/* One after the other. */
static const struct {
	const char *name;
	bool (*make)(struct apikey_admin *admin, unsigned int number, struct limited *limited);
} kinds[] = { { "opaque", make_opaque }, { "HMAC", make_pair }, { "access", make_access } };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct limited *key_of(struct record *record, unsigned int number)
{
	struct limited *limited = &record->keys[number];

	pthread_mutex_lock(&record->lock);
	while (!limited->made) {
		struct apikey_admin *admin = connect_admin(record);

		limited->made = kinds[number % KINDS].make(admin, number, limited);
		apikey_admin_free(admin);
	}
	pthread_mutex_unlock(&record->lock);
	return limited;
}

/* ---- clients ---- */

struct client {
	struct record *record;
	unsigned int lost_at; /* the kill at which this one lost an answer; it has one in flight */
	pthread_t thread;
};

/* The use was counted already: what follows may not be refused for that. */
static void ask_account(struct record *record, const struct apikey_request *granted, const char *handle)
{
	struct apikey_options options = host_options(record->host);
	struct apikey_request request = *granted;
	struct apikey_result *result = NULL;

	request.credential = handle;
	if (apikey_account(&options, &request, &result) < 0)
		fail("the account phase cannot be asked");
	/* After a kill nobody knows the handle. */
	if (result->verdict == APIKEY_FORBIDDEN)
		fail("the account phase says %s", result->reason);
	if (result->verdict == APIKEY_GRANTED)
		atomic_fetch_add(&record->accounts, 1);
	apikey_result_free(result);
}

static enum apikey_verdict use(struct record *record, struct limited *limited)
{
	struct apikey_options options = host_options(record->host);
	char nonce[32], token[PAIR_TOKEN_SIZE];
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = limited->credential ? limited->credential : token,
		.service = record->host->service,
		.permission = "test.use",
		.user = "alice",
	};
	struct apikey_result *result = NULL;
	enum apikey_verdict verdict;

	if (!limited->credential) {
		snprintf(nonce, sizeof(nonce), "nonce-%u", atomic_fetch_add(&record->nonce, 1));
		pair_token(&limited->pair, nonce, NULL, token);
	}
	if (apikey_verify(&options, &request, &result) < 0)
		fail("the daemon cannot be asked");
	verdict = result->verdict;
	if (verdict == APIKEY_GRANTED && atomic_fetch_add(&limited->granted, 1) >= USES)
		fail("the key %s was granted more than %d times", limited->id, USES);
	if (verdict != APIKEY_GRANTED && verdict != APIKEY_FORBIDDEN && verdict != APIKEY_UNAVAILABLE)
		fail("the key %s is refused: %s", limited->id, apikey_verdict_name(verdict));
	if (verdict == APIKEY_GRANTED)
		ask_account(record, &request, result->handle);
	if (verdict != APIKEY_UNAVAILABLE)
		atomic_fetch_add(&record->decided, 1);
	apikey_result_free(result);
	return verdict;
}

static void *client_run(void *data)
{
	struct client *client = data;
	struct record *record = client->record;

	while (!atomic_load(&record->stop)) {
		unsigned int number = atomic_load(&record->number), kills;
		struct limited *limited;
		enum apikey_verdict verdict;

		if (number >= atomic_load(&record->end))
			break;
		limited = key_of(record, number);
		verdict = use(record, limited);
		/* Who first hears that nothing is left leads on to the next key. */
		if (verdict == APIKEY_FORBIDDEN)
			(void)atomic_compare_exchange_strong(&record->number, &number, number + 1);
		if (verdict != APIKEY_UNAVAILABLE)
			continue;
		kills = atomic_load(&record->kills);
		if (client->lost_at != kills) {
			client->lost_at = kills;
			atomic_fetch_add(&limited->lost, 1);
		}
		poll(NULL, 0, 1);
	}
	return NULL;
}

/* They use keys from number begin to end. */
static void clients_start(struct record *record, struct client *clients, unsigned int begin, unsigned int end)
{
	atomic_store(&record->end, end);
	atomic_store(&record->number, begin);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		clients[i].record = record;
		if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]) != 0)
			fail("cannot start a thread");
	}
}

static void clients_join(struct client *clients)
{
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
}

/* ---- what has to hold ---- */

static unsigned int counted_uses(struct apikey_admin *admin, const char *id)
{
	struct apikey_key *key = NULL;
	unsigned int counted;

	if (!done(admin, "show", apikey_key_show(admin, id, &key)))
		fail("show: the connection was lost");
	counted = (unsigned int)key->counted_uses;
	apikey_key_free(key);
	return counted;
}

/* Keys that nobody uses any more, while nobody kills the daemon: what was granted was counted, and nothing else but
 * what was lost; and what has no use left has none after a restart. */
static void check_keys(struct record *record, unsigned int from, unsigned int end)
{
	struct apikey_admin *admin = host_admin(record->host);

	for (unsigned int i = from; i < end; i++) {
		struct limited *limited = &record->keys[i];
		unsigned int granted = atomic_load(&limited->granted), counted;

		if (use(record, limited) != APIKEY_FORBIDDEN)
			fail("the key %s is good again", limited->id);
		counted = counted_uses(admin, limited->id);
		if (counted != USES)
			fail("the key %s has no use left, and %u are counted", limited->id, counted);
		/* A client that was still at it may not have noted down what it lost. */
		if (counted < granted ||
		    (atomic_load(&record->stop) && counted > granted + atomic_load(&limited->lost)))
			fail("of the key %s %u uses are counted, %u were granted, %u lost", limited->id, counted,
			     granted, atomic_load(&limited->lost));
	}
	apikey_admin_free(admin);
}

static unsigned int accepted(const struct record *record, unsigned int from, unsigned int end)
{
	unsigned int sum = 0;

	for (unsigned int i = from; i < end; i++)
		sum += atomic_load(&record->keys[i].granted);
	return sum;
}

static void race(struct record *record, struct client *clients, unsigned int times)
{
	clients_start(record, clients, 0, times * KINDS);
	clients_join(clients);
	for (unsigned int i = 0; i < times * KINDS; i++) {
		if (atomic_load(&record->keys[i].granted) != USES)
			fail("the key %s was granted %u times, of %d", record->keys[i].id,
			     atomic_load(&record->keys[i].granted), USES);
	}
	for (unsigned int kind = 0; kind < KINDS; kind++)
		printf("%u %s keys, each used by %d clients: %d granted each time\n", times, kinds[kind].name, CLIENTS,
		       USES);
	fflush(stdout);
}

static void race_and_kill(struct record *record, struct client *clients, struct loop *loop)
{
	unsigned int begin = loop->times * KINDS, end = begin, lost = 0, granted;

	clients_start(record, clients, begin, KEYS_MAX);
	for (unsigned int i = 0; i < loop->times; i++) {
		loop_wait(&record->decided, 1 + loop_draw(&loop->seed, 2 * USES), &record->stop);
		atomic_fetch_add(&record->kills, 1);
		host_end(record->host, SIGKILL);
		end = atomic_load(&record->number);
		host_start(record->host);
		atomic_store(&record->decided, 0);
		check_keys(record, end > begin + SAMPLE ? end - SAMPLE : begin, end);
	}
	/* The last of them is used up as well. */
	atomic_store(&record->end, atomic_load(&record->number) + 1);
	clients_join(clients);
	atomic_store(&record->stop, true);
	end = atomic_load(&record->number);
	check_keys(record, begin, end);
	for (unsigned int i = begin; i < end; i++)
		lost += USES - atomic_load(&record->keys[i].granted);
	granted = accepted(record, begin, end);
	printf("%u kills, %u keys: %u uses granted, %u counted and lost; %u account phases\n", loop->times, end - begin,
	       granted, lost, atomic_load(&record->accounts));
	if (granted == 0 || atomic_load(&record->accounts) == 0)
		fail("too little happened to show anything");
}

/* Access tokens that are good until they end. */
static void allow_reuse(struct record *record)
{
	struct apikey_tenant_options options = { .size = sizeof(options), .token_reuse = 1 };
	struct apikey_admin *admin = host_admin(record->host);
	struct apikey_tenant_info *tenant = NULL;

	if (!done(admin, "tenant", apikey_tenant_update(admin, NULL, "default", &options, &tenant)))
		fail("the tenant cannot be changed");
	apikey_tenant_info_free(tenant);
	apikey_admin_free(admin);
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_TIMES);
	static struct record record = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct client clients[CLIENTS];
	static struct host host;

	record.host = &host;
	record.keys = calloc(KEYS_MAX, sizeof(*record.keys));
	if (!record.keys)
		fail("out of memory");
	if (loop.times > KEYS_MAX / 4 / KINDS - 2)
		fail("there are %d keys at most", KEYS_MAX);
	/* Refusals are what is asked for here, and must not slow down whom they are told. */
	host_open(&host, "[daemon]\nconnections_per_uid = 256\n" HOST_UNTHROTTLED);
	host_start(&host);
	allow_reuse(&record);
	race(&record, clients, loop.times);
	race_and_kill(&record, clients, &loop);
	host_end(&host, SIGTERM);
	for (unsigned int i = 0; i < KEYS_MAX; i++)
		free(record.keys[i].credential);
	free(record.keys);
	host_remove(&host);
	return EXIT_SUCCESS;
}

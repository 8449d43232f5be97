/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "common/thread_create.h"
#include "daemon/audit.h"
#include "daemon/audit_seal.h"
#include "daemon/journal.h"
#include "daemon/message_ids.h"
#include "daemon/vault.h"

#define LOOK INT64_C(1000000000)         /* nanoseconds */
#define SEAL_EVERY INT64_C(60000000000)  /* where there are new records, but no new key */
#define HEAD_EVERY INT64_C(300000000000) /* likewise */
#define HEAD_RECORDS CHAIN_EPOCH
#define DISK_PATIENCE INT64_C(10000000000) /* until it is said */

struct audit_keeper {
	struct daemon *daemon;
	pthread_t id;
	bool running;
	bool opened; /* a store was; of who opens it */
	/* Over all below. Whoever has it may wait for a disk, but not before there was a store. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	bool writable; /* as it was said last */
	bool loaded;   /* there is a seal */
	struct audit_seal seal;
	unsigned int generation;         /* of the vault it was sealed under */
	int64_t sealed_at, published_at; /* CLOCK_MONOTONIC, nanoseconds */
	struct audit_keeper_health health;
	/* What others are shown: whoever asks waits for no disk. */
	struct {
		pthread_mutex_t lock; /* over all in here, and for no longer than a copy takes */
		struct audit_keeper_health health;
		unsigned int waiting; /* threads, for a disk: */
		const char *disk;     /* this, of them that began last; static */
		int64_t disk_since;   /* CLOCK_MONOTONIC, nanoseconds */
	} shown;
};

static void unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define LOCKED(keeper)                                                                                                 \
	CLEANUP(unlock) __attribute__((unused)) pthread_mutex_t *locked = &(keeper)->lock;                             \
	pthread_mutex_lock(locked)

/* ---- what is shown ---- */

static void wait_for_disk(struct audit_keeper *keeper, const char *disk)
{
	pthread_mutex_lock(&keeper->shown.lock);
	keeper->shown.disk = disk;
	if (keeper->shown.waiting++ == 0)
		keeper->shown.disk_since = clock_monotonic();
	pthread_mutex_unlock(&keeper->shown.lock);
}

static void disk_answered(struct audit_keeper *keeper)
{
	pthread_mutex_lock(&keeper->shown.lock);
	keeper->shown.waiting--;
	pthread_mutex_unlock(&keeper->shown.lock);
}

static void show(struct audit_keeper *keeper)
{
	struct audit_keeper_health health = keeper->health;

	health.sealed = keeper->loaded;
	health.has_first = keeper->loaded && keeper->seal.has_first;
	health.first_seq = keeper->seal.first_seq;
	health.sealed_from = health.has_first ? keeper->seal.first_seq : keeper->seal.key.epoch * CHAIN_EPOCH;
	pthread_mutex_lock(&keeper->shown.lock);
	keeper->shown.health = health;
	pthread_mutex_unlock(&keeper->shown.lock);
}

void audit_keeper_health(struct audit_keeper *keeper, struct audit_keeper_health *ret_health)
{
	const char *disk;
	int64_t waited;

	pthread_mutex_lock(&keeper->shown.lock);
	*ret_health = keeper->shown.health;
	disk = keeper->shown.waiting > 0 ? keeper->shown.disk : NULL;
	waited = clock_monotonic() - keeper->shown.disk_since;
	pthread_mutex_unlock(&keeper->shown.lock);
	if (disk && waited >= DISK_PATIENCE)
		snprintf(ret_health->fault, sizeof(ret_health->fault),
			 "%s has not answered for %" PRId64
			 " s; until it does, records are guarded by a key that is getting old",
			 disk, waited / LOOK);
}

/* ---- the key ---- */

#define STATE_DISK "the disk of the state folder"
#define AUDIT_DISK "the disk of the audit file"

static void set_fault(struct audit_keeper *keeper, const char *what, int error)
{
	struct audit_keeper_health *health = &keeper->health;
	const char *until = keeper->loaded ? "are guarded by a key that is getting old" : "carry no MAC";
	char fault[sizeof(health->fault)] = "";

	if (error < 0 && !what) /* before there is anything to seal */
		snprintf(fault, sizeof(fault),
			 "the records of the audit cannot be brought to the disk: %s; until they can, they %s",
			 strerror(-error), until);
	else if (error < 0)
		snprintf(fault, sizeof(fault),
			 "the key of the audit's chain cannot be %s in %s/" AUDIT_SEAL_FILE
			 ": %s; until it can, records %s",
			 what, vault_folder(keeper->daemon->keeper), strerror(-error), until);
	if (strcmp(fault, health->fault) != 0)
		journal_print(keeper->daemon->journal, error < 0 ? LOG_ERR : LOG_NOTICE, "%s",
			      error < 0 ? fault : "the key of the audit's chain is sealed again");
	memcpy(health->fault, fault, sizeof(fault));
}

/* What was written before is on the disk when this returns. 0 or a negative errno. */
static int sync_records(struct audit_keeper *keeper)
{
	int r;

	wait_for_disk(keeper, AUDIT_DISK);
	r = audit_sync(keeper->daemon->audit);
	disk_answered(keeper);
	return r;
}

/* Without the lock: there may be no store yet, and whoever opens one waits for no disk here. */
static int sync_unlocked(struct audit_keeper *keeper)
{
	int r = sync_records(keeper);

	if (r < 0) {
		LOCKED(keeper);
		set_fault(keeper, NULL, r);
	}
	return r;
}

/* Seals, and from then on it is what counts; the records that it tells of go to the disk first. 0 or a negative errno.
 */
static int save(struct audit_keeper *keeper, const struct vault *vault, struct audit_seal *seal)
{
	struct audit_keeper_health *health = &keeper->health;
	int r = sync_records(keeper);

	keeper->sealed_at = clock_monotonic();
	if (r < 0) {
		set_fault(keeper, NULL, r);
		return r;
	}
	wait_for_disk(keeper, STATE_DISK);
	r = audit_seal_save(vault_folder(keeper->daemon->keeper), vault->keyring.data, seal);
	disk_answered(keeper);
	keeper->sealed_at = clock_monotonic();
	set_fault(keeper, "sealed", r);
	if (r < 0)
		return r;
	keeper->seal = *seal;
	keeper->loaded = true;
	health->sealed_at = clock_wall_seconds();
	return 0;
}

/* A new chain. It is on disk before the first record is written with it. */
static int begin(struct audit_keeper *keeper, const struct vault *vault, uint64_t seq, bool keep_first, const char *why,
		 struct chain_key *ret_first)
{
	CLEANUP(audit_seal_done) struct audit_seal seal = { .count = keeper->seal.count, .first_seq = seq };
	struct chain_key first;
	int r = chain_key_make(seq / CHAIN_EPOCH, &first);

	(void)audit_head(keeper->daemon->audit, &seal);
	seal.key = first;
	if (r == 0)
		r = chain_key_id(&first, seal.id);
	seal.has_first = keep_first;
	if (keep_first)
		seal.first = first;
	if (r == 0)
		r = save(keeper, vault, &seal);
	if (r == 0) {
		journal_print(keeper->daemon->journal, LOG_NOTICE,
			      "a chain of the audit begins with record %" PRIu64 ": %s", seq, why);
		audit_begin(keeper->daemon->audit, &seal, why);
		*ret_first = first;
	}
	secret_wipe(&first, sizeof(first));
	return r;
}

/* Takes the key that is there, or makes one. */
static void obtain(struct audit_keeper *keeper, const struct vault *vault)
{
	const char *why = "the key before does not reach the records of the file";
	CLEANUP(audit_seal_done) struct audit_seal seal = { .count = 0 };
	struct chain_key first;
	uint64_t seq;
	int r;

	if (!keeper->loaded) {
		r = audit_seal_load(vault_folder(keeper->daemon->keeper), vault->keyring.data, &seal);
		if (r == 0) {
			keeper->seal = seal;
			keeper->loaded = true;
			audit_continue(keeper->daemon->audit, &seal);
		} else if (r != -ENOENT && r != -EBADMSG) {
			set_fault(keeper, "read", r);
			return;
		}
		why = r == -ENOENT ? "there was no key" : "the sealed key did not open";
	}
	if (audit_lacks_key(keeper->daemon->audit, &seq) && begin(keeper, vault, seq, true, why, &first) == 0)
		secret_wipe(&first, sizeof(first));
}

void audit_keeper_vault_opened(void *data, const struct vault *vault)
{
	struct audit_keeper *keeper = data;

	/* There is a key since the first; or it could not be sealed, which the thread tries every second, and which may
	 * take as long as a disk does. Who opens a store is the main thread. */
	if (keeper->opened)
		return;
	keeper->opened = true;
	LOCKED(keeper);
	obtain(keeper, vault);
	show(keeper);
}

/* Seals the running key where the sealed one is another, and now and then where records have come. */
static void seal_running(struct audit_keeper *keeper, const struct vault *vault, bool now)
{
	CLEANUP(audit_seal_done) struct audit_seal seal = keeper->seal;
	unsigned int generation = vault_generation(keeper->daemon->keeper);

	if (!keeper->loaded || !audit_head(keeper->daemon->audit, &seal))
		return;
	now = now || clock_monotonic() - keeper->sealed_at >= SEAL_EVERY;
	if (seal.key.epoch == keeper->seal.key.epoch && generation == keeper->generation &&
	    *keeper->health.fault == '\0' && (!now || seal.seq == keeper->seal.seq))
		return;
	if (save(keeper, vault, &seal) == 0)
		keeper->generation = generation;
}

int audit_keeper_take_first(struct audit_keeper *keeper, bool anew, char ret_text[AUDIT_KEY_TEXT_SIZE])
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper->daemon->keeper);
	struct chain_key first;
	uint64_t seq;
	int r;

	LOCKED(keeper);
	if (!vault || !keeper->loaded)
		return -EAGAIN;
	if (anew) {
		(void)audit_lacks_key(keeper->daemon->audit, &seq);
		r = begin(keeper, vault, seq, false, "an administrator asked for it", &first);
	} else {
		CLEANUP(audit_seal_done) struct audit_seal seal = keeper->seal;

		if (!seal.has_first)
			return -ENOENT;
		first = seal.first;
		seq = seal.first_seq;
		(void)audit_head(keeper->daemon->audit, &seal);
		seal.has_first = false;
		secret_wipe(&seal.first, sizeof(seal.first));
		r = save(keeper, vault, &seal);
	}
	if (r == 0)
		r = audit_key_text_write(&first, seq, ret_text);
	secret_wipe(&first, sizeof(first));
	show(keeper);
	return r;
}

/* ---- heads ---- */

/* So that a tail that is cut off shows: whoever has the journal, or where it was sent to, knows what was there. Without
 * the lock: what it needs is written by nobody else. */
static void publish(struct audit_keeper *keeper, bool now)
{
	struct audit_keeper_health *health = &keeper->health;
	CLEANUP(audit_seal_done) struct audit_seal last = { .count = 0 };
	struct audit_health audit;
	char message[160], seq[64], head[128], chain[64], hex[2 * CHAIN_HASH_SIZE + 1];
	static const char id[] = "MESSAGE_ID=" MESSAGE_ID_AUDIT_HEAD;
	const char *const fields[] = { message, "PRIORITY=6", "SYSLOG_FACILITY=10", id, seq, head, chain };

	audit_health(keeper->daemon->audit, &audit);
	now = now || clock_monotonic() - keeper->published_at >= HEAD_EVERY ||
	      audit.seq >= health->published + HEAD_RECORDS;
	if (audit.seq == 0 || audit.seq == health->published || !now)
		return;
	/* The journal may be on another disk, or another host, and must not be ahead of the file after a power cut. */
	(void)audit_head(keeper->daemon->audit, &last);
	if (sync_unlocked(keeper) < 0)
		return;
	encoding_hex(last.prev, sizeof(last.prev), hex);
	snprintf(message, sizeof(message), "MESSAGE=audit: record %" PRIu64 " is the last, head %s", last.seq, hex);
	snprintf(seq, sizeof(seq), "APIKEYD_SEQ=%" PRIu64, last.seq);
	snprintf(head, sizeof(head), "APIKEYD_HEAD=%s", hex);
	snprintf(chain, sizeof(chain), "APIKEYD_CHAIN=%s", audit.keyed ? audit.chain : "none");
	journal_fields(keeper->daemon->journal, fields, ARRAY_SIZE(fields));
	keeper->published_at = clock_monotonic();
	LOCKED(keeper);
	health->published = last.seq;
}

/* ---- what is wrong ---- */

/* Once when it begins, and once when it is over. */
static void complain(struct audit_keeper *keeper)
{
	struct journal *journal = keeper->daemon->journal;
	struct audit_health health;

	audit_health(keeper->daemon->audit, &health);
	if (health.writable == keeper->writable)
		return;
	keeper->writable = health.writable;
	if (health.writable)
		journal_print(journal, LOG_NOTICE, "the audit is written again");
	else if (health.spool_max > 0)
		journal_print(journal, LOG_CRIT,
			      "%s; keys are verified all the same, and their records wait in memory, up to %" PRIu64
			      " bytes of them",
			      health.fault, health.spool_max);
	else
		journal_print(journal, LOG_CRIT, "%s; until it can be written, every login by key is refused",
			      health.fault);
}

/* ---- the thread ---- */

static void tend(struct audit_keeper *keeper, const struct vault *vault, bool now)
{
	LOCKED(keeper);
	audit_tend(keeper->daemon->audit);
	complain(keeper);
	if (vault) {
		obtain(keeper, vault);
		seal_running(keeper, vault, now);
	}
	show(keeper);
}

static void look(struct audit_keeper *keeper, bool now)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(keeper->daemon->keeper);

	tend(keeper, vault, now);
	publish(keeper, now);
	if (audit_has_rotated(keeper->daemon->audit))
		(void)sync_unlocked(keeper);
	LOCKED(keeper);
	show(keeper);
}

/* False when it is time to end. */
static bool wait_for_next(struct audit_keeper *keeper)
{
	int64_t at = clock_monotonic() + LOOK;
	struct timespec until = { .tv_sec = at / LOOK, .tv_nsec = at % LOOK };
	int r = 0;

	LOCKED(keeper);
	while (!keeper->stopping && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
	return !keeper->stopping;
}

static void *run(void *data)
{
	struct audit_keeper *keeper = data;

	(void)pthread_setname_np(pthread_self(), "audit");
	do
		look(keeper, false);
	while (wait_for_next(keeper));
	return NULL;
}

int audit_keeper_new(struct daemon *daemon, struct audit_keeper **ret_keeper)
{
	struct audit_keeper *keeper = calloc(1, sizeof(*keeper));
	pthread_condattr_t attributes;

	if (!keeper)
		return -ENOMEM;
	keeper->daemon = daemon;
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_mutex_init(&keeper->shown.lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	keeper->writable = true;
	/* The first head is published at the first look. */
	keeper->published_at = clock_monotonic() - HEAD_EVERY;
	*ret_keeper = keeper;
	return 0;
}

int audit_keeper_start(struct audit_keeper *keeper)
{
	int r = thread_create(run, keeper, &keeper->id);

	keeper->running = r == 0;
	return r;
}

void audit_keeper_stop(struct audit_keeper *keeper)
{
	if (!keeper || !keeper->running)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	pthread_cond_signal(&keeper->wake);
	pthread_mutex_unlock(&keeper->lock);
	pthread_join(keeper->id, NULL);
	keeper->running = false;
}

void audit_keeper_free(struct audit_keeper *keeper)
{
	if (!keeper)
		return;
	audit_keeper_stop(keeper);
	look(keeper, true);
	pthread_cond_destroy(&keeper->wake);
	pthread_mutex_destroy(&keeper->lock);
	pthread_mutex_destroy(&keeper->shown.lock);
	audit_seal_done(&keeper->seal);
	free(keeper);
}

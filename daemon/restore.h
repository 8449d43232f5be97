/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Restoring a backup. Its bytes come part by part into a folder of their own in the state folder. There they are
 * checked: whole, made under this master key, ours word for word. Then it is held against the present store, and only
 * at the end, in the writer's thread, where nothing else is written meanwhile, it takes the store's place in one
 * transaction. So a revoke that was acknowledged before is in the store that is compared, and a revoke that comes after
 * goes to the restored one.
 */
#ifndef APIKEYD_DAEMON_RESTORE_H
#define APIKEYD_DAEMON_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/backup_seal.h"
#include "daemon/restore_merge.h"
#include "daemon/vault.h"

/*
 * Greatest distance, in seconds, by which the epoch of an HMAC token may lie ahead of the clock. purged_epoch is set so
 * far ahead, since the restored store does not know which of them were used: none that can have been made before is
 * taken again. Access tokens need no such time: the keys that signed them are gone.
 */
#define RESTORE_EPOCH_AHEAD 300

struct audit;
struct restore;

/* What comes of it, and who asked. */
struct restore_outcome {
	struct backup_seal seal;
	uint64_t present_rev; /* 0 where it cannot be read */
	uint64_t rev;         /* of the restored store */
	bool present_unreadable;
	bool kept; /* the store before is STORE_KEPT */
	struct restore_report report;
};

/* A new, empty one; there is one at a time in a state folder. 0 or a negative errno and a sentence. */
int restore_new(const char *folder, struct restore **ret_restore, char *ret_fault, size_t fault_size);
/* Removes all it has in the state folder. Accepts NULL. */
void restore_free(struct restore *restore);
/* Removes what a killed daemon has left. */
void restore_clean(const char *folder);

/* Appends bytes; offset is where they belong, which is where the last ended. 0; -EINVAL; -ENOSPC, … */
int restore_write(struct restore *restore, uint64_t offset, const void *data, size_t size);

/*
 * Below: 0; -EKEYREJECTED, -EBADMSG, -EINVAL: the backup is refused for what it is; -ESTALE: the present store cannot
 * be read, and accept_revived was not said; or another negative errno. All with a sentence that says the mend.
 */

/* Checks what was written; once. Blocks for long. */
int restore_check(struct restore *restore, const uint8_t master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

/* What would come of it. vault NULL: there is none that is open. Blocks for long; restore_check() was. */
int restore_compare(struct restore *restore, struct vault *vault, bool accept_revived, int64_t now,
		    struct restore_outcome *ret_outcome, char *ret_fault, size_t fault_size);

/*
 * Makes it the store. In the writer's thread, without an open transaction. record makes the record for the change log
 * out of what came of it (malloc'ed; NULL: out of memory). Whatever comes of it, the restore is used up.
 */
typedef char *(*restore_record)(void *data, const struct restore_outcome *outcome);
int restore_commit(struct restore *restore, struct vault_keeper *keeper, struct vault *vault, struct audit *audit,
		   bool accept_revived, int64_t now, restore_record record, void *data,
		   struct restore_outcome *ret_outcome, char *ret_fault, size_t fault_size);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Handles: what a granted verdict gives its caller for the account phase. A handle says which secret was used and when,
 * and is bound by a MAC to peer, user, service and source, so it is worth nothing to another caller, for another user
 * or service, after HANDLE_LIFETIME, or after a reboot. Nothing is stored, so a daemon that restarts between the two
 * phases refuses nobody.
 *
 *     <key id>.<secret number>.<seconds since boot>.<64 hex digits>
 */
#ifndef APIKEYD_DAEMON_HANDLE_H
#define APIKEYD_DAEMON_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "crypto/crypto.h"
#include "proto/credential.h"
#include "proto/verdict.h"
#include "proto/wire.h"

#define HANDLE_LIFETIME 60 /* seconds on the boot clock */

/* Whom a handle is bound to. Texts may be NULL, which is "". */
struct handle_binding {
	uid_t peer_uid;
	const char *user, *service, *rhost;
};

/* Where the kernel says which boot this is. */
#define HANDLE_BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The key handles are signed with: derived from the keyring's handle key and this boot's id, which is read from the
 * file boot_id. 0, or a negative errno and a sentence. */
int handle_key(const uint8_t secret[CRYPTO_KEY_SIZE], const char *boot_id, struct crypto_mac **ret_mac, char *ret_fault,
	       size_t fault_size);

/* Writes a handle and a NUL. 0, or -EIO. */
int handle_make(struct crypto_mac *mac, const struct handle_binding *binding, const char *key_id, uint32_t secret,
		int64_t boot_seconds, char ret_handle[WIRE_HANDLE_MAX + 1]);

/* REASON_NONE and whose it is; bad_signature, or token_expired. */
enum reason handle_check(struct crypto_mac *mac, const struct handle_binding *binding, const char *handle,
			 int64_t boot_seconds, char ret_key_id[CREDENTIAL_KEY_ID_MAX + 1], uint32_t *ret_secret);

#endif

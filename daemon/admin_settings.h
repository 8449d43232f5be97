/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is configured, as items of the status, for administrators alone: apikeyctl doctor judges by what is in force
 * instead of reading the configuration a second time.
 */
#ifndef APIKEYD_DAEMON_ADMIN_SETTINGS_H
#define APIKEYD_DAEMON_ADMIN_SETTINGS_H

#include <stddef.h>

#include "daemon/daemon.h"
#include "proto/message.h"

#define ADMIN_SETTINGS_PEERS_MAX 64 /* more would not fit a packet; settings.peers says how many there are */
#define ADMIN_SETTINGS_MAX (ADMIN_SETTINGS_PEERS_MAX + 24)

/* Room for the items and for the texts that are made here. */
struct admin_settings {
	size_t count;
	struct message_item items[ADMIN_SETTINGS_MAX];
	char names[ADMIN_SETTINGS_PEERS_MAX][WIRE_NAME_MAX + 1];
};

/* Fills in the items, which live as long as ret_items, daemon and shared. */
void admin_settings_list(const struct daemon *daemon, const struct settings_shared *shared,
			 struct admin_settings *ret_items);

#endif

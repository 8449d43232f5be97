/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Inside the settings: the forms of values that are the daemon's own. */
#ifndef APIKEYD_DAEMON_SETTINGS_LOADER_H
#define APIKEYD_DAEMON_SETTINGS_LOADER_H

#include "common/settings_table.h"
#include "daemon/settings.h"

/* What the rows' offsets count in, and where each of the peers stood; malloc'ed. */
struct settings_draft {
	struct settings settings; /* first */
	unsigned int *peer_lines;
};

/* settings_taker: */
void settings_take_group(struct settings_loader *loader, const struct settings_row *row, const char *value,
			 void *place); /* admin_group */
void settings_take_grants(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place); /* char *: self-service permissions */
void settings_take_gateways(struct settings_loader *loader, const struct settings_row *row, const char *value,
			    void *place); /* gateway_users */
void settings_take_policy(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place); /* int64_t: what daemon/policies.h says of that name */

void settings_take_url(struct settings_loader *loader, const struct settings_row *row, const char *value,
		       void *place); /* char *: of a web page, without a slash at the end */

/* A line of [peers]: a user and its services. */
void settings_take_peer(struct settings_loader *loader, const char *name, const char *value);

#endif

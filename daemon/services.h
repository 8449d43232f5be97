/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The names of the services that verdicts were asked for, each with a small number to count under: the first so many
 * there are, for as long as the daemon runs. Only who may speak for a service brings its name in, so that nobody fills
 * the table, or has a name of own choice shown where services are. Safe for several threads; a look-up takes no lock.
 */
#ifndef APIKEYD_DAEMON_SERVICES_H
#define APIKEYD_DAEMON_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#define SERVICES_MOST 64
#define SERVICES_OTHER SERVICES_MOST /* the number of all that have no name here, */
#define SERVICES_OTHER_NAME "other"  /* and of one that is called so */

struct services;

/* 0, -ENOMEM. */
int services_new(struct services **ret_services);
/* Accepts NULL. */
void services_free(struct services *services);

/* The number of a name. With add, one that is not known is taken in while there is room, if it has the form of names
 * (proto/permission.h). */
size_t services_find(struct services *services, const char *name, bool add);

/* The name of a number; NULL where there is none. It lives as long as the table. */
const char *services_name(struct services *services, size_t number);

#endif

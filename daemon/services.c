/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An open table of places that hold numbers of names. A name is written before its place is, and never changes, so that
 * who reads needs no lock; there are twice as many places as names, so that each search ends at a free one.
 */
#include "daemon/services.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/permission.h"
#include "proto/wire.h"

#define PLACES ((size_t)2 * SERVICES_MOST)

struct services {
	pthread_mutex_t lock;        /* over adding */
	atomic_size_t count;         /* of names */
	atomic_uchar places[PLACES]; /* 0: free; else a name's number and one */
	char names[SERVICES_MOST][WIRE_SERVICE_MAX + 1];
};

int services_new(struct services **ret_services)
{
	struct services *services = calloc(1, sizeof(*services));

	if (!services)
		return -ENOMEM;
	pthread_mutex_init(&services->lock, NULL);
	*ret_services = services;
	return 0;
}

void services_free(struct services *services)
{
	if (!services)
		return;
	pthread_mutex_destroy(&services->lock);
	free(services);
}

/* FNV-1a. Names come from who is trusted with them, so nobody crowds a place. */
static size_t first_place(const char *name)
{
	uint32_t hash = UINT32_C(0x811c9dc5);

	for (const char *at = name; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT32_C(0x01000193);
	return (hash ^ hash >> 16) % PLACES;
}

/* The number, or SERVICES_OTHER and the place where the search ended. */
static size_t search(struct services *services, const char *name, size_t *ret_place)
{
	size_t place = first_place(name);

	for (;; place = (place + 1) % PLACES) {
		size_t number = atomic_load_explicit(&services->places[place], memory_order_acquire);

		*ret_place = place;
		if (number == 0)
			return SERVICES_OTHER;
		if (strcmp(services->names[number - 1], name) == 0)
			return number - 1;
	}
}

static size_t add_name(struct services *services, const char *name)
{
	size_t count, place, number;

	pthread_mutex_lock(&services->lock);
	/* Another thread may have been faster. */
	number = search(services, name, &place);
	count = atomic_load_explicit(&services->count, memory_order_relaxed);
	if (number == SERVICES_OTHER && count < SERVICES_MOST) {
		number = count;
		strcpy(services->names[number], name);
		atomic_store_explicit(&services->places[place], (unsigned char)(number + 1), memory_order_release);
		atomic_store_explicit(&services->count, count + 1, memory_order_release);
	}
	pthread_mutex_unlock(&services->lock);
	return number;
}

size_t services_find(struct services *services, const char *name, bool add)
{
	size_t place, number = search(services, name, &place);

	if (number != SERVICES_OTHER || !add ||
	    atomic_load_explicit(&services->count, memory_order_relaxed) == SERVICES_MOST ||
	    strlen(name) > WIRE_SERVICE_MAX || !permission_is_name(name) || strcmp(name, SERVICES_OTHER_NAME) == 0)
		return number;
	return add_name(services, name);
}

const char *services_name(struct services *services, size_t number)
{
	return number < atomic_load_explicit(&services->count, memory_order_acquire) ? services->names[number] : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The gateway as a process of its own, and requests to it over connections that are kept. What fails ends the test. */
#ifndef APIKEYD_TESTS_GATEWAY_GATEWAY_PROCESS_H
#define APIKEYD_TESTS_GATEWAY_GATEWAY_PROCESS_H

#include <stddef.h>

#define GATEWAY_USER "daemon" /* whom the gateway of a root run becomes */
#define GATEWAY_ROOM 4096     /* of an answer */

/*
 * Starts $APIKEY_GATEWAY, or gateway/apikey-gateway below the current folder, which asks in the folder runtime, listens
 * at the path and takes clients' addresses from X-Forwarded-For; it ends with the test. Waits until it serves; healthy:
 * and has found its daemon.
 */
void gateway_start(const char *runtime, const char *path, int healthy);
void gateway_stop(void);

/* A connection to it. */
int gateway_connect(void);

/* Sends a request and reads the whole of its answer, which ends in a NUL. Its size. */
size_t gateway_ask(int fd, const char *request, size_t size, char ret_answer[GATEWAY_ROOM]);

#endif

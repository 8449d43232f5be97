/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What programs share that do a thing over and over while the daemon is killed or raced: PROGRAM [TIMES [SEED]]. A seed
 * is printed and can be given again, which repeats what was drawn, though not how the threads ran. Whatever does not
 * work ends the program.
 */
#ifndef APIKEYD_TESTS_DAEMON_LOOP_H
#define APIKEYD_TESTS_DAEMON_LOOP_H

#include <stdatomic.h>

#include "tests/daemon/host.h"

struct loop {
	unsigned int times;
	unsigned int seed;
};

/* Reads the arguments and prints the seed. */
struct loop loop_open(int argc, char **argv, unsigned int default_times);

/* A number below the limit. */
unsigned int loop_draw(unsigned int *seed, unsigned int limit);

/* A key of alice's that opens what loop_verify() asks for, and does not expire. */
struct apikey_key_options loop_options(const char *name);

/* Asks the daemon whether a credential is let in, as alice at host->service with the permission test.use. */
enum apikey_verdict loop_verify(const struct host *host, const char *credential);

/* Waits until the clients have counted so many, or have stopped. */
void loop_wait(atomic_uint *counter, unsigned int number, atomic_bool *stopped);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the programs that run the built module share: a scene for each test with the services "demo" (times out after
 * FIXTURE_TIMEOUT) and "patient" (does not), a well-formed key, and a main().
 */
#ifndef APIKEYD_TESTS_PAM_MODULE_FIXTURE_H
#define APIKEYD_TESTS_PAM_MODULE_FIXTURE_H

#include <check.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "tests/pam_module/scene.h"
#include "tests/pam_module/server.h"

#define FIXTURE_TIMEOUT 300 /* milliseconds */
#define FIXTURE_SLACK 2000  /* milliseconds that a loaded machine may add */

#define FIXTURE_KEY_ID "Key000000001"
#define FIXTURE_SECRET "0123456789abcdef" /* a piece of the key's secret */

/* Of the running test. */
extern struct scene scene;
extern char key[SCENE_KEY_SIZE];

/* A server that grants everything. */
extern const struct server_script grants;

/* Receives the log from now on. */
void fixture_log_open(void);

/* Authenticates alice by the key against a server with this script; the code. *ret_milliseconds is how long it took. */
int fixture_run(const struct server_script *script, const char *service, int64_t *ret_milliseconds);

#define FIXTURE_LOOP(tests, name, cases) tcase_add_loop_test(tests, name, 0, (int)ARRAY_SIZE(cases))

/* Runs the tests that add puts in; what main() returns. */
int fixture_main(const char *name, void (*add)(TCase *tests));

#endif

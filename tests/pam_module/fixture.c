/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/pam_module/fixture.h"

#include <stdio.h>

#include "proto/verdict.h"
#include "tests/pam_module/trap.h"
#include "tests/suite.h"

struct scene scene;
char key[SCENE_KEY_SIZE];

const struct server_script grants = { .verdict = VERDICT_GRANTED, .account_verdict = VERDICT_GRANTED };

static void setup(void)
{
	scene_open(&scene);
	scene_key(1, key);
	scene_module_service(&scene, "demo", "timeout=300");
	scene_module_service(&scene, "patient", "timeout=20000");
}

static void teardown(void)
{
	scene_close(&scene);
}

void fixture_log_open(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/dev-log", scene.folder);
	trap_log_open(path);
}

int fixture_run(const struct server_script *script, const char *service, int64_t *ret_milliseconds)
{
	struct server server;
	int64_t begun;
	int code;

	server_start(&server, &scene, script);
	begun = scene_clock();
	code = authenticate_once(&scene, service, "alice", key);
	*ret_milliseconds = scene_clock() - begun;
	server_stop(&server);
	return code;
}

int fixture_main(const char *name, void (*add)(TCase *tests))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	add(tests);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}

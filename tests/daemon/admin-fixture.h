/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The daemon of once-fixture.h, with an administrator's connection to it. */
#ifndef APIKEYD_TESTS_DAEMON_ADMIN_FIXTURE_H
#define APIKEYD_TESTS_DAEMON_ADMIN_FIXTURE_H

#include "tests/daemon/once-fixture.h"

static struct wire_client *admin;

static inline void begin(void)
{
	setup();
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static inline void end(void)
{
	wire_close(admin);
	teardown();
}

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A daemon with a gateway's connection to it, a key that administers its tenant, and those of once-fixture.h, which a
 * test includes after it has said what it wants of it.
 */
#ifndef APIKEYD_TESTS_DAEMON_SIGNIN_FIXTURE_H
#define APIKEYD_TESTS_DAEMON_SIGNIN_FIXTURE_H

/* First, since what it takes is called what the fixture calls its own. */
#include "tests/daemon/signin-client.h"

#include "tests/daemon/once-fixture.h"
#include "tests/daemon/token-client.h"

static struct wire_client *gateway;
static struct wire_key actor; /* a key that administers its tenant */

static inline void begin(void)
{
	struct message_key_create wanted = { .name = "actor" };

	/* Another than the users that the tests become. */
	setup_as("daemon");
	wanted.permissions = wire_texts("apikeyd.*", "test.use", NULL);
	actor = wire_make_key(&host, &wanted);
	token_issue(&host, opaque.secret);
	make_gateway(&host, SETTINGS);
	gateway = open_gateway(&host);
}

static inline void end(void)
{
	wire_close(gateway);
	teardown();
}

#endif

# SPDX-License-Identifier: Apache-2.0 OR MIT
dist_check_SCRIPTS += tests/gateway/portal.sh tests/gateway/portal-security.sh
TESTS += tests/gateway/portal.sh tests/gateway/portal-security.sh
EXTRA_DIST += tests/gateway/portal-harness.sh
# For the stage "portal" of ./check.
EXTRA_DIST += tests/portal/devtools.py tests/portal/elsewhere.py tests/portal/login.py tests/portal/portal.py tests/portal/run.sh
dist_check_SCRIPTS += tests/gateway/api.sh tests/gateway/auth.sh tests/gateway/roles.sh
TESTS += tests/gateway/api.sh tests/gateway/auth.sh tests/gateway/roles.sh
EXTRA_DIST += tests/gateway/api.py tests/gateway/client.py tests/gateway/schema.py

dist_check_SCRIPTS += tests/gateway/metrics.sh
TESTS += tests/gateway/metrics.sh
EXTRA_DIST += tests/gateway/exposition.py tests/gateway/harness.sh

dist_check_SCRIPTS += tests/gateway/oauth.sh
TESTS += tests/gateway/oauth.sh

dist_check_SCRIPTS += tests/gateway/hostile.sh
TESTS += tests/gateway/hostile.sh

dist_check_SCRIPTS += tests/gateway/proxies.sh tests/gateway/tls.sh
TESTS += tests/gateway/proxies.sh tests/gateway/tls.sh

# Daemons that are not the one this gateway was made for.
check_PROGRAMS += tests/gateway/other-daemon
TESTS += tests/gateway/other-daemon
tests_gateway_other_daemon_SOURCES = tests/gateway/other-daemon.c $(gateway_process)
tests_gateway_other_daemon_LDADD = tests/daemon/libhost.la proto/libproto.la lib/libapikey-core.la

dist_check_SCRIPTS += tests/gateway/throttle.sh
TESTS += tests/gateway/throttle.sh

# Whether time tells refusals apart, as tests/daemon/timing: by ./check.
check_PROGRAMS += tests/gateway/timing
gateway_process = tests/gateway/gateway-process.c tests/gateway/gateway-process.h
tests_gateway_timing_SOURCES = tests/gateway/timing.c $(gateway_process)
tests_gateway_timing_LDADD = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la -lm

if HAVE_CHECK
gateway_tests = tests/gateway/test-api-body tests/gateway/test-api-document \
	tests/gateway/test-authorization tests/gateway/test-calls tests/gateway/test-problem tests/gateway/test-server \
	tests/gateway/test-upstream tests/gateway/test-urlencoded
gateway_tests += tests/gateway/test-exposition tests/gateway/test-settings tests/gateway/test-strict
gateway_tests += tests/gateway/test-portal
check_PROGRAMS += $(gateway_tests)
TESTS += $(gateway_tests)

gateway_test_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(SYSTEMD_CFLAGS) $(MICROHTTPD_CFLAGS)
gateway_test_ldadd = gateway/libgateway.la $(CHECK_LIBS) $(JANSSON_LIBS) $(SYSTEMD_LIBS)

tests_gateway_test_api_body_SOURCES = tests/gateway/test-api-body.c
tests_gateway_test_api_body_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_api_body_LDADD = $(gateway_test_ldadd)
tests_gateway_test_api_document_SOURCES = tests/gateway/test-api-document.c
tests_gateway_test_api_document_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_api_document_LDADD = $(gateway_test_ldadd)
tests_gateway_test_authorization_SOURCES = tests/gateway/test-authorization.c
tests_gateway_test_authorization_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_authorization_LDADD = $(gateway_test_ldadd)
tests_gateway_test_calls_SOURCES = tests/gateway/test-calls.c
tests_gateway_test_calls_CFLAGS = $(gateway_test_cflags) -pthread
tests_gateway_test_calls_LDADD = tests/daemon/libhost.la $(gateway_test_ldadd) -lpthread
tests_gateway_test_exposition_SOURCES = tests/gateway/test-exposition.c
tests_gateway_test_exposition_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_exposition_LDADD = $(gateway_test_ldadd)
tests_gateway_test_portal_SOURCES = tests/gateway/test-portal.c
tests_gateway_test_portal_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_portal_LDADD = $(gateway_test_ldadd)
tests_gateway_test_problem_SOURCES = tests/gateway/test-problem.c
tests_gateway_test_problem_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_problem_LDADD = $(gateway_test_ldadd)
tests_gateway_test_server_SOURCES = tests/gateway/test-server.c
tests_gateway_test_server_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_server_LDADD = $(gateway_test_ldadd)
tests_gateway_test_settings_SOURCES = tests/gateway/test-settings.c
tests_gateway_test_settings_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_settings_LDADD = $(gateway_test_ldadd)
tests_gateway_test_strict_SOURCES = tests/gateway/test-strict.c
tests_gateway_test_strict_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_strict_LDADD = $(gateway_test_ldadd) $(MICROHTTPD_LIBS)
tests_gateway_test_upstream_SOURCES = tests/gateway/test-upstream.c
tests_gateway_test_upstream_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_upstream_LDADD = tests/daemon/libhost.la $(gateway_test_ldadd)
tests_gateway_test_urlencoded_SOURCES = tests/gateway/test-urlencoded.c
tests_gateway_test_urlencoded_CFLAGS = $(gateway_test_cflags)
tests_gateway_test_urlencoded_LDADD = $(gateway_test_ldadd)
endif

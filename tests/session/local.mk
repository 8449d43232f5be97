# SPDX-License-Identifier: Apache-2.0 OR MIT
if HAVE_CHECK
session_tests = tests/session/test-helper tests/session/test-register tests/session/test-restart \
	tests/session/test-scope
check_PROGRAMS += $(session_tests)
TESTS += $(session_tests)

session_test_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS)
session_fake = tests/session/fake-system.c tests/session/fake-system.h
session_host = tests/session/helper.c tests/session/helper.h

tests_session_test_helper_SOURCES = tests/session/test-helper.c $(session_host)
tests_session_test_helper_CFLAGS = $(session_test_cflags)
tests_session_test_helper_LDADD = $(daemon_system_ldadd)
tests_session_test_restart_SOURCES = tests/session/test-restart.c $(session_host)
tests_session_test_restart_CFLAGS = $(session_test_cflags)
tests_session_test_restart_LDADD = $(daemon_system_ldadd)
tests_session_test_register_SOURCES = tests/session/test-register.c $(session_fake)
tests_session_test_register_CFLAGS = $(session_test_cflags) $(SYSTEMD_CFLAGS)
tests_session_test_register_LDADD = session/libsession.la $(CHECK_LIBS)
tests_session_test_scope_SOURCES = tests/session/test-scope.c $(session_fake)
tests_session_test_scope_CFLAGS = $(session_test_cflags)
tests_session_test_scope_LDADD = session/libsession.la $(CHECK_LIBS)
endif

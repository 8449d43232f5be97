# SPDX-License-Identifier: Apache-2.0 OR MIT
dist_check_SCRIPTS += tests/lib/test-manual.sh
TESTS += tests/lib/test-manual.sh

if HAVE_CHECK
lib_tests = \
	tests/lib/test-admin \
	tests/lib/test-caller \
	tests/lib/test-client \
	tests/lib/test-example \
	tests/lib/test-trust \
	tests/lib/test-verify
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

lib_test_libraries = lib/libapikey-core.la $(CHECK_LIBS) -lpthread
lib_test_peer = tests/lib/peer.c tests/lib/peer.h

tests_lib_test_admin_SOURCES = tests/lib/test-admin.c $(lib_test_peer)
tests_lib_test_admin_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_admin_LDADD = $(lib_test_libraries)

tests_lib_test_caller_SOURCES = tests/lib/test-caller.c $(lib_test_peer)
tests_lib_test_caller_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
if SANITIZING
tests_lib_test_caller_CPPFLAGS += -DSANITIZED
endif
# Lazy binding would save registers, and with them pieces of texts, on the stack that the test looks at.
tests_lib_test_caller_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free -Wl,-z,now
tests_lib_test_caller_LDADD = $(lib_test_libraries)

tests_lib_test_client_SOURCES = tests/lib/test-client.c $(lib_test_peer)
tests_lib_test_client_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_client_LDADD = $(lib_test_libraries)

tests_lib_test_example_SOURCES = tests/lib/test-example.c $(lib_test_peer)
tests_lib_test_example_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_example_LDADD = $(lib_test_libraries)

tests_lib_test_trust_SOURCES = tests/lib/test-trust.c $(lib_test_peer)
tests_lib_test_trust_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_trust_LDADD = $(lib_test_libraries)

tests_lib_test_verify_SOURCES = tests/lib/test-verify.c $(lib_test_peer)
tests_lib_test_verify_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_verify_LDADD = $(lib_test_libraries)
endif

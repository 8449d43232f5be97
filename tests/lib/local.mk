# SPDX-License-Identifier: Apache-2.0 OR MIT
if HAVE_CHECK
lib_tests = tests/lib/test-verify tests/lib/test-trust
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

lib_test_libraries = lib/libapikey-core.la $(CHECK_LIBS) -lpthread
lib_test_peer = tests/lib/peer.c tests/lib/peer.h

tests_lib_test_verify_SOURCES = tests/lib/test-verify.c $(lib_test_peer)
tests_lib_test_verify_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_verify_LDADD = $(lib_test_libraries)

tests_lib_test_trust_SOURCES = tests/lib/test-trust.c $(lib_test_peer)
tests_lib_test_trust_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_trust_LDADD = $(lib_test_libraries)
endif

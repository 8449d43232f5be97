# SPDX-License-Identifier: Apache-2.0 OR MIT
EXTRA_DIST += tests/vectors/hmac.json
EXTRA_DIST += tests/folder-sync.h tests/long.h tests/suite.h
if HAVE_CHECK
common_tests = tests/common/test-clock tests/common/test-encoding tests/common/test-fault \
	tests/common/test-network tests/common/test-secret tests/common/test-socket
check_PROGRAMS += $(common_tests)
TESTS += $(common_tests)

common_test_libs = common/libcommon.la $(CHECK_LIBS)
tests_common_test_clock_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_clock_LDADD = $(common_test_libs)
tests_common_test_encoding_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_encoding_LDADD = $(common_test_libs)
tests_common_test_fault_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_fault_LDADD = $(common_test_libs)
tests_common_test_network_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_network_LDADD = $(common_test_libs)
tests_common_test_secret_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_secret_LDADD = $(common_test_libs)
tests_common_test_secret_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=free
tests_common_test_socket_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_common_test_socket_LDADD = $(common_test_libs)
endif

# SPDX-License-Identifier: Apache-2.0 OR MIT

if HAVE_CHECK
check_PROGRAMS += tests/daemon/test-crypto
TESTS += tests/daemon/test-crypto
tests_daemon_test_crypto_SOURCES = tests/daemon/test-crypto.c
tests_daemon_test_crypto_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_crypto_LDADD = daemon/libdaemon.la $(CHECK_LIBS)

check_PROGRAMS += tests/daemon/test-keyring
TESTS += tests/daemon/test-keyring
tests_daemon_test_keyring_SOURCES = tests/daemon/test-keyring.c
tests_daemon_test_keyring_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_keyring_LDADD = daemon/libdaemon.la $(CHECK_LIBS)

check_PROGRAMS += tests/daemon/test-settings
TESTS += tests/daemon/test-settings
tests_daemon_test_settings_SOURCES = tests/daemon/test-settings.c
tests_daemon_test_settings_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_settings_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
endif

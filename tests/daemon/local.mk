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

check_PROGRAMS += tests/daemon/test-sealed-keys
TESTS += tests/daemon/test-sealed-keys
tests_daemon_test_sealed_keys_SOURCES = tests/daemon/test-sealed-keys.c
tests_daemon_test_sealed_keys_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_sealed_keys_LDADD = daemon/libdaemon.la $(CHECK_LIBS)

check_PROGRAMS += tests/daemon/test-settings
TESTS += tests/daemon/test-settings
tests_daemon_test_settings_SOURCES = tests/daemon/test-settings.c
tests_daemon_test_settings_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_settings_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
endif

# What the daemon decides, without a daemon.
if HAVE_CHECK
daemon_unit_tests = tests/daemon/test-policy tests/daemon/test-handle tests/daemon/test-limits tests/daemon/test-key-fields
check_PROGRAMS += $(daemon_unit_tests)
TESTS += $(daemon_unit_tests)
tests_daemon_test_policy_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_policy_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
tests_daemon_test_handle_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_handle_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
tests_daemon_test_limits_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_limits_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
tests_daemon_test_key_fields_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_key_fields_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
check_PROGRAMS += tests/daemon/test-audit tests/daemon/test-audit-rotation tests/daemon/test-audit-trouble
TESTS += tests/daemon/test-audit tests/daemon/test-audit-rotation tests/daemon/test-audit-trouble
tests_daemon_test_audit_SOURCES = tests/daemon/test-audit.c tests/daemon/audit-fixture.h tests/daemon/mount-namespace.h
tests_daemon_test_audit_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_daemon_test_audit_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(JANSSON_LIBS)
tests_daemon_test_audit_rotation_SOURCES = tests/daemon/test-audit-rotation.c tests/daemon/audit-fixture.h
tests_daemon_test_audit_rotation_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_daemon_test_audit_rotation_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(JANSSON_LIBS)
tests_daemon_test_audit_trouble_SOURCES = tests/daemon/test-audit-trouble.c tests/daemon/audit-fixture.h \
	tests/daemon/mount-namespace.h
tests_daemon_test_audit_trouble_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_daemon_test_audit_trouble_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += tests/daemon/test-journal tests/daemon/test-throttle tests/daemon/test-uses
TESTS += tests/daemon/test-journal tests/daemon/test-throttle tests/daemon/test-uses
tests_daemon_test_journal_SOURCES = tests/daemon/test-journal.c tests/daemon/mount-namespace.h
tests_daemon_test_journal_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS)
tests_daemon_test_journal_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
tests_daemon_test_throttle_SOURCES = tests/daemon/test-throttle.c
tests_daemon_test_throttle_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS)
tests_daemon_test_throttle_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
tests_daemon_test_uses_SOURCES = tests/daemon/test-uses.c
tests_daemon_test_uses_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS)
tests_daemon_test_uses_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
endif
# The whole daemon, killed and asked. flood takes root and a machine that does nothing else: ./check runs it.
daemon_host = tests/daemon/host.c tests/daemon/host.h
check_PROGRAMS += tests/daemon/kill-loop tests/daemon/revoke-order tests/daemon/flood
TESTS += tests/daemon/kill-loop tests/daemon/revoke-order
tests_daemon_kill_loop_SOURCES = tests/daemon/kill-loop.c $(daemon_host)
tests_daemon_kill_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_kill_loop_LDADD = lib/libapikey-core.la -lpthread
tests_daemon_revoke_order_SOURCES = tests/daemon/revoke-order.c $(daemon_host)
tests_daemon_revoke_order_LDADD = lib/libapikey-core.la
tests_daemon_flood_SOURCES = tests/daemon/flood.c $(daemon_host)
tests_daemon_flood_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"'
tests_daemon_flood_LDADD = lib/libapikey-core.la $(PAM_LIBS)
# The store: its parts share a scratch store.
if HAVE_CHECK
store_tests = tests/daemon/test-store tests/daemon/test-store-open tests/daemon/test-store-read \
	tests/daemon/test-store-row tests/daemon/test-store-schema tests/daemon/test-store-trouble
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
store_scratch = tests/daemon/store-scratch.c tests/daemon/store-scratch.h
tests_daemon_test_store_SOURCES = tests/daemon/test-store.c $(store_scratch)
tests_daemon_test_store_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)
tests_daemon_test_store_open_SOURCES = tests/daemon/test-store-open.c $(store_scratch)
tests_daemon_test_store_open_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_open_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)
tests_daemon_test_store_read_SOURCES = tests/daemon/test-store-read.c $(store_scratch)
tests_daemon_test_store_read_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_read_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)
tests_daemon_test_store_row_SOURCES = tests/daemon/test-store-row.c $(store_scratch)
tests_daemon_test_store_row_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_row_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)
tests_daemon_test_store_schema_SOURCES = tests/daemon/test-store-schema.c $(store_scratch)
tests_daemon_test_store_schema_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_schema_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)
tests_daemon_test_store_trouble_SOURCES = tests/daemon/test-store-trouble.c $(store_scratch)
tests_daemon_test_store_trouble_CFLAGS = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_daemon_test_store_trouble_LDADD = daemon/libdaemon.la $(CHECK_LIBS) $(SQLITE_LIBS)

# The whole daemon, asked by hand.
if HAVE_CHECK
daemon_system_tests = tests/daemon/test-daemon-verify tests/daemon/test-daemon-wire
check_PROGRAMS += $(daemon_system_tests)
TESTS += $(daemon_system_tests)
daemon_wire = $(daemon_host) tests/daemon/wire-client.c tests/daemon/wire-client.h
daemon_system_ldadd = lib/libapikey-core.la proto/libproto.la common/libcommon.la $(CHECK_LIBS)
tests_daemon_test_daemon_verify_SOURCES = tests/daemon/test-daemon-verify.c $(daemon_wire)
tests_daemon_test_daemon_verify_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_daemon_verify_LDADD = $(daemon_system_ldadd)
tests_daemon_test_daemon_wire_SOURCES = tests/daemon/test-daemon-wire.c $(daemon_wire)
tests_daemon_test_daemon_wire_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_daemon_wire_LDADD = $(daemon_system_ldadd)
endif

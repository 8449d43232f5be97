# SPDX-License-Identifier: Apache-2.0 OR MIT
daemon_test_cflags = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS)
daemon_test_ldadd = daemon/libdaemon.la $(CHECK_LIBS) -lpthread
daemon_host = tests/daemon/host.c tests/daemon/host.h
daemon_vault = tests/daemon/host-vault.c tests/daemon/host-vault.h
daemon_pair = tests/daemon/pair-client.c tests/daemon/pair-client.h $(daemon_vault)
daemon_loop = tests/daemon/loop.c tests/daemon/loop.h $(daemon_host)

# The whole daemon, killed and asked. flood takes root and a machine that does nothing else: ./check runs it.
check_PROGRAMS += tests/daemon/kill-loop tests/daemon/revoke-order tests/daemon/rotate-loop tests/daemon/flood
TESTS += tests/daemon/kill-loop tests/daemon/revoke-order tests/daemon/rotate-loop
tests_daemon_kill_loop_SOURCES = tests/daemon/kill-loop.c $(daemon_loop)
tests_daemon_kill_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_kill_loop_LDADD = lib/libapikey-core.la -lpthread
tests_daemon_revoke_order_SOURCES = tests/daemon/revoke-order.c $(daemon_loop)
tests_daemon_revoke_order_LDADD = lib/libapikey-core.la
tests_daemon_rotate_loop_SOURCES = tests/daemon/rotate-loop.c $(daemon_loop)
tests_daemon_rotate_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_rotate_loop_LDADD = lib/libapikey-core.la -lpthread
check_PROGRAMS += tests/daemon/master-key-loop
TESTS += tests/daemon/master-key-loop
tests_daemon_master_key_loop_SOURCES = tests/daemon/master-key-loop.c $(daemon_loop)
tests_daemon_master_key_loop_LDADD = lib/libapikey-core.la
tests_daemon_flood_SOURCES = tests/daemon/flood.c $(daemon_host)
tests_daemon_flood_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"'
tests_daemon_flood_LDADD = lib/libapikey-core.la $(PAM_LIBS)

# Longer with --long: tests/daemon/restore-loop ROUNDS.
check_PROGRAMS += tests/daemon/restore-loop
TESTS += tests/daemon/restore-loop
tests_daemon_restore_loop_SOURCES = tests/daemon/restore-loop.c $(daemon_loop)
tests_daemon_restore_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_restore_loop_LDADD = lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/import-loop KILLS.
check_PROGRAMS += tests/daemon/import-loop
TESTS += tests/daemon/import-loop
tests_daemon_import_loop_SOURCES = tests/daemon/import-loop.c $(daemon_loop)
tests_daemon_import_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_import_loop_LDADD = lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/once-loop KILLS.
check_PROGRAMS += tests/daemon/once-loop
TESTS += tests/daemon/once-loop
tests_daemon_once_loop_SOURCES = tests/daemon/once-loop.c $(daemon_pair) \
	$(daemon_loop)
tests_daemon_once_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_once_loop_LDADD = daemon/libdaemon.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/uses-loop KILLS.
check_PROGRAMS += tests/daemon/uses-loop
TESTS += tests/daemon/uses-loop
tests_daemon_uses_loop_SOURCES = tests/daemon/uses-loop.c $(daemon_pair) \
	$(daemon_loop)
tests_daemon_uses_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_uses_loop_LDADD = daemon/libdaemon.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/bind-loop KILLS.
check_PROGRAMS += tests/daemon/bind-loop
TESTS += tests/daemon/bind-loop
tests_daemon_bind_loop_SOURCES = tests/daemon/bind-loop.c $(daemon_loop)
tests_daemon_bind_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_bind_loop_LDADD = lib/libapikey-core.la -lpthread

# What is left of secrets in files, and in the memory of clients.
check_PROGRAMS += tests/daemon/stolen-copies tests/daemon/secret-client
TESTS += tests/daemon/stolen-copies
tests_daemon_stolen_copies_SOURCES = tests/daemon/stolen-copies.c tests/daemon/last-moment.c tests/daemon/last-moment.h \
	tests/daemon/needles.c tests/daemon/needles.h $(daemon_vault) $(daemon_host)
tests_daemon_stolen_copies_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"'
tests_daemon_stolen_copies_LDADD = daemon/libdaemon.la lib/libapikey-core.la
tests_daemon_stolen_copies_DEPENDENCIES = daemon/libdaemon.la lib/libapikey-core.la tests/daemon/secret-client
tests_daemon_secret_client_SOURCES = tests/daemon/secret-client.c
tests_daemon_secret_client_LDADD = lib/libapikey-sign.la lib/libapikey-core.la $(PAM_LIBS)

# Whether time tells refusals apart: on a machine that is not too busy, by ./check.
check_PROGRAMS += tests/daemon/timing
daemon_apart = tests/daemon/apart.c tests/daemon/apart.h tests/daemon/refusals.c tests/daemon/refusals.h \
	tests/daemon/samples.c tests/daemon/samples.h $(daemon_pair) $(daemon_host)
tests_daemon_timing_SOURCES = tests/daemon/timing.c $(daemon_apart) tests/daemon/wire-client.c tests/daemon/wire-client.h
tests_daemon_timing_LDADD = daemon/libdaemon.la lib/libapikey-core.la -lm

if HAVE_CHECK
daemon_tests =

# What the daemon decides and keeps, without a daemon.
daemon_tests += tests/daemon/test-handle
tests_daemon_test_handle_SOURCES = tests/daemon/test-handle.c
tests_daemon_test_handle_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_handle_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-history
tests_daemon_test_history_SOURCES = tests/daemon/test-history.c
tests_daemon_test_history_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_history_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-fields
tests_daemon_test_key_fields_SOURCES = tests/daemon/test-key-fields.c
tests_daemon_test_key_fields_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_fields_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-due
tests_daemon_test_due_SOURCES = tests/daemon/test-due.c
tests_daemon_test_due_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_due_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-filter
tests_daemon_test_key_filter_SOURCES = tests/daemon/test-key-filter.c
tests_daemon_test_key_filter_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_filter_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-pair
tests_daemon_test_key_pair_SOURCES = tests/daemon/test-key-pair.c
tests_daemon_test_key_pair_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_pair_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-secrets
tests_daemon_test_key_secrets_SOURCES = tests/daemon/test-key-secrets.c
tests_daemon_test_key_secrets_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_secrets_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-notices
tests_daemon_test_notices_SOURCES = tests/daemon/test-notices.c
tests_daemon_test_notices_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_notices_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-seal
tests_daemon_test_key_seal_SOURCES = tests/daemon/test-key-seal.c
tests_daemon_test_key_seal_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_seal_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-limits
tests_daemon_test_limits_SOURCES = tests/daemon/test-limits.c
tests_daemon_test_limits_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_limits_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-policies
tests_daemon_test_policies_SOURCES = tests/daemon/test-policies.c $(store_scratch)
tests_daemon_test_policies_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_policies_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-policy
tests_daemon_test_policy_SOURCES = tests/daemon/test-policy.c
tests_daemon_test_policy_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_policy_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-ticket
tests_daemon_test_ticket_SOURCES = tests/daemon/test-ticket.c
tests_daemon_test_ticket_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_ticket_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-sources
tests_daemon_test_sources_SOURCES = tests/daemon/test-sources.c
tests_daemon_test_sources_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_sources_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-alarms
tests_daemon_test_alarms_SOURCES = tests/daemon/test-alarms.c
tests_daemon_test_alarms_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_alarms_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-sealed-keys
tests_daemon_test_sealed_keys_SOURCES = tests/daemon/test-sealed-keys.c
tests_daemon_test_sealed_keys_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_sealed_keys_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-settings
tests_daemon_test_settings_SOURCES = tests/daemon/test-settings.c
tests_daemon_test_settings_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_settings_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-throttle
tests_daemon_test_throttle_SOURCES = tests/daemon/test-throttle.c
tests_daemon_test_throttle_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_throttle_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-uses
tests_daemon_test_uses_SOURCES = tests/daemon/test-uses.c
tests_daemon_test_uses_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_uses_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-journal
tests_daemon_test_journal_SOURCES = tests/daemon/test-journal.c tests/daemon/mount-namespace.h
tests_daemon_test_journal_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_journal_LDADD = $(daemon_test_ldadd)

# The audit reads back what it wrote.
daemon_tests += tests/daemon/test-audit
tests_daemon_test_audit_SOURCES = tests/daemon/test-audit.c tests/daemon/audit-fixture.h tests/daemon/mount-namespace.h
tests_daemon_test_audit_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-audit-sync
tests_daemon_test_audit_sync_SOURCES = tests/daemon/test-audit-sync.c tests/daemon/audit-fixture.h
tests_daemon_test_audit_sync_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_sync_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-audit-chain
tests_daemon_test_audit_chain_SOURCES = tests/daemon/test-audit-chain.c tests/daemon/audit-fixture.h
tests_daemon_test_audit_chain_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_chain_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-audit-rotation
tests_daemon_test_audit_rotation_SOURCES = tests/daemon/test-audit-rotation.c tests/daemon/audit-fixture.h
tests_daemon_test_audit_rotation_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_rotation_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-audit-read
tests_daemon_test_audit_read_SOURCES = tests/daemon/test-audit-read.c tests/daemon/audit-fixture.h
tests_daemon_test_audit_read_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_read_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-audit-trouble
tests_daemon_test_audit_trouble_SOURCES = tests/daemon/test-audit-trouble.c tests/daemon/audit-fixture.h tests/daemon/mount-namespace.h
tests_daemon_test_audit_trouble_CFLAGS = $(daemon_test_cflags) $(JANSSON_CFLAGS)
tests_daemon_test_audit_trouble_LDADD = $(daemon_test_ldadd) $(JANSSON_LIBS)

# The store: its parts share a scratch store.
store_scratch = tests/daemon/store-scratch.c tests/daemon/store-scratch.h

daemon_tests += tests/daemon/test-role
tests_daemon_test_role_SOURCES = tests/daemon/test-role.c $(store_scratch)
tests_daemon_test_role_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_role_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store
tests_daemon_test_store_SOURCES = tests/daemon/test-store.c $(store_scratch)
tests_daemon_test_store_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-changes
tests_daemon_test_store_changes_SOURCES = tests/daemon/test-store-changes.c $(store_scratch)
tests_daemon_test_store_changes_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_changes_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-claims
tests_daemon_test_claims_SOURCES = tests/daemon/test-claims.c
tests_daemon_test_claims_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_claims_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-signing-key
tests_daemon_test_signing_key_SOURCES = tests/daemon/test-signing-key.c $(store_scratch)
tests_daemon_test_signing_key_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_signing_key_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-once
tests_daemon_test_store_once_SOURCES = tests/daemon/test-store-once.c $(store_scratch)
tests_daemon_test_store_once_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_once_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-open
tests_daemon_test_store_open_SOURCES = tests/daemon/test-store-open.c $(store_scratch)
tests_daemon_test_store_open_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_open_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-read
tests_daemon_test_store_read_SOURCES = tests/daemon/test-store-read.c $(store_scratch)
tests_daemon_test_store_read_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_read_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-tenants
tests_daemon_test_store_tenants_SOURCES = tests/daemon/test-store-tenants.c $(store_scratch)
tests_daemon_test_store_tenants_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_tenants_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-row
tests_daemon_test_store_row_SOURCES = tests/daemon/test-store-row.c $(store_scratch)
tests_daemon_test_store_row_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_row_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-schema
tests_daemon_test_store_schema_SOURCES = tests/daemon/test-store-schema.c $(store_scratch)
tests_daemon_test_store_schema_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_schema_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-trouble
tests_daemon_test_store_trouble_SOURCES = tests/daemon/test-store-trouble.c $(store_scratch)
tests_daemon_test_store_trouble_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_trouble_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-store-copy
tests_daemon_test_store_copy_SOURCES = tests/daemon/test-store-copy.c $(store_scratch)
tests_daemon_test_store_copy_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_store_copy_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-restore
tests_daemon_test_restore_SOURCES = tests/daemon/test-restore.c $(store_scratch)
tests_daemon_test_restore_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_restore_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-restore-tenants
tests_daemon_test_restore_tenants_SOURCES = tests/daemon/test-restore-tenants.c $(store_scratch)
tests_daemon_test_restore_tenants_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_restore_tenants_LDADD = $(daemon_test_ldadd) $(SQLITE_LIBS)

# The whole daemon, asked by hand.
daemon_wire = $(daemon_host) tests/daemon/wire-client.c tests/daemon/wire-client.h
daemon_store = tests/daemon/host-store.c tests/daemon/host-store.h
daemon_system_ldadd = lib/libapikey-core.la $(CHECK_LIBS) -lpthread

daemon_tests += tests/daemon/test-daemon-session
tests_daemon_test_daemon_session_SOURCES = tests/daemon/test-daemon-session.c $(daemon_wire)
tests_daemon_test_daemon_session_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_session_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-ticket
tests_daemon_test_daemon_ticket_SOURCES = tests/daemon/test-daemon-ticket.c $(daemon_wire)
tests_daemon_test_daemon_ticket_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_ticket_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-verify
tests_daemon_test_daemon_verify_SOURCES = tests/daemon/test-daemon-verify.c $(daemon_wire)
tests_daemon_test_daemon_verify_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_verify_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-wire
tests_daemon_test_daemon_wire_SOURCES = tests/daemon/test-daemon-wire.c $(daemon_wire)
tests_daemon_test_daemon_wire_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_wire_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-service
tests_daemon_test_daemon_service_SOURCES = tests/daemon/test-daemon-service.c tests/daemon/mount-namespace.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_service_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_service_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-trouble
tests_daemon_test_daemon_trouble_SOURCES = tests/daemon/test-daemon-trouble.c $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_trouble_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
tests_daemon_test_daemon_trouble_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS) $(JANSSON_LIBS)

daemon_tests += tests/daemon/test-daemon-admin
tests_daemon_test_daemon_admin_SOURCES = tests/daemon/test-daemon-admin.c tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_admin_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
tests_daemon_test_daemon_admin_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += tests/daemon/other-clock
tests_daemon_other_clock_SOURCES = daemon/main.c tests/daemon/other-clock.c
tests_daemon_other_clock_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_other_clock_LDADD = $(daemon_apikeyd_LDADD) $(SQLITE_LIBS)

check_PROGRAMS += tests/daemon/slow-disk
tests_daemon_slow_disk_SOURCES = daemon/main.c tests/daemon/slow-disk.c
tests_daemon_slow_disk_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_slow_disk_LDADD = $(daemon_apikeyd_LDADD) $(SQLITE_LIBS)

daemon_once = tests/daemon/once-fixture.h tests/daemon/admin-fixture.h $(daemon_pair) $(daemon_store) $(daemon_wire)
daemon_tests += tests/daemon/test-daemon-once
tests_daemon_test_daemon_once_SOURCES = tests/daemon/test-daemon-once.c tests/daemon/admin-requests.h \
	$(daemon_once)
tests_daemon_test_daemon_once_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_once_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-lockdown
tests_daemon_test_daemon_lockdown_SOURCES = tests/daemon/test-daemon-lockdown.c tests/daemon/admin-requests.h \
	tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_lockdown_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_lockdown_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-token
tests_daemon_test_daemon_token_SOURCES = tests/daemon/test-daemon-token.c tests/daemon/admin-requests.h \
	tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_token_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_token_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-signin
tests_daemon_test_daemon_signin_SOURCES = tests/daemon/test-daemon-signin.c tests/daemon/signin-fixture.h \
	tests/daemon/signin-client.h tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_signin_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_signin_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-signin-attack
tests_daemon_test_daemon_signin_attack_SOURCES = tests/daemon/test-daemon-signin-attack.c tests/daemon/signin-fixture.h \
	tests/daemon/signin-client.h tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_signin_attack_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_signin_attack_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-standing
tests_daemon_test_daemon_standing_SOURCES = tests/daemon/test-daemon-standing.c tests/daemon/signin-client.h \
	tests/daemon/mount-namespace.h tests/daemon/private-etc.h tests/daemon/admin-requests.h $(daemon_wire)
tests_daemon_test_daemon_standing_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_standing_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-signin-scope
tests_daemon_test_daemon_signin_scope_SOURCES = tests/daemon/test-daemon-signin-scope.c tests/daemon/signin-client.h \
	tests/daemon/tenant-host.h tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_wire)
tests_daemon_test_daemon_signin_scope_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_signin_scope_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-signin
tests_daemon_test_signin_SOURCES = tests/daemon/test-signin.c
tests_daemon_test_signin_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_signin_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-daemon-token-forged
tests_daemon_test_daemon_token_forged_SOURCES = tests/daemon/test-daemon-token-forged.c tests/daemon/admin-requests.h \
	tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_token_forged_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_token_forged_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-token-tenant
tests_daemon_test_daemon_token_tenant_SOURCES = tests/daemon/test-daemon-token-tenant.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_wire)
tests_daemon_test_daemon_token_tenant_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_token_tenant_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-pending
tests_daemon_test_daemon_pending_SOURCES = tests/daemon/test-daemon-pending.c $(daemon_once)
tests_daemon_test_daemon_pending_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_pending_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-exclusive tests/daemon/test-daemon-uses
daemon_bounds = tests/daemon/bounds-fixture.h tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_exclusive_SOURCES = tests/daemon/test-daemon-exclusive.c $(daemon_bounds)
tests_daemon_test_daemon_exclusive_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_exclusive_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)
tests_daemon_test_daemon_uses_SOURCES = tests/daemon/test-daemon-uses.c $(daemon_bounds)
tests_daemon_test_daemon_uses_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_uses_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-alarms
tests_daemon_test_daemon_alarms_SOURCES = tests/daemon/test-daemon-alarms.c $(daemon_bounds)
tests_daemon_test_daemon_alarms_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_alarms_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-misuse
tests_daemon_test_daemon_misuse_SOURCES = tests/daemon/test-daemon-misuse.c $(daemon_bounds)
tests_daemon_test_daemon_misuse_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_misuse_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)
daemon_tests += tests/daemon/test-daemon-explain
tests_daemon_test_daemon_explain_SOURCES = tests/daemon/test-daemon-explain.c $(daemon_bounds)
tests_daemon_test_daemon_explain_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_explain_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-list
tests_daemon_test_daemon_list_SOURCES = tests/daemon/test-daemon-list.c tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_list_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_list_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-reach
tests_daemon_test_daemon_reach_SOURCES = tests/daemon/test-daemon-reach.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h tests/daemon/token-client.h $(daemon_wire)
tests_daemon_test_daemon_reach_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_reach_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-policies
tests_daemon_test_daemon_policies_SOURCES = tests/daemon/test-daemon-policies.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_policies_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_policies_LDADD = daemon/libdaemon.la $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-repeat
tests_daemon_test_daemon_repeat_SOURCES = tests/daemon/test-daemon-repeat.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_repeat_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_repeat_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-incident
tests_daemon_test_daemon_incident_SOURCES = tests/daemon/test-daemon-incident.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_incident_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_incident_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-tenants
tests_daemon_test_daemon_tenants_SOURCES = tests/daemon/test-daemon-tenants.c tests/daemon/tenant-host.h \
	tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_tenants_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_tenants_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-audit
tests_daemon_test_daemon_audit_SOURCES = tests/daemon/test-daemon-audit.c tests/daemon/admin-requests.h $(daemon_wire)
tests_daemon_test_daemon_audit_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_audit_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-audit-trouble
tests_daemon_test_daemon_audit_trouble_SOURCES = tests/daemon/test-daemon-audit-trouble.c tests/daemon/mount-namespace.h $(daemon_wire)
tests_daemon_test_daemon_audit_trouble_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_audit_trouble_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-metrics
tests_daemon_test_daemon_metrics_SOURCES = tests/daemon/test-daemon-metrics.c $(daemon_wire)
tests_daemon_test_daemon_metrics_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_metrics_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-services
tests_daemon_test_services_SOURCES = tests/daemon/test-services.c
tests_daemon_test_services_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_services_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-daemon-status
tests_daemon_test_daemon_status_SOURCES = tests/daemon/test-daemon-status.c tests/daemon/admin-requests.h $(daemon_wire)
tests_daemon_test_daemon_status_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_status_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-backup
tests_daemon_test_daemon_backup_SOURCES = tests/daemon/test-daemon-backup.c tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_backup_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_backup_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-authority
tests_daemon_test_daemon_authority_SOURCES = tests/daemon/test-daemon-authority.c tests/daemon/admin-requests.h \
	tests/daemon/mount-namespace.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_authority_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_authority_LDADD = $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-import
tests_daemon_test_daemon_import_SOURCES = tests/daemon/test-daemon-import.c tests/daemon/admin-requests.h $(daemon_wire)
tests_daemon_test_daemon_import_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_import_LDADD = daemon/libdaemon.la $(daemon_system_ldadd)
daemon_tests += tests/daemon/test-daemon-pair
tests_daemon_test_daemon_pair_SOURCES = tests/daemon/test-daemon-pair.c tests/daemon/admin-requests.h $(daemon_wire)
tests_daemon_test_daemon_pair_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_pair_LDADD = daemon/libdaemon.la $(daemon_system_ldadd)
daemon_tests += tests/daemon/test-daemon-role
tests_daemon_test_daemon_role_SOURCES = tests/daemon/test-daemon-role.c tests/daemon/admin-requests.h \
	tests/daemon/role-requests.h $(daemon_wire)
tests_daemon_test_daemon_role_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_role_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-role-authority
tests_daemon_test_daemon_role_authority_SOURCES = tests/daemon/test-daemon-role-authority.c \
	tests/daemon/admin-requests.h tests/daemon/role-requests.h $(daemon_wire)
tests_daemon_test_daemon_role_authority_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_role_authority_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-rotate
tests_daemon_test_daemon_rotate_SOURCES = tests/daemon/test-daemon-rotate.c tests/daemon/secret-dates.h tests/daemon/admin-requests.h $(daemon_store) $(daemon_wire)
tests_daemon_test_daemon_rotate_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_rotate_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-rotate-ways
tests_daemon_test_daemon_rotate_ways_SOURCES = tests/daemon/test-daemon-rotate-ways.c tests/daemon/secret-dates.h tests/daemon/admin-requests.h \
	tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_rotate_ways_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_rotate_ways_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-holder
tests_daemon_test_daemon_holder_SOURCES = tests/daemon/test-daemon-holder.c tests/daemon/admin-requests.h \
	tests/daemon/token-client.h $(daemon_once)
tests_daemon_test_daemon_holder_CFLAGS = $(daemon_test_cflags) $(SQLITE_CFLAGS)
tests_daemon_test_daemon_holder_LDADD = daemon/libdaemon.la $(daemon_system_ldadd) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-self-service
tests_daemon_test_daemon_self_service_SOURCES = tests/daemon/test-daemon-self-service.c tests/daemon/admin-requests.h \
	$(daemon_wire)
tests_daemon_test_daemon_self_service_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_self_service_LDADD = $(daemon_system_ldadd)

check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)
endif
# What a hostile client can do to the whole daemon.
check_PROGRAMS += tests/daemon/test-attack-descriptors
TESTS += tests/daemon/test-attack-descriptors
tests_daemon_test_attack_descriptors_SOURCES = tests/daemon/test-attack-descriptors.c $(daemon_host)
tests_daemon_test_attack_descriptors_LDADD = lib/libapikey-core.la
check_PROGRAMS += tests/daemon/test-attack-audit
TESTS += tests/daemon/test-attack-audit
tests_daemon_test_attack_audit_SOURCES = tests/daemon/test-attack-audit.c $(daemon_host)
tests_daemon_test_attack_audit_LDADD = lib/libapikey-core.la proto/libproto.la common/libcommon.la
check_PROGRAMS += tests/daemon/test-attack-starvation
TESTS += tests/daemon/test-attack-starvation
tests_daemon_test_attack_starvation_SOURCES = tests/daemon/test-attack-starvation.c $(daemon_host)
tests_daemon_test_attack_starvation_LDADD = lib/libapikey-core.la common/libcommon.la
check_PROGRAMS += tests/daemon/hung-names tests/daemon/test-attack-shutdown
TESTS += tests/daemon/test-attack-shutdown
tests_daemon_hung_names_SOURCES = daemon/main.c tests/daemon/hung-names.c
tests_daemon_hung_names_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_hung_names_LDADD = $(daemon_apikeyd_LDADD)
tests_daemon_test_attack_shutdown_SOURCES = tests/daemon/test-attack-shutdown.c $(daemon_host)
tests_daemon_test_attack_shutdown_LDADD = lib/libapikey-core.la proto/libproto.la common/libcommon.la
check_PROGRAMS += tests/daemon/test-attack-oracle
TESTS += tests/daemon/test-attack-oracle
tests_daemon_test_attack_oracle_SOURCES = tests/daemon/test-attack-oracle.c $(daemon_wire)
tests_daemon_test_attack_oracle_LDADD = lib/libapikey-core.la proto/libproto.la common/libcommon.la
if HAVE_CHECK
check_PROGRAMS += tests/daemon/test-attack-sockets
TESTS += tests/daemon/test-attack-sockets
tests_daemon_test_attack_sockets_SOURCES = tests/daemon/test-attack-sockets.c
tests_daemon_test_attack_sockets_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_attack_sockets_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
endif

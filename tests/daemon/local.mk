# SPDX-License-Identifier: Apache-2.0 OR MIT
daemon_test_cflags = $(AM_CFLAGS) -pthread $(CHECK_CFLAGS) $(SQLITE_CFLAGS) $(JANSSON_CFLAGS)
daemon_test_libs = $(CHECK_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) -lpthread
# Its parts alone, the whole of it from without, and both.
daemon_test_ldadd = tests/daemon/libhost.la daemon/libdaemon.la $(daemon_test_libs)
daemon_system_ldadd = tests/daemon/libhost.la lib/libapikey-core.la $(daemon_test_libs)
daemon_both_ldadd = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la $(daemon_test_libs)

# What tests share, compiled once; a program takes of it what it calls.
check_LTLIBRARIES += tests/daemon/libhost.la
tests_daemon_libhost_la_SOURCES = \
	tests/daemon/apart.c tests/daemon/apart.h \
	tests/daemon/host-store.c tests/daemon/host-store.h \
	tests/daemon/host-vault.c tests/daemon/host-vault.h \
	tests/daemon/host.c tests/daemon/host.h \
	tests/daemon/loop.c tests/daemon/loop.h \
	tests/daemon/pair-client.c tests/daemon/pair-client.h \
	tests/daemon/refusals.c tests/daemon/refusals.h \
	tests/daemon/samples.c tests/daemon/samples.h \
	tests/daemon/wire-client.c tests/daemon/wire-client.h
if HAVE_CHECK
tests_daemon_libhost_la_SOURCES += tests/daemon/store-scratch.c
endif
tests_daemon_libhost_la_CFLAGS = $(daemon_test_cflags)
EXTRA_DIST += \
	tests/daemon/admin-fixture.h tests/daemon/admin-requests.h tests/daemon/audit-fixture.h \
	tests/daemon/bounds-fixture.h tests/daemon/mount-namespace.h tests/daemon/once-fixture.h \
	tests/daemon/private-etc.h tests/daemon/role-requests.h tests/daemon/secret-dates.h \
	tests/daemon/signin-client.h tests/daemon/signin-fixture.h tests/daemon/store-scratch.h \
	tests/daemon/tenant-host.h tests/daemon/token-client.h

# The whole daemon, killed and asked. flood takes root and a machine that does nothing else: ./check runs it.
check_PROGRAMS += tests/daemon/kill-loop tests/daemon/revoke-order tests/daemon/rotate-loop tests/daemon/flood
TESTS += tests/daemon/kill-loop tests/daemon/revoke-order tests/daemon/rotate-loop
tests_daemon_kill_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_kill_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la -lpthread
tests_daemon_revoke_order_LDADD = tests/daemon/libhost.la lib/libapikey-core.la
tests_daemon_rotate_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_rotate_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la -lpthread
check_PROGRAMS += tests/daemon/master-key-loop
TESTS += tests/daemon/master-key-loop
tests_daemon_master_key_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la
tests_daemon_flood_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"'
tests_daemon_flood_LDADD = tests/daemon/libhost.la lib/libapikey-core.la $(PAM_LIBS)

# Longer with --long: tests/daemon/restore-loop ROUNDS.
check_PROGRAMS += tests/daemon/restore-loop
TESTS += tests/daemon/restore-loop
tests_daemon_restore_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_restore_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/import-loop KILLS.
check_PROGRAMS += tests/daemon/import-loop
TESTS += tests/daemon/import-loop
tests_daemon_import_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_import_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/once-loop KILLS.
check_PROGRAMS += tests/daemon/once-loop
TESTS += tests/daemon/once-loop
tests_daemon_once_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_once_loop_LDADD = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/uses-loop KILLS.
check_PROGRAMS += tests/daemon/uses-loop
TESTS += tests/daemon/uses-loop
tests_daemon_uses_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_uses_loop_LDADD = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la -lpthread

# Likewise: tests/daemon/bind-loop KILLS.
check_PROGRAMS += tests/daemon/bind-loop
TESTS += tests/daemon/bind-loop
tests_daemon_bind_loop_CFLAGS = $(AM_CFLAGS) -pthread
tests_daemon_bind_loop_LDADD = tests/daemon/libhost.la lib/libapikey-core.la -lpthread

# What is left of secrets in files, and in the memory of clients.
check_PROGRAMS += tests/daemon/stolen-copies tests/daemon/secret-client
TESTS += tests/daemon/stolen-copies
tests_daemon_stolen_copies_SOURCES = tests/daemon/stolen-copies.c tests/daemon/last-moment.c \
	tests/daemon/last-moment.h tests/daemon/needles.c tests/daemon/needles.h
tests_daemon_stolen_copies_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"'
tests_daemon_stolen_copies_LDADD = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la
tests_daemon_stolen_copies_DEPENDENCIES = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la tests/daemon/secret-client
tests_daemon_secret_client_LDADD = lib/libapikey-sign.la lib/libapikey-core.la $(PAM_LIBS)

# Whether time tells refusals apart: on a machine that is not too busy, by ./check.
check_PROGRAMS += tests/daemon/timing
tests_daemon_timing_LDADD = tests/daemon/libhost.la daemon/libdaemon.la lib/libapikey-core.la -lm

if HAVE_CHECK
daemon_tests =

# What the daemon decides and keeps, without a daemon.
daemon_tests += tests/daemon/test-handle
tests_daemon_test_handle_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_handle_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-history
tests_daemon_test_history_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_history_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-fields
tests_daemon_test_key_fields_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_fields_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-due
tests_daemon_test_due_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_due_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-filter
tests_daemon_test_key_filter_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_filter_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-pair
tests_daemon_test_key_pair_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_pair_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-secrets
tests_daemon_test_key_secrets_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_secrets_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-notices
tests_daemon_test_notices_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_notices_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-key-seal
tests_daemon_test_key_seal_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_key_seal_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-limits
tests_daemon_test_limits_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_limits_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-policies
tests_daemon_test_policies_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_policies_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-policy
tests_daemon_test_policy_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_policy_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-ticket
tests_daemon_test_ticket_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_ticket_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-sources
tests_daemon_test_sources_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_sources_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-alarms
tests_daemon_test_alarms_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_alarms_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-sealed-keys
tests_daemon_test_sealed_keys_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_sealed_keys_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-settings
tests_daemon_test_settings_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_settings_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-throttle
tests_daemon_test_throttle_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_throttle_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-uses
tests_daemon_test_uses_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_uses_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-journal
tests_daemon_test_journal_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_journal_LDADD = $(daemon_test_ldadd)

# The audit reads back what it wrote.
daemon_tests += tests/daemon/test-audit
tests_daemon_test_audit_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-audit-sync
tests_daemon_test_audit_sync_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_sync_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-audit-chain
tests_daemon_test_audit_chain_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_chain_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-audit-rotation
tests_daemon_test_audit_rotation_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_rotation_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-audit-read
tests_daemon_test_audit_read_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_read_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-audit-trouble
tests_daemon_test_audit_trouble_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_audit_trouble_LDADD = $(daemon_test_ldadd)

# The store: its parts share a scratch store.

daemon_tests += tests/daemon/test-role
tests_daemon_test_role_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_role_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store
tests_daemon_test_store_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-changes
tests_daemon_test_store_changes_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_changes_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-claims
tests_daemon_test_claims_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_claims_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-signing-key
tests_daemon_test_signing_key_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_signing_key_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-once
tests_daemon_test_store_once_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_once_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-open
tests_daemon_test_store_open_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_open_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-read
tests_daemon_test_store_read_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_read_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-tenants
tests_daemon_test_store_tenants_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_tenants_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-row
tests_daemon_test_store_row_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_row_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-schema
tests_daemon_test_store_schema_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_schema_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-trouble
tests_daemon_test_store_trouble_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_trouble_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-store-copy
tests_daemon_test_store_copy_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_store_copy_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-names
tests_daemon_test_names_CFLAGS = $(daemon_test_cflags) $(SYSTEMD_CFLAGS)
tests_daemon_test_names_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-restore
tests_daemon_test_restore_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_restore_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-restore-tenants
tests_daemon_test_restore_tenants_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_restore_tenants_LDADD = $(daemon_test_ldadd)

# The whole daemon, asked by hand.

daemon_tests += tests/daemon/test-daemon-session
tests_daemon_test_daemon_session_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_session_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-ticket
tests_daemon_test_daemon_ticket_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_ticket_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-verify
tests_daemon_test_daemon_verify_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_verify_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-wire
tests_daemon_test_daemon_wire_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_wire_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-service
tests_daemon_test_daemon_service_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_service_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-trouble
tests_daemon_test_daemon_trouble_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_trouble_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-admin
tests_daemon_test_daemon_admin_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_admin_LDADD = $(daemon_system_ldadd)

check_PROGRAMS += tests/daemon/other-clock
tests_daemon_other_clock_SOURCES = daemon/main.c tests/daemon/other-clock.c
tests_daemon_other_clock_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_other_clock_LDADD = $(daemon_apikeyd_LDADD) $(SQLITE_LIBS)

check_PROGRAMS += tests/daemon/slow-disk
tests_daemon_slow_disk_SOURCES = daemon/main.c tests/daemon/slow-disk.c
tests_daemon_slow_disk_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_slow_disk_LDADD = $(daemon_apikeyd_LDADD) $(SQLITE_LIBS)

daemon_tests += tests/daemon/test-daemon-once
tests_daemon_test_daemon_once_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_once_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-lockdown
tests_daemon_test_daemon_lockdown_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_lockdown_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-token
tests_daemon_test_daemon_token_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_token_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-signin
tests_daemon_test_daemon_signin_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_signin_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-signin-attack
tests_daemon_test_daemon_signin_attack_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_signin_attack_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-standing
tests_daemon_test_daemon_standing_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_standing_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-signin-scope
tests_daemon_test_daemon_signin_scope_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_signin_scope_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-signin
tests_daemon_test_signin_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_signin_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-daemon-token-forged
tests_daemon_test_daemon_token_forged_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_token_forged_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-token-tenant
tests_daemon_test_daemon_token_tenant_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_token_tenant_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-pending
tests_daemon_test_daemon_pending_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_pending_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-exclusive tests/daemon/test-daemon-uses
tests_daemon_test_daemon_exclusive_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_exclusive_LDADD = $(daemon_both_ldadd)
tests_daemon_test_daemon_uses_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_uses_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-alarms
tests_daemon_test_daemon_alarms_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_alarms_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-misuse
tests_daemon_test_daemon_misuse_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_misuse_LDADD = $(daemon_both_ldadd)
daemon_tests += tests/daemon/test-daemon-explain
tests_daemon_test_daemon_explain_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_explain_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-list
tests_daemon_test_daemon_list_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_list_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-reach
tests_daemon_test_daemon_reach_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_reach_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-policies
tests_daemon_test_daemon_policies_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_policies_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-repeat
tests_daemon_test_daemon_repeat_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_repeat_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-incident
tests_daemon_test_daemon_incident_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_incident_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-tenants
tests_daemon_test_daemon_tenants_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_tenants_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-audit
tests_daemon_test_daemon_audit_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_audit_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-audit-trouble
tests_daemon_test_daemon_audit_trouble_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_audit_trouble_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-metrics
tests_daemon_test_daemon_metrics_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_metrics_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-services
tests_daemon_test_services_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_services_LDADD = $(daemon_test_ldadd)

daemon_tests += tests/daemon/test-daemon-status
tests_daemon_test_daemon_status_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_status_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-backup
tests_daemon_test_daemon_backup_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_backup_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-authority
tests_daemon_test_daemon_authority_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_authority_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-import
tests_daemon_test_daemon_import_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_import_LDADD = $(daemon_both_ldadd)
daemon_tests += tests/daemon/test-daemon-pair
tests_daemon_test_daemon_pair_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_pair_LDADD = $(daemon_both_ldadd)
daemon_tests += tests/daemon/test-daemon-role
tests_daemon_test_daemon_role_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_role_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-role-authority
tests_daemon_test_daemon_role_authority_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_role_authority_LDADD = $(daemon_system_ldadd)

daemon_tests += tests/daemon/test-daemon-rotate
tests_daemon_test_daemon_rotate_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_rotate_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-rotate-ways
tests_daemon_test_daemon_rotate_ways_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_rotate_ways_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-holder
tests_daemon_test_daemon_holder_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_holder_LDADD = $(daemon_both_ldadd)

daemon_tests += tests/daemon/test-daemon-self-service
tests_daemon_test_daemon_self_service_CFLAGS = $(daemon_test_cflags)
tests_daemon_test_daemon_self_service_LDADD = $(daemon_system_ldadd)

check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)
endif
# What a hostile client can do to the whole daemon.
check_PROGRAMS += tests/daemon/test-attack-descriptors
TESTS += tests/daemon/test-attack-descriptors
tests_daemon_test_attack_descriptors_LDADD = tests/daemon/libhost.la lib/libapikey-core.la
check_PROGRAMS += tests/daemon/test-attack-audit
TESTS += tests/daemon/test-attack-audit
tests_daemon_test_attack_audit_LDADD = tests/daemon/libhost.la lib/libapikey-core.la proto/libproto.la common/libcommon.la
check_PROGRAMS += tests/daemon/test-attack-starvation
TESTS += tests/daemon/test-attack-starvation
tests_daemon_test_attack_starvation_LDADD = tests/daemon/libhost.la lib/libapikey-core.la common/libcommon.la
check_PROGRAMS += tests/daemon/hung-names tests/daemon/test-attack-shutdown
TESTS += tests/daemon/test-attack-shutdown
tests_daemon_hung_names_SOURCES = daemon/main.c tests/daemon/hung-names.c
tests_daemon_hung_names_CFLAGS = $(daemon_apikeyd_CFLAGS)
tests_daemon_hung_names_LDADD = $(daemon_apikeyd_LDADD)
tests_daemon_test_attack_shutdown_LDADD = tests/daemon/libhost.la lib/libapikey-core.la proto/libproto.la common/libcommon.la
check_PROGRAMS += tests/daemon/test-attack-oracle
TESTS += tests/daemon/test-attack-oracle
tests_daemon_test_attack_oracle_LDADD = tests/daemon/libhost.la lib/libapikey-core.la proto/libproto.la common/libcommon.la
if HAVE_CHECK
check_PROGRAMS += tests/daemon/test-attack-sockets
TESTS += tests/daemon/test-attack-sockets
tests_daemon_test_attack_sockets_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_daemon_test_attack_sockets_LDADD = daemon/libdaemon.la $(CHECK_LIBS)
endif

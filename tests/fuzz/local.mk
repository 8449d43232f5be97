# SPDX-License-Identifier: Apache-2.0 OR MIT
# With --enable-fuzzing the targets are linked with libFuzzer (tests/fuzz/run-fuzz.sh); otherwise with a main() that
# replays files, so that every build runs them over their seeds.
if FUZZING
fuzz_main =
else
fuzz_main = tests/fuzz/replay.c
endif
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

fuzz_targets = tests/fuzz/fuzz-packet tests/fuzz/fuzz-credential tests/fuzz/fuzz-permission \
	tests/fuzz/fuzz-clock tests/fuzz/fuzz-network tests/fuzz/fuzz-encoding tests/fuzz/fuzz-reply \
	tests/fuzz/fuzz-options tests/fuzz/fuzz-settings tests/fuzz/fuzz-audit-record tests/fuzz/fuzz-audit-tail \
	tests/fuzz/fuzz-audit-verify \
	tests/fuzz/fuzz-audit-entry \
	tests/fuzz/fuzz-secrets tests/fuzz/fuzz-database tests/fuzz/fuzz-master-key-text \
	tests/fuzz/fuzz-hmac-token tests/fuzz/fuzz-access-token \
	tests/fuzz/fuzz-scan tests/fuzz/fuzz-import-line \
	tests/fuzz/fuzz-scope tests/fuzz/fuzz-kept-session \
	tests/fuzz/fuzz-http tests/fuzz/fuzz-gateway-settings
check_PROGRAMS += $(fuzz_targets) tests/fuzz/write-seeds
TESTS += tests/fuzz/check-corpus.sh
EXTRA_DIST += tests/fuzz/check-corpus.sh tests/fuzz/run-fuzz.sh tests/fuzz/fuzz.h tests/fuzz/replay.c tests/fuzz/corpus

tests_fuzz_write_seeds_SOURCES = tests/fuzz/write-seeds.c tests/proto/records.c
tests_fuzz_write_seeds_LDADD = proto/libproto.la common/libcommon.la

tests_fuzz_fuzz_packet_SOURCES = tests/fuzz/fuzz-packet.c tests/proto/records.c $(fuzz_main)
tests_fuzz_fuzz_packet_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_packet_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_credential_SOURCES = tests/fuzz/fuzz-credential.c $(fuzz_main)
tests_fuzz_fuzz_credential_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_credential_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_scan_SOURCES = tests/fuzz/fuzz-scan.c tests/proto/scan-reference.h $(fuzz_main)
tests_fuzz_fuzz_scan_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_scan_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_hmac_token_SOURCES = tests/fuzz/fuzz-hmac-token.c $(fuzz_main)
tests_fuzz_fuzz_hmac_token_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_hmac_token_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_access_token_SOURCES = tests/fuzz/fuzz-access-token.c $(fuzz_main)
tests_fuzz_fuzz_access_token_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_access_token_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_import_line_SOURCES = tests/fuzz/fuzz-import-line.c cli/import_line.c cli/text.c cli/when.c $(fuzz_main)
tests_fuzz_fuzz_import_line_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_import_line_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_import_line_LDADD = $(JANSSON_LIBS)
tests_fuzz_fuzz_permission_SOURCES = tests/fuzz/fuzz-permission.c $(fuzz_main)
tests_fuzz_fuzz_permission_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_permission_LDADD = proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_clock_SOURCES = tests/fuzz/fuzz-clock.c cli/when.c $(fuzz_main)
tests_fuzz_fuzz_clock_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_clock_LDADD = common/libcommon.la
tests_fuzz_fuzz_network_SOURCES = tests/fuzz/fuzz-network.c $(fuzz_main)
tests_fuzz_fuzz_network_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_network_LDADD = common/libcommon.la
tests_fuzz_fuzz_encoding_SOURCES = tests/fuzz/fuzz-encoding.c $(fuzz_main)
tests_fuzz_fuzz_encoding_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_encoding_LDADD = common/libcommon.la
tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c $(fuzz_main)
tests_fuzz_fuzz_reply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_reply_LDADD = lib/libapikey-core.la proto/libproto.la common/libcommon.la
tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz-options.c $(fuzz_main)
tests_fuzz_fuzz_options_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_options_LDADD = pam_module/libmodule.la lib/libapikey-core.la proto/libproto.la common/libcommon.la \
	$(PAM_LIBS)
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz-settings.c $(fuzz_main)
tests_fuzz_fuzz_settings_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_settings_LDADD = daemon/libdaemon.la
tests_fuzz_fuzz_audit_record_SOURCES = tests/fuzz/fuzz-audit-record.c $(fuzz_main)
tests_fuzz_fuzz_audit_record_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_audit_record_LDADD = daemon/libdaemon.la
tests_fuzz_fuzz_audit_entry_SOURCES = tests/fuzz/fuzz-audit-entry.c $(fuzz_main)
tests_fuzz_fuzz_audit_entry_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_audit_entry_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_audit_entry_LDADD = daemon/libdaemon.la $(JANSSON_LIBS)
tests_fuzz_fuzz_audit_verify_SOURCES = tests/fuzz/fuzz-audit-verify.c $(fuzz_main)
tests_fuzz_fuzz_audit_verify_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_audit_verify_LDADD = crypto/libcrypto-layer.la common/libcommon.la
tests_fuzz_fuzz_audit_tail_SOURCES = tests/fuzz/fuzz-audit-tail.c $(fuzz_main)
tests_fuzz_fuzz_audit_tail_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_audit_tail_LDADD = daemon/libdaemon.la
tests_fuzz_fuzz_secrets_SOURCES = tests/fuzz/fuzz-secrets.c $(fuzz_main)
tests_fuzz_fuzz_secrets_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_fuzz_fuzz_secrets_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_secrets_LDADD = daemon/libdaemon.la
tests_fuzz_fuzz_database_SOURCES = tests/fuzz/fuzz-database.c $(fuzz_main)
tests_fuzz_fuzz_database_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_database_LDADD = daemon/libdaemon.la
tests_fuzz_fuzz_master_key_text_SOURCES = tests/fuzz/fuzz-master-key-text.c $(fuzz_main)
tests_fuzz_fuzz_master_key_text_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_master_key_text_LDADD = crypto/libcrypto-layer.la common/libcommon.la
tests_fuzz_fuzz_scope_SOURCES = tests/fuzz/fuzz-scope.c $(fuzz_main)
tests_fuzz_fuzz_scope_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_scope_LDADD = session/libsession.la
tests_fuzz_fuzz_kept_session_SOURCES = tests/fuzz/fuzz-kept-session.c $(fuzz_main)
tests_fuzz_fuzz_kept_session_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tests_fuzz_fuzz_kept_session_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_kept_session_LDADD = session/libsession.la
tests_fuzz_fuzz_gateway_settings_SOURCES = tests/fuzz/fuzz-gateway-settings.c $(fuzz_main)
tests_fuzz_fuzz_gateway_settings_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_gateway_settings_LDADD = gateway/libgateway.la
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz-http.c $(fuzz_main)
tests_fuzz_fuzz_http_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_http_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_http_LDADD = gateway/libgateway.la

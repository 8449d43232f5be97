# SPDX-License-Identifier: Apache-2.0 OR MIT
EXTRA_DIST += tests/proto/records.c tests/proto/records.h tests/proto/every-kind.h
if HAVE_CHECK
proto_tests = tests/proto/test-access-token tests/proto/test-codec tests/proto/test-credential tests/proto/test-encode \
	tests/proto/test-hmac-token tests/proto/test-message tests/proto/test-permission \
	tests/proto/test-permission-reference tests/proto/test-scan tests/proto/test-token-header tests/proto/test-verdict
check_PROGRAMS += $(proto_tests)
TESTS += $(proto_tests)

proto_test_libs = proto/libproto.la common/libcommon.la $(CHECK_LIBS)
tests_proto_test_access_token_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_access_token_LDADD = $(proto_test_libs)
tests_proto_test_codec_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_codec_LDADD = $(proto_test_libs)
tests_proto_test_credential_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_credential_LDADD = $(proto_test_libs)
tests_proto_test_encode_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_encode_LDADD = $(proto_test_libs)
tests_proto_test_hmac_token_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_hmac_token_LDADD = $(proto_test_libs)
tests_proto_test_message_SOURCES = tests/proto/test-message.c tests/proto/records.c tests/proto/records.h
tests_proto_test_message_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_message_LDADD = $(proto_test_libs)
tests_proto_test_permission_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_permission_LDADD = $(proto_test_libs)
tests_proto_test_permission_reference_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_permission_reference_LDADD = $(proto_test_libs)
tests_proto_test_scan_SOURCES = tests/proto/test-scan.c tests/proto/scan-reference.h
tests_proto_test_scan_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_scan_LDADD = $(proto_test_libs)
tests_proto_test_token_header_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_token_header_LDADD = $(proto_test_libs)
tests_proto_test_verdict_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_proto_test_verdict_LDADD = $(proto_test_libs)
endif

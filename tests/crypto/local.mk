# SPDX-License-Identifier: Apache-2.0 OR MIT
if HAVE_CHECK
crypto_tests = tests/crypto/test-backup-seal tests/crypto/test-crypto tests/crypto/test-master-key \
	tests/crypto/test-master-key-text tests/crypto/test-pair-signature tests/crypto/test-token-signature
check_PROGRAMS += $(crypto_tests)
TESTS += $(crypto_tests)

crypto_test_libs = crypto/libcrypto-layer.la common/libcommon.la $(CHECK_LIBS)
tests_crypto_test_crypto_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crypto_test_crypto_LDADD = $(crypto_test_libs)
tests_crypto_test_master_key_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crypto_test_master_key_LDADD = $(crypto_test_libs)
tests_crypto_test_backup_seal_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crypto_test_backup_seal_LDADD = $(crypto_test_libs)
tests_crypto_test_master_key_text_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crypto_test_master_key_text_LDADD = $(crypto_test_libs)
tests_crypto_test_pair_signature_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_crypto_test_pair_signature_LDADD = $(crypto_test_libs) $(JANSSON_LIBS)
tests_crypto_test_token_signature_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crypto_test_token_signature_LDADD = $(crypto_test_libs)
endif

# SPDX-License-Identifier: Apache-2.0 OR MIT
# Not "libcrypto": that is OpenSSL's.
noinst_LTLIBRARIES += crypto/libcrypto-layer.la
crypto_libcrypto_layer_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
crypto_libcrypto_layer_la_LIBADD = common/libcommon.la $(CRYPTO_LIBS)
crypto_libcrypto_layer_la_SOURCES = \
	crypto/audit_chain.c crypto/audit_chain.h \
	crypto/audit_key_text.c crypto/audit_key_text.h \
	crypto/audit_keys.c crypto/audit_keys.h \
	crypto/audit_piece.c crypto/audit_piece.h \
	crypto/audit_verify.c crypto/audit_verify.h \
	crypto/backup_seal.c crypto/backup_seal.h \
	crypto/crypto.c crypto/crypto.h \
	crypto/master_key.c crypto/master_key.h \
	crypto/master_key_text.c crypto/master_key_text.h \
	crypto/pair_signature.c crypto/pair_signature.h \
	crypto/token_signature.c crypto/token_signature.h

# TLS, for the gateway alone: nobody else has libssl in its process.
noinst_LTLIBRARIES += crypto/libtls-layer.la
crypto_libtls_layer_la_CFLAGS = $(AM_CFLAGS) $(TLS_CFLAGS)
crypto_libtls_layer_la_LIBADD = common/libcommon.la $(TLS_LIBS)
crypto_libtls_layer_la_SOURCES = crypto/tls.c crypto/tls.h

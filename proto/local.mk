# SPDX-License-Identifier: Apache-2.0 OR MIT
noinst_LTLIBRARIES += proto/libproto.la
proto_libproto_la_SOURCES = \
	proto/access_token.c proto/access_token.h \
	proto/answer.c proto/answer.h \
	proto/audit_entry.c proto/audit_entry.h \
	proto/codec.c proto/codec.h \
	proto/credential.c proto/credential.h \
	proto/hmac_token.c proto/hmac_token.h \
	proto/message.c proto/message.h \
	proto/permission.c proto/permission.h \
	proto/scan.c proto/scan.h \
	proto/token_header.c proto/token_header.h \
	proto/verdict.c proto/verdict.h \
	proto/wire.h

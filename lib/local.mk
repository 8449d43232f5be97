# SPDX-License-Identifier: Apache-2.0 OR MIT
# libapikey, the shared client library, and the same code as a convenience library that pam_apikey.so takes in whole.
noinst_LTLIBRARIES += lib/libapikey-core.la
lib_libapikey_core_la_SOURCES = \
	lib/apikey.h
lib_libapikey_core_la_LIBADD = proto/libproto.la common/libcommon.la

lib_LTLIBRARIES += lib/libapikey.la
lib_libapikey_la_SOURCES =
lib_libapikey_la_LIBADD = lib/libapikey-core.la
lib_libapikey_la_LDFLAGS = $(AM_LDFLAGS) -version-info 1:0:0 -Wl,--version-script=$(top_srcdir)/lib/libapikey.map
EXTRA_lib_libapikey_la_DEPENDENCIES = lib/libapikey.map
EXTRA_DIST += lib/libapikey.map

include_HEADERS += lib/apikey.h
pkgconfig_DATA += lib/apikey.pc

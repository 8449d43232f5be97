# SPDX-License-Identifier: Apache-2.0 OR MIT
# libapikey, the shared client library, and the same code as a convenience library that pam_apikey.so takes in whole.
noinst_LTLIBRARIES += lib/libapikey-core.la
lib_libapikey_core_la_SOURCES = \
	lib/admin.c lib/admin.h \
	lib/apikey.h \
	lib/ask.c lib/ask.h \
	lib/block.c lib/block.h \
	lib/client.c \
	lib/connect.c lib/connect.h \
	lib/inspect.c \
	lib/key.c lib/key.h \
	lib/keys.c \
	lib/names.c \
	lib/options.c lib/options.h \
	lib/trust.c lib/trust.h \
	lib/verify.c \
	lib/versioned.c lib/versioned.h
lib_libapikey_core_la_LIBADD = proto/libproto.la common/libcommon.la

lib_LTLIBRARIES += lib/libapikey.la
lib_libapikey_la_SOURCES =
lib_libapikey_la_LIBADD = lib/libapikey-core.la
lib_libapikey_la_LDFLAGS = $(AM_LDFLAGS) -version-info 1:0:0 -Wl,--version-script=$(top_srcdir)/lib/libapikey.map
EXTRA_lib_libapikey_la_DEPENDENCIES = lib/libapikey.map
EXTRA_DIST += lib/libapikey.map

include_HEADERS += lib/apikey.h
pkgconfig_DATA += lib/apikey.pc

# The example sees no more than an installed system has: the header by its name, and the shared library.
check_PROGRAMS += lib/example
lib_example_SOURCES = lib/example.c
lib_example_CPPFLAGS = -I$(top_srcdir)/lib -D_GNU_SOURCE
lib_example_LDADD = lib/libapikey.la

# SPDX-License-Identifier: Apache-2.0 OR MIT
noinst_LTLIBRARIES += common/libcommon.la
common_libcommon_la_SOURCES = \
	common/cleanup.h \
	common/clock.c common/clock.h \
	common/encoding.c common/encoding.h \
	common/fault.c common/fault.h \
	common/network.c common/network.h \
	common/secret.c common/secret.h \
	common/socket.c common/socket.h \
	common/wiping.c common/wiping.h

# For servers alone: the module and the library carry none of it.
noinst_LTLIBRARIES += common/libserver.la
common_libserver_la_SOURCES = \
	common/listen.c common/listen.h \
	common/log.c common/log.h \
	common/privileges.c common/privileges.h \
	common/signals.c common/signals.h \
	common/thread_create.c common/thread_create.h
common_libserver_la_LIBADD =

# Configuration files, for the programs that have one.
noinst_LTLIBRARIES += common/libsettings.la
common_libsettings_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)
common_libsettings_la_LIBADD = $(INIH_LIBS)
common_libsettings_la_SOURCES = \
	common/settings_file.c common/settings_file.h \
	common/settings_forms.c \
	common/settings_syntax.c common/settings_syntax.h \
	common/settings_table.c common/settings_table.h \
	common/settings_value.c common/settings_value.h

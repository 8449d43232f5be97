# SPDX-License-Identifier: Apache-2.0 OR MIT
# All of the helper but main.c is a library, so that tests and fuzz targets link the same objects.
noinst_LTLIBRARIES += session/libsession.la
session_libsession_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
session_libsession_la_LIBADD = proto/libproto.la common/libserver.la common/libcommon.la $(SYSTEMD_LIBS)
session_libsession_la_SOURCES = \
	session/connection.c session/connection.h \
	session/keep.c session/keep.h \
	session/leader.c session/leader.h \
	session/redeem.c session/redeem.h \
	session/register.c session/register.h \
	session/scope.c session/scope.h \
	session/server.c session/server.h \
	session/sockets.c session/sockets.h

sbin_PROGRAMS += session/apikey-sessiond
session_apikey_sessiond_SOURCES = session/main.c
session_apikey_sessiond_CFLAGS = $(session_libsession_la_CFLAGS) $(PIE_CFLAGS)
session_apikey_sessiond_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
session_apikey_sessiond_LDADD = session/libsession.la
dist_man_MANS += session/apikey-sessiond.8

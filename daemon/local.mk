# SPDX-License-Identifier: Apache-2.0 OR MIT
# All of the daemon but main.c is a library, so that tests and fuzz targets link the same objects.
noinst_LTLIBRARIES += daemon/libdaemon.la
daemon_libdaemon_la_CFLAGS = $(AM_CFLAGS) -pthread $(SYSTEMD_CFLAGS) $(SQLITE_CFLAGS) $(CRYPTO_CFLAGS) $(INIH_CFLAGS) $(JANSSON_CFLAGS)
daemon_libdaemon_la_LIBADD = proto/libproto.la common/libcommon.la \
	$(SYSTEMD_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) -lpthread
daemon_libdaemon_la_SOURCES =

# A line per module, each added by its author.
daemon_libdaemon_la_SOURCES += daemon/audit.h
daemon_libdaemon_la_SOURCES += daemon/crypto.h
daemon_libdaemon_la_SOURCES += daemon/journal.h
daemon_libdaemon_la_SOURCES += daemon/keyring.h
daemon_libdaemon_la_SOURCES += daemon/settings.h
daemon_libdaemon_la_SOURCES += daemon/store.h
daemon_libdaemon_la_SOURCES += daemon/throttle.h
daemon_libdaemon_la_SOURCES += daemon/uses.h

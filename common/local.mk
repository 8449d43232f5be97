# SPDX-License-Identifier: Apache-2.0 OR MIT
noinst_LTLIBRARIES += common/libcommon.la
common_libcommon_la_SOURCES = \
	common/cleanup.h \
	common/clock.c common/clock.h \
	common/encoding.c common/encoding.h \
	common/fault.c common/fault.h \
	common/network.c common/network.h \
	common/secret.c common/secret.h \
	common/socket.c common/socket.h

# For servers alone: the module and the library carry none of it.
noinst_LTLIBRARIES += common/libserver.la
common_libserver_la_SOURCES = common/listen.c common/listen.h
common_libserver_la_LIBADD =

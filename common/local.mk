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

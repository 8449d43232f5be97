# SPDX-License-Identifier: Apache-2.0 OR MIT
# Programs that measure; built by "make bench" alone, and run by bench/run. bench/README.md says what is measured.
bench_programs = bench/audit-load bench/bare-round bench/fill-once bench/fill-store bench/fsync-round bench/once-load bench/pam-transaction bench/plant \
	bench/sign-tokens bench/slow-apikeyd bench/sqlite-once bench/verify-load
EXTRA_PROGRAMS += $(bench_programs) bench/store-lookup
CLEANFILES += $(EXTRA_PROGRAMS)

bench_audit_load_SOURCES = bench/audit-load.c bench/measure.c bench/measure.h
bench_audit_load_LDADD = daemon/libdaemon.la
bench_bare_round_SOURCES = bench/bare-round.c
bench_bare_round_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
bench_bare_round_LDADD = common/libcommon.la $(SYSTEMD_LIBS)
bench_fill_once_SOURCES = bench/fill-once.c bench/keys.c bench/keys.h bench/pairs.c bench/pairs.h bench/tokens.c bench/tokens.h
bench_fill_once_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
bench_fill_once_LDADD = daemon/libdaemon.la $(SQLITE_LIBS)
bench_fill_store_SOURCES = bench/fill-store.c bench/keys.c bench/keys.h bench/tokens.c bench/tokens.h
bench_fill_store_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
bench_fill_store_LDADD = daemon/libdaemon.la
bench_fsync_round_SOURCES = bench/fsync-round.c bench/measure.c bench/measure.h
bench_once_load_SOURCES = bench/once-load.c bench/issue.c bench/issue.h bench/measure.c bench/measure.h bench/pairs.c bench/pairs.h bench/tokens.c bench/tokens.h
bench_once_load_LDADD = lib/libapikey-core.la crypto/libcrypto-layer.la
bench_pam_transaction_SOURCES = bench/pam-transaction.c
bench_pam_transaction_LDADD = $(PAM_LIBS)
bench_plant_SOURCES = bench/plant.c bench/tokens.c bench/tokens.h
bench_plant_LDADD = proto/libproto.la common/libcommon.la
bench_sign_tokens_SOURCES = bench/sign-tokens.c bench/pairs.c bench/pairs.h bench/tokens.c bench/tokens.h
bench_sign_tokens_LDADD = crypto/libcrypto-layer.la proto/libproto.la common/libcommon.la
bench_slow_apikeyd_SOURCES = daemon/main.c bench/slow-sync.c
bench_slow_apikeyd_CFLAGS = $(daemon_apikeyd_CFLAGS)
bench_slow_apikeyd_LDADD = $(daemon_apikeyd_LDADD) $(SQLITE_LIBS)
bench_sqlite_once_SOURCES = bench/sqlite-once.c bench/measure.c bench/measure.h bench/pairs.c bench/pairs.h bench/tokens.c bench/tokens.h
bench_sqlite_once_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
bench_sqlite_once_LDADD = crypto/libcrypto-layer.la proto/libproto.la common/libcommon.la $(SQLITE_LIBS)
bench_store_lookup_SOURCES = bench/store-lookup.c bench/tokens.c bench/tokens.h
bench_store_lookup_LDADD = daemon/libdaemon.la
bench_verify_load_SOURCES = bench/verify-load.c bench/measure.c bench/measure.h bench/tokens.c bench/tokens.h
bench_verify_load_LDADD = lib/libapikey-core.la

dist_noinst_SCRIPTS += bench/run bench/find.sh bench/gateway.sh bench/import.sh
EXTRA_DIST += bench/README.md bench/daemon.sh

.PHONY: bench
bench: all
	$(MAKE) $(AM_MAKEFLAGS) $(bench_programs)
	$(SHELL) $(top_srcdir)/bench/run

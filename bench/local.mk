# SPDX-License-Identifier: Apache-2.0 OR MIT
# Programs that measure; built by "make bench" alone, and run by bench/run.
EXTRA_PROGRAMS += bench/bare-round bench/fill-store bench/pam-transaction bench/store-lookup bench/verify-load
CLEANFILES += $(EXTRA_PROGRAMS)

bench_bare_round_SOURCES = bench/bare-round.c
bench_bare_round_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
bench_bare_round_LDADD = common/libcommon.la $(SYSTEMD_LIBS)
bench_fill_store_SOURCES = bench/fill-store.c bench/tokens.c bench/tokens.h
bench_fill_store_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
bench_fill_store_LDADD = daemon/libdaemon.la
bench_pam_transaction_SOURCES = bench/pam-transaction.c
bench_pam_transaction_LDADD = $(PAM_LIBS)
bench_store_lookup_SOURCES = bench/store-lookup.c bench/tokens.c bench/tokens.h
bench_store_lookup_LDADD = daemon/libdaemon.la
bench_verify_load_SOURCES = bench/verify-load.c bench/tokens.c bench/tokens.h
bench_verify_load_LDADD = lib/libapikey-core.la

dist_noinst_SCRIPTS += bench/run bench/import.sh

.PHONY: bench
bench: all bench/bare-round bench/fill-store bench/pam-transaction bench/verify-load
	$(SHELL) $(top_srcdir)/bench/run

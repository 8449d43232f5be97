# SPDX-License-Identifier: Apache-2.0 OR MIT
# All of the daemon but main.c is a library, so that tests and fuzz targets link the same objects.
noinst_LTLIBRARIES += daemon/libdaemon.la
daemon_libdaemon_la_CFLAGS = $(AM_CFLAGS) -pthread $(SYSTEMD_CFLAGS) $(SQLITE_CFLAGS) $(INIH_CFLAGS) $(JANSSON_CFLAGS)
daemon_libdaemon_la_LIBADD = crypto/libcrypto-layer.la proto/libproto.la common/libcommon.la \
	$(SYSTEMD_LIBS) $(SQLITE_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) -lpthread
daemon_libdaemon_la_SOURCES =

# main.c names the file too.
AM_CPPFLAGS += -DSETTINGS_FILE='"$(sysconfdir)/apikeyd/apikeyd.conf"'

# A line per module.
daemon_libdaemon_la_SOURCES += daemon/admin.c daemon/admin.h
daemon_libdaemon_la_SOURCES += daemon/admin_explain.c
daemon_libdaemon_la_SOURCES += daemon/admin_key.c
daemon_libdaemon_la_SOURCES += daemon/admin_list.c
daemon_libdaemon_la_SOURCES += daemon/admin_pair.c
daemon_libdaemon_la_SOURCES += daemon/admin_rotate.c
daemon_libdaemon_la_SOURCES += daemon/admin_master_key.c
daemon_libdaemon_la_SOURCES += daemon/admin_backup.c
daemon_libdaemon_la_SOURCES += daemon/admin_settings.c daemon/admin_settings.h
daemon_libdaemon_la_SOURCES += daemon/admin_status.c
daemon_libdaemon_la_SOURCES += daemon/arguments.c daemon/arguments.h
daemon_libdaemon_la_SOURCES += daemon/audit.c daemon/audit.h
daemon_libdaemon_la_SOURCES += daemon/audit_copy.c daemon/audit_copy.h
daemon_libdaemon_la_SOURCES += daemon/audit_file.c daemon/audit_file.h
daemon_libdaemon_la_SOURCES += daemon/audit_format.c daemon/audit_format.h
daemon_libdaemon_la_SOURCES += daemon/audit_lines.c daemon/audit_lines.h
daemon_libdaemon_la_SOURCES += daemon/audit_tail.c
daemon_libdaemon_la_SOURCES += daemon/authority.c daemon/authority.h
daemon_libdaemon_la_SOURCES += daemon/backup.c daemon/backup.h
daemon_libdaemon_la_SOURCES += daemon/batch.c daemon/batch.h
daemon_libdaemon_la_SOURCES += daemon/chore.c daemon/chore.h
daemon_libdaemon_la_SOURCES += daemon/closer.c daemon/closer.h
daemon_libdaemon_la_SOURCES += daemon/connection.c daemon/connection.h
daemon_libdaemon_la_SOURCES += daemon/counters.c daemon/counters.h
daemon_libdaemon_la_SOURCES += daemon/daemon.h
daemon_libdaemon_la_SOURCES += daemon/escape.c daemon/escape.h
daemon_libdaemon_la_SOURCES += daemon/handle.c daemon/handle.h
daemon_libdaemon_la_SOURCES += daemon/history.c daemon/history.h
daemon_libdaemon_la_SOURCES += daemon/item.c daemon/item.h
daemon_libdaemon_la_SOURCES += daemon/journal.c daemon/journal.h
daemon_libdaemon_la_SOURCES += daemon/key_fields.c daemon/key_fields.h
daemon_libdaemon_la_SOURCES += daemon/key_filter.c daemon/key_filter.h
daemon_libdaemon_la_SOURCES += daemon/key_message.c daemon/key_message.h
daemon_libdaemon_la_SOURCES += daemon/key_pair.c daemon/key_pair.h
daemon_libdaemon_la_SOURCES += daemon/key_seal.c daemon/key_seal.h
daemon_libdaemon_la_SOURCES += daemon/keyring.c daemon/keyring.h
daemon_libdaemon_la_SOURCES += daemon/limits.c daemon/limits.h
daemon_libdaemon_la_SOURCES += daemon/listener.c daemon/listener.h
daemon_libdaemon_la_SOURCES += daemon/names.c daemon/names.h
daemon_libdaemon_la_SOURCES += daemon/pending.c daemon/pending.h
daemon_libdaemon_la_SOURCES += daemon/policy.c daemon/policy.h
daemon_libdaemon_la_SOURCES += daemon/privileges.c daemon/privileges.h
daemon_libdaemon_la_SOURCES += daemon/restore.c daemon/restore.h
daemon_libdaemon_la_SOURCES += daemon/restore_merge.c daemon/restore_merge.h
daemon_libdaemon_la_SOURCES += daemon/role.c daemon/role.h
daemon_libdaemon_la_SOURCES += daemon/role_grants.c daemon/role_grants.h
daemon_libdaemon_la_SOURCES += daemon/admin_role.c
daemon_libdaemon_la_SOURCES += daemon/store_role.c
daemon_libdaemon_la_SOURCES += daemon/service.c daemon/service.h
daemon_libdaemon_la_SOURCES += daemon/settings.c daemon/settings.h
daemon_libdaemon_la_SOURCES += daemon/settings_file.c
daemon_libdaemon_la_SOURCES += daemon/settings_loader.c daemon/settings_loader.h
daemon_libdaemon_la_SOURCES += daemon/settings_syntax.c daemon/settings_syntax.h
daemon_libdaemon_la_SOURCES += daemon/settings_value.c daemon/settings_value.h
daemon_libdaemon_la_SOURCES += daemon/store.h
daemon_libdaemon_la_SOURCES += daemon/store_change.c
daemon_libdaemon_la_SOURCES += daemon/store_check.c
daemon_libdaemon_la_SOURCES += daemon/store_connection.c daemon/store_connection.h
daemon_libdaemon_la_SOURCES += daemon/store_health.c daemon/store_health.h
daemon_libdaemon_la_SOURCES += daemon/store_file.c daemon/store_file.h
daemon_libdaemon_la_SOURCES += daemon/store_copy.c
daemon_libdaemon_la_SOURCES += daemon/store_once.c
daemon_libdaemon_la_SOURCES += daemon/store_open.c daemon/store_open.h
daemon_libdaemon_la_SOURCES += daemon/store_read.c
daemon_libdaemon_la_SOURCES += daemon/store_row.c daemon/store_row.h
daemon_libdaemon_la_SOURCES += daemon/store_schema.c daemon/store_schema.h
daemon_libdaemon_la_SOURCES += daemon/store_write.c daemon/store_write.h
daemon_libdaemon_la_SOURCES += daemon/thread.c daemon/thread.h
daemon_libdaemon_la_SOURCES += daemon/thread_create.c daemon/thread_create.h
daemon_libdaemon_la_SOURCES += daemon/throttle.c daemon/throttle.h
daemon_libdaemon_la_SOURCES += daemon/transfer.c daemon/transfer.h
daemon_libdaemon_la_SOURCES += daemon/uses.c daemon/uses.h
daemon_libdaemon_la_SOURCES += daemon/vault.c daemon/vault.h
daemon_libdaemon_la_SOURCES += daemon/verify.c daemon/verify.h
daemon_libdaemon_la_SOURCES += daemon/verify_hmac.c daemon/verify_hmac.h
daemon_libdaemon_la_SOURCES += daemon/writer.c daemon/writer.h

sbin_PROGRAMS += daemon/apikeyd
daemon_apikeyd_SOURCES = daemon/main.c
daemon_apikeyd_CFLAGS = $(daemon_libdaemon_la_CFLAGS) $(PIE_CFLAGS)
daemon_apikeyd_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
daemon_apikeyd_LDADD = daemon/libdaemon.la
dist_man_MANS += daemon/apikeyd.8 daemon/apikeyd.conf.5 daemon/apikeyd-backup.7

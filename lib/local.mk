# SPDX-License-Identifier: Apache-2.0 OR MIT
# libapikey, the shared client library, and the same code as a convenience library that pam_apikey.so takes in whole.
noinst_LTLIBRARIES += lib/libapikey-core.la
lib_libapikey_core_la_SOURCES = \
	lib/admin.c lib/admin.h \
	lib/apikey.h \
	lib/ask.c lib/ask.h \
	lib/audit.c \
	lib/audit_check.c \
	lib/backup.c \
	lib/block.c lib/block.h \
	lib/client.c \
	lib/connect.c lib/connect.h \
	lib/import.c \
	lib/incident.c \
	lib/inspect.c \
	lib/key.c lib/key.h \
	lib/keys.c \
	lib/metrics.c \
	lib/names.c \
	lib/options.c lib/options.h \
	lib/roles.c \
	lib/rotation.c lib/rotation.h \
	lib/scopes.c \
	lib/session.c lib/session.h \
	lib/sessions.c \
	lib/signins.c \
	lib/texts.c lib/texts.h \
	lib/tokens.c \
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

# libapikey-sign, for who holds a key pair: the one library of ours that needs libcrypto, and so not part of the other.
# It takes in what it calls, and no more.
lib_LTLIBRARIES += lib/libapikey-sign.la
lib_libapikey_sign_la_SOURCES = \
	lib/apikey-sign.h \
	lib/sign.c \
	lib/versioned.c lib/versioned.h \
	common/encoding.c common/encoding.h \
	common/secret.c common/secret.h \
	crypto/crypto.c crypto/crypto.h \
	crypto/pair_signature.c crypto/pair_signature.h \
	proto/access_token.c proto/access_token.h \
	proto/credential.c proto/credential.h \
	proto/hmac_token.c proto/hmac_token.h
lib_libapikey_sign_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
lib_libapikey_sign_la_LIBADD = $(CRYPTO_LIBS)
lib_libapikey_sign_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined -version-info 1:0:0 \
	-Wl,--version-script=$(top_srcdir)/lib/libapikey-sign.map
EXTRA_lib_libapikey_sign_la_DEPENDENCIES = lib/libapikey-sign.map
EXTRA_DIST += lib/libapikey-sign.map
include_HEADERS += lib/apikey-sign.h
pkgconfig_DATA += lib/apikey-sign.pc

include_HEADERS += lib/apikey.h
pkgconfig_DATA += lib/apikey.pc

# The example sees no more than an installed system has: the header by its name, and the shared library.
check_PROGRAMS += lib/example
lib_example_SOURCES = lib/example.c
lib_example_CPPFLAGS = -I$(top_srcdir)/lib -D_GNU_SOURCE
lib_example_LDADD = lib/libapikey.la

check_PROGRAMS += lib/example-sign
lib_example_sign_SOURCES = lib/example-sign.c
lib_example_sign_CPPFLAGS = -I$(top_srcdir)/lib -D_GNU_SOURCE
lib_example_sign_LDADD = lib/libapikey-sign.la

check_PROGRAMS += lib/example-exchange
lib_example_exchange_SOURCES = lib/example-exchange.c
lib_example_exchange_CPPFLAGS = -I$(top_srcdir)/lib -D_GNU_SOURCE
lib_example_exchange_LDADD = lib/libapikey.la lib/libapikey-sign.la

# A page for each group of functions; the other functions of a group are links to it.
dist_man_MANS += \
	lib/man/apikey_admin_open.3 \
	lib/man/apikey_audit_check.3 \
	lib/man/apikey_audit_read.3 \
	lib/man/apikey_backup_open.3 \
	lib/man/apikey_client_open.3 \
	lib/man/apikey_explain.3 \
	lib/man/apikey_key_bulk.3 \
	lib/man/apikey_key_create.3 \
	lib/man/apikey_key_find.3 \
	lib/man/apikey_key_import.3 \
	lib/man/apikey_key_rotate.3 \
	lib/man/apikey_lockdown_begin.3 \
	lib/man/apikey_role_create.3 \
	lib/man/apikey_session_list.3 \
	lib/man/apikey_sign_token.3 \
	lib/man/apikey_signin.3 \
	lib/man/apikey_tenant_create.3 \
	lib/man/apikey_token_issue.3 \
	lib/man/apikey_verify.3 \
	lib/man/libapikey.3
lib_man_links = \
	apikey_account:apikey_verify \
	apikey_account_create:apikey_tenant_create \
	apikey_account_delete:apikey_tenant_create \
	apikey_account_info_free:apikey_tenant_create \
	apikey_account_list:apikey_tenant_create \
	apikey_account_list_free:apikey_tenant_create \
	apikey_account_show:apikey_tenant_create \
	apikey_admin_free:apikey_admin_open \
	apikey_admin_fd:apikey_admin_open \
	apikey_admin_message:apikey_admin_open \
	apikey_admin_reason:apikey_admin_open \
	apikey_admin_set_credential:apikey_admin_open \
	apikey_answer_name:apikey_admin_open \
	apikey_audit_count:apikey_audit_read \
	apikey_audit_counts_free:apikey_audit_read \
	apikey_audit_page_free:apikey_audit_read \
	apikey_audit_head_free:apikey_audit_check \
	apikey_audit_key_free:apikey_audit_check \
	apikey_audit_take_key:apikey_audit_check \
	apikey_backup_free:apikey_backup_open \
	apikey_backup_read:apikey_backup_open \
	apikey_bulk_step_free:apikey_key_bulk \
	apikey_client_events:apikey_client_open \
	apikey_client_fd:apikey_client_open \
	apikey_client_free:apikey_client_open \
	apikey_client_hold:apikey_client_open \
	apikey_client_pending:apikey_client_open \
	apikey_client_process:apikey_client_open \
	apikey_client_submit:apikey_client_open \
	apikey_client_wait:apikey_client_open \
	apikey_explanation_free:apikey_explain \
	apikey_found_free:apikey_key_find \
	apikey_import_free:apikey_key_import \
	apikey_key_import_receive:apikey_key_import \
	apikey_key_import_send:apikey_key_import \
	apikey_introspect:apikey_token_issue \
	apikey_introspection_free:apikey_token_issue \
	apikey_key_activate:apikey_key_create \
	apikey_key_deactivate:apikey_key_create \
	apikey_key_delete:apikey_key_create \
	apikey_key_end:apikey_key_create \
	apikey_key_free:apikey_key_create \
	apikey_key_list:apikey_key_create \
	apikey_key_list_free:apikey_key_create \
	apikey_key_retire:apikey_key_rotate \
	apikey_key_revoke:apikey_key_create \
	apikey_key_show:apikey_key_create \
	apikey_key_update:apikey_key_create \
	apikey_lockdown_end:apikey_lockdown_begin \
	apikey_lockdown_free:apikey_lockdown_begin \
	apikey_lockdown_show:apikey_lockdown_begin \
	apikey_master_key_rotate:apikey_backup_open \
	apikey_metrics:apikey_explain \
	apikey_restore_finish:apikey_backup_open \
	apikey_restore_open:apikey_backup_open \
	apikey_restore_write:apikey_backup_open \
	apikey_restored_free:apikey_backup_open \
	apikey_result_free:apikey_verify \
	apikey_role_delete:apikey_role_create \
	apikey_role_free:apikey_role_create \
	apikey_role_list:apikey_role_create \
	apikey_role_list_free:apikey_role_create \
	apikey_role_show:apikey_role_create \
	apikey_role_update:apikey_role_create \
	apikey_samples_free:apikey_explain \
	apikey_session_end:apikey_session_list \
	apikey_session_free:apikey_session_list \
	apikey_session_list_free:apikey_session_list \
	apikey_scan:apikey_key_find \
	apikey_sign_free:apikey_sign_token \
	apikey_sign_message:apikey_sign_token \
	apikey_link_create:apikey_signin \
	apikey_link_free:apikey_signin \
	apikey_signin_end:apikey_signin \
	apikey_signin_free:apikey_signin \
	apikey_signin_list:apikey_signin \
	apikey_signin_list_free:apikey_signin \
	apikey_signin_show:apikey_signin \
	apikey_signing_key_rotate:apikey_token_issue \
	apikey_status:apikey_explain \
	apikey_status_free:apikey_explain \
	apikey_store_check:apikey_backup_open \
	apikey_tenant_delete:apikey_tenant_create \
	apikey_tenant_info_free:apikey_tenant_create \
	apikey_tenant_list:apikey_tenant_create \
	apikey_tenant_list_free:apikey_tenant_create \
	apikey_tenant_show:apikey_tenant_create \
	apikey_tenant_update:apikey_tenant_create \
	apikey_token_free:apikey_token_issue \
	apikey_token_inspect:apikey_token_issue \
	apikey_token_issue_from:apikey_token_issue \
	apikey_token_revoke:apikey_token_issue \
	apikey_token_state_free:apikey_token_issue \
	apikey_verdict_name:apikey_verify

install-data-hook: lib-man-install-hook
uninstall-hook: lib-man-uninstall-hook
.PHONY: lib-man-install-hook lib-man-uninstall-hook
lib-man-install-hook:
	for link in $(lib_man_links); do \
		rm -f "$(DESTDIR)$(man3dir)/$${link%:*}.3" && \
		(cd "$(DESTDIR)$(man3dir)" && $(LN_S) "$${link#*:}.3" "$${link%:*}.3") || exit 1; \
	done
lib-man-uninstall-hook:
	for link in $(lib_man_links); do rm -f "$(DESTDIR)$(man3dir)/$${link%:*}.3"; done

# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikeyctl stands on the public headers of our libraries, and on crypto/ for the master key, backups and the hash of a body.
# All but main() is a library of the build's own, so that the tests can ask it.
noinst_LTLIBRARIES += cli/libapikeyctl.la
cli_libapikeyctl_la_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS) $(JANSSON_CFLAGS) $(SMARTCOLS_CFLAGS)
cli_libapikeyctl_la_LIBADD = lib/libapikey.la lib/libapikey-sign.la crypto/libcrypto-layer.la $(JANSSON_LIBS) $(SMARTCOLS_LIBS)
cli_libapikeyctl_la_SOURCES = \
	cli/account.c cli/account.h \
	cli/arguments.c cli/arguments.h \
	cli/audit.h cli/audit_rows.c cli/audit_rows.h cli/audit_show.c \
	cli/audit_files.c cli/audit_files.h cli/audit_key.c cli/audit_verify.c cli/audit_verify.h \
	cli/backup.h cli/backup_make.c cli/backup_restore.c \
	cli/command.c cli/command_find.c cli/command.h \
	cli/completion.c cli/completion.h cli/completion_bash.c cli/completion_zsh.c \
	cli/confirm.c cli/confirm.h \
	cli/count.c cli/count.h \
	cli/daemon.c cli/daemon.h \
	cli/example.c cli/example.h \
	cli/help.c cli/help.h \
	cli/import_ask.c cli/import_ask.h cli/import_line.c cli/import_line.h cli/key_import.c \
	cli/line_input.c cli/line_input.h \
	cli/list.c cli/list.h \
	cli/progress.c cli/progress.h \
	cli/json.c cli/json.h \
	cli/judge.c cli/judge.h \
	cli/key.h cli/key_list.c cli/key_look.c cli/key_make.c cli/key_rotate.c cli/key_state.c cli/session_end.c cli/session_end.h \
	cli/key_bulk.c cli/key_bulk.h cli/key_find.c cli/find_hits.c cli/find_hits.h \
	cli/key_name.c cli/key_name.h cli/lockdown.c cli/lockdown.h \
	cli/key_rows.c cli/key_rows.h cli/key_view.c cli/key_view.h \
	cli/master_key.c cli/master_key.h cli/master_key_rotate.c \
	cli/nearest.c cli/nearest.h \
	cli/output.c cli/output.h \
	cli/pair_input.c cli/pair_input.h \
	cli/retirement.c cli/retirement.h \
	cli/role.c cli/role.h \
	cli/session.c cli/session.h \
	cli/portal.c cli/portal.h \
	cli/scope.h \
	cli/secret_input.c cli/secret_input.h \
	cli/state.c cli/state.h cli/state_view.c cli/state_view.h \
	cli/table.c cli/table.h \
	cli/tenant.c cli/tenant.h \
	cli/text.c cli/text.h \
	cli/token.h cli/token_access.c cli/token_sign.c \
	cli/key_usage.c cli/usage_view.c cli/usage_view.h \
	cli/when.c cli/when.h \
	cli/whole_file.c cli/whole_file.h
# doctor: it looks where modules and daemon are installed; what may stand in a line of the module is for its own parser
# to say.
cli_libapikeyctl_la_CPPFLAGS = $(AM_CPPFLAGS) -DPAM_MODULE_FOLDER='"$(pamdir)"' -DDAEMON_PROGRAM='"$(sbindir)/apikeyd"'
cli_libapikeyctl_la_SOURCES += \
	cli/doctor.c cli/doctor.h cli/doctor_checks.h \
	cli/doctor_callers.c \
	cli/doctor_command.c cli/doctor_command.h \
	cli/doctor_control.c cli/doctor_control.h \
	cli/doctor_daemon.c \
	cli/doctor_facts.c \
	cli/doctor_files.c cli/doctor_files.h \
	cli/doctor_host.c \
	cli/doctor_keys.c \
	cli/doctor_memory.c cli/doctor_memory.h \
	cli/doctor_module.c \
	cli/doctor_modules.c cli/doctor_modules.h \
	cli/doctor_report.c cli/doctor_report.h \
	cli/doctor_settings.c \
	cli/doctor_stack.c cli/doctor_stack.h \
	cli/doctor_stacks.c \
	cli/doctor_store.c \
	cli/doctor_storage.c \
	cli/doctor_units.c \
	pam_module/options.c pam_module/options.h \
	proto/permission.c proto/permission.h
bin_PROGRAMS += cli/apikeyctl
cli_apikeyctl_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
cli_apikeyctl_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
cli_apikeyctl_LDADD = cli/libapikeyctl.la
cli_apikeyctl_SOURCES = cli/main.c

dist_man_MANS += cli/apikeyctl.1
dist_man_MANS += cli/apikeyctl-doctor.1

# Shows all of it at work.
EXTRA_DIST += quickstart

# The completion comes from the program's own command table. Where the program that is built does not run on the machine
# that builds it, name one that does: make APIKEYCTL_FOR_BUILD=apikeyctl
APIKEYCTL_FOR_BUILD = cli/apikeyctl$(EXEEXT)
nodist_bashcompletion_DATA += cli/bash-completion/apikeyctl
CLEANFILES += cli/bash-completion/apikeyctl cli/bash-completion/apikeyctl.new
cli/bash-completion/apikeyctl: cli/apikeyctl$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) cli/bash-completion
	$(AM_V_GEN)$(APIKEYCTL_FOR_BUILD) completion bash > $@.new && mv $@.new $@

nodist_zshcompletion_DATA += cli/zsh-completion/_apikeyctl
CLEANFILES += cli/zsh-completion/_apikeyctl cli/zsh-completion/_apikeyctl.new
cli/zsh-completion/_apikeyctl: cli/apikeyctl$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) cli/zsh-completion
	$(AM_V_GEN)$(APIKEYCTL_FOR_BUILD) completion zsh > $@.new && mv $@.new $@

# SPDX-License-Identifier: Apache-2.0 OR MIT
# apikeyctl: its pure parts alone, and the whole of it against a daemon of its own.
cli_tests = \
	tests/cli/audit.sh \
	tests/cli/audit-verify.sh \
	tests/cli/backup.sh \
	tests/cli/completion.sh \
	tests/cli/completion-zsh.sh \
	tests/cli/credential.sh \
	tests/cli/doctor.sh \
	tests/cli/documents.sh \
	tests/cli/import.sh \
	tests/cli/key-usage.sh \
	tests/cli/incident.sh \
	tests/cli/keys.sh \
	tests/cli/lockdown.sh \
	tests/cli/master-key.sh \
	tests/cli/misuse.sh \
	tests/cli/man-page.sh \
	tests/cli/output.sh \
	tests/cli/portal.sh \
	tests/cli/pairs.sh \
	tests/cli/refusals.sh \
	tests/cli/roles.sh \
	tests/cli/tokens.sh \
	tests/cli/rotate.sh \
	tests/cli/self-service.sh \
	tests/cli/sessions.sh \
	tests/cli/status.sh \
	tests/cli/tenants.sh \
	tests/cli/terminal.sh \
	tests/cli/token-sign.sh \
	tests/cli/usage.sh \
	tests/cli/verdicts.sh
TESTS += $(cli_tests)
dist_check_SCRIPTS += $(cli_tests)
EXTRA_DIST += tests/wrong-secret.sh tests/cli/harness.sh

# portal.sh runs it.
check_PROGRAMS += tests/cli/sign-in
tests_cli_sign_in_SOURCES = tests/cli/sign-in.c
tests_cli_sign_in_LDADD = lib/libapikey-core.la

# doctor.sh runs it.
check_PROGRAMS += tests/cli/other-time
tests_cli_other_time_SOURCES = cli/main.c tests/cli/other-time.c
tests_cli_other_time_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
tests_cli_other_time_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
tests_cli_other_time_LDADD = cli/libapikeyctl.la

# tests/daemon/master-key-loop runs it.
check_PROGRAMS += tests/cli/kill-point
tests_cli_kill_point_SOURCES = cli/main.c tests/cli/kill-point.c
tests_cli_kill_point_CFLAGS = $(AM_CFLAGS) $(PIE_CFLAGS)
# Run by a user who could not link it anew, as a wrapper of libtool does at the first run.
tests_cli_kill_point_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS) -no-install
tests_cli_kill_point_LDADD = cli/libapikeyctl.la

if HAVE_CHECK
check_PROGRAMS += tests/cli/test-example tests/cli/test-nearest tests/cli/test-retirement tests/cli/test-text tests/cli/test-when
TESTS += tests/cli/test-example tests/cli/test-nearest tests/cli/test-retirement tests/cli/test-text tests/cli/test-when
check_PROGRAMS += tests/cli/test-doctor-stack
TESTS += tests/cli/test-doctor-stack
check_PROGRAMS += tests/cli/test-import-line tests/cli/test-whole-file
TESTS += tests/cli/test-import-line tests/cli/test-whole-file
tests_cli_test_import_line_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_cli_test_import_line_LDADD = cli/libapikeyctl.la $(CHECK_LIBS) $(JANSSON_LIBS)
tests_cli_test_doctor_stack_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_doctor_stack_LDADD = cli/libapikeyctl.la $(CHECK_LIBS) $(PAM_LIBS)
tests_cli_test_example_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_example_LDADD = cli/libapikeyctl.la $(CHECK_LIBS)
tests_cli_test_nearest_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_nearest_LDADD = cli/libapikeyctl.la $(CHECK_LIBS)
tests_cli_test_retirement_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_retirement_LDADD = cli/libapikeyctl.la $(CHECK_LIBS)
check_PROGRAMS += tests/cli/test-state-view
TESTS += tests/cli/test-state-view
tests_cli_test_state_view_SOURCES = tests/cli/test-state-view.c cli/state_view.c cli/table.c cli/text.c cli/when.c
tests_cli_test_state_view_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SMARTCOLS_CFLAGS)
tests_cli_test_state_view_LDADD = lib/libapikey-core.la $(CHECK_LIBS) $(SMARTCOLS_LIBS)
tests_cli_test_text_SOURCES = tests/cli/test-text.c cli/text.c cli/text.h
tests_cli_test_text_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_text_LDADD = $(CHECK_LIBS)
tests_cli_test_whole_file_SOURCES = tests/cli/test-whole-file.c cli/output.c cli/text.c cli/whole_file.c
tests_cli_test_whole_file_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_whole_file_LDADD = $(CHECK_LIBS)
tests_cli_test_when_SOURCES = tests/cli/test-when.c cli/when.c cli/when.h
tests_cli_test_when_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_cli_test_when_LDADD = $(CHECK_LIBS)
endif

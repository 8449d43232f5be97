# SPDX-License-Identifier: Apache-2.0 OR MIT
if HAVE_CHECK
pam_module_test_defines = $(AM_CPPFLAGS) $(CHECK_CFLAGS) \
	-DTEST_MODULE='"$(abs_top_builddir)/pam_module/.libs/pam_apikey.so"' \
	-DTEST_DAEMON='"$(abs_top_builddir)/daemon/apikeyd"' \
	-DTEST_PROBE='"$(abs_top_builddir)/tests/pam_module/.libs/pam_probe.so"'

# A module that the stacks of the tests name beside pam_apikey.so; -rpath makes libtool build what nothing installs.
check_LTLIBRARIES += tests/pam_module/pam_probe.la
tests_pam_module_pam_probe_la_SOURCES = tests/pam_module/pam_probe.c
tests_pam_module_pam_probe_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)
tests_pam_module_pam_probe_la_LIBADD = $(PAM_LIBS)

check_LTLIBRARIES += tests/pam_module/libscene.la
tests_pam_module_libscene_la_SOURCES = \
	tests/pam_module/daemon.c tests/pam_module/daemon.h \
	tests/pam_module/fixture.c tests/pam_module/fixture.h \
	tests/pam_module/scene.c tests/pam_module/scene.h \
	tests/pam_module/server.c tests/pam_module/server.h \
	tests/pam_module/trap.c tests/pam_module/trap.h
tests_pam_module_libscene_la_CPPFLAGS = $(pam_module_test_defines)

# -export-dynamic: what tests/pam_module/trap.c defines is found by the module before libc's own.
pam_module_test_link = $(AM_LDFLAGS) -export-dynamic
pam_module_test_libs = tests/pam_module/libscene.la pam_module/libmodule.la lib/libapikey-core.la $(PAM_LIBS) \
	$(CHECK_LIBS)
pam_module_test_needs = tests/pam_module/libscene.la tests/pam_module/pam_probe.la pam_module/libmodule.la \
	lib/libapikey-core.la pam_module/pam_apikey.la

pam_module_tests = \
	tests/pam_module/test-options \
	tests/pam_module/test-log \
	tests/pam_module/test-result \
	tests/pam_module/tst-retval \
	tests/pam_module/tst-credential \
	tests/pam_module/tst-availability \
	tests/pam_module/tst-process \
	tests/pam_module/tst-trust \
	tests/pam_module/tst-disclosure \
	tests/pam_module/tst-attack \
	tests/pam_module/tst-daemon \
	tests/pam_module/tst-loop \
	tests/pam_module/tst-rotate \
	tests/pam_module/tst-chauthtok \
	tests/pam_module/tst-session
check_PROGRAMS += $(pam_module_tests)
TESTS += $(pam_module_tests)

tests_pam_module_test_options_SOURCES = tests/pam_module/test-options.c
tests_pam_module_test_options_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_test_options_LDADD = pam_module/libmodule.la proto/libproto.la common/libcommon.la $(CHECK_LIBS)

tests_pam_module_test_log_SOURCES = tests/pam_module/test-log.c
tests_pam_module_test_log_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_test_log_LDFLAGS = $(pam_module_test_link)
tests_pam_module_test_log_LDADD = $(pam_module_test_libs)

tests_pam_module_tst_attack_SOURCES = tests/pam_module/tst-attack.c
tests_pam_module_tst_attack_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_attack_LDADD = pam_module/libmodule.la proto/libproto.la common/libcommon.la $(CHECK_LIBS)

tests_pam_module_test_result_SOURCES = tests/pam_module/test-result.c
tests_pam_module_test_result_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_test_result_LDADD = pam_module/libmodule.la proto/libproto.la common/libcommon.la $(CHECK_LIBS)

tests_pam_module_tst_retval_SOURCES = tests/pam_module/tst-retval.c
tests_pam_module_tst_retval_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_retval_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_retval_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_retval_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_credential_SOURCES = tests/pam_module/tst-credential.c
tests_pam_module_tst_credential_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_credential_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_credential_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_credential_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_availability_SOURCES = tests/pam_module/tst-availability.c
tests_pam_module_tst_availability_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_availability_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_availability_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_availability_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_process_SOURCES = tests/pam_module/tst-process.c
tests_pam_module_tst_process_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_process_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_process_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_process_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_trust_SOURCES = tests/pam_module/tst-trust.c
tests_pam_module_tst_trust_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_trust_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_trust_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_trust_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_disclosure_SOURCES = tests/pam_module/tst-disclosure.c
tests_pam_module_tst_disclosure_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_disclosure_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_disclosure_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_disclosure_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_daemon_SOURCES = tests/pam_module/tst-daemon.c
tests_pam_module_tst_daemon_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_daemon_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_daemon_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_daemon_DEPENDENCIES = $(pam_module_test_needs) daemon/apikeyd

tests_pam_module_tst_loop_SOURCES = tests/pam_module/tst-loop.c
tests_pam_module_tst_loop_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_loop_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_loop_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_loop_DEPENDENCIES = $(pam_module_test_needs) daemon/apikeyd

tests_pam_module_tst_session_SOURCES = tests/pam_module/tst-session.c
tests_pam_module_tst_session_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_session_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_session_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_session_DEPENDENCIES = $(pam_module_test_needs)

tests_pam_module_tst_rotate_SOURCES = tests/pam_module/tst-rotate.c
tests_pam_module_tst_rotate_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_rotate_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_rotate_LDADD = $(pam_module_test_libs) -lpthread
tests_pam_module_tst_rotate_DEPENDENCIES = $(pam_module_test_needs) daemon/apikeyd

tests_pam_module_tst_chauthtok_SOURCES = tests/pam_module/tst-chauthtok.c
tests_pam_module_tst_chauthtok_CPPFLAGS = $(pam_module_test_defines)
tests_pam_module_tst_chauthtok_LDFLAGS = $(pam_module_test_link)
tests_pam_module_tst_chauthtok_LDADD = $(pam_module_test_libs)
tests_pam_module_tst_chauthtok_DEPENDENCIES = $(pam_module_test_needs) daemon/apikeyd
endif

dist_check_SCRIPTS += tests/pam_module/tst-linkage.sh
TESTS += tests/pam_module/tst-linkage.sh

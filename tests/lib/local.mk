# SPDX-License-Identifier: Apache-2.0 OR MIT
dist_check_SCRIPTS += tests/lib/test-manual.sh
TESTS += tests/lib/test-manual.sh

# libapikey-sign against a signer that shares no code with it.
dist_check_SCRIPTS += tests/lib/other-signer.sh
TESTS += tests/lib/other-signer.sh
EXTRA_DIST += tests/lib/other-signer.py
check_PROGRAMS += tests/lib/sign-batch
tests_lib_sign_batch_SOURCES = tests/lib/sign-batch.c
tests_lib_sign_batch_LDADD = lib/libapikey-sign.la crypto/libcrypto-layer.la proto/libproto.la common/libcommon.la

if HAVE_CHECK
lib_tests = \
	tests/lib/test-admin \
	tests/lib/test-answers \
	tests/lib/test-caller \
	tests/lib/test-client \
	tests/lib/test-deadline \
	tests/lib/test-example \
	tests/lib/test-inspect \
	tests/lib/test-open \
	tests/lib/test-import \
	tests/lib/test-roles \
	tests/lib/test-rotate \
	tests/lib/test-rotation \
	tests/lib/test-sessions \
	tests/lib/test-sign \
	tests/lib/test-tokens \
	tests/lib/test-trust \
	tests/lib/test-verify
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

# The servers the client meets, and what several tests ask of them.
check_LTLIBRARIES += tests/lib/libpeer.la
tests_lib_libpeer_la_SOURCES = \
	tests/lib/exchange.c tests/lib/exchange.h \
	tests/lib/peer.c tests/lib/peer.h \
	tests/lib/question.c tests/lib/question.h
tests_lib_libpeer_la_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_libpeer_la_LIBADD = lib/libapikey-core.la

lib_test_libraries = tests/lib/libpeer.la $(CHECK_LIBS) -lpthread

tests_lib_test_admin_SOURCES = tests/lib/test-admin.c
tests_lib_test_admin_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_admin_LDADD = $(lib_test_libraries)

tests_lib_test_answers_SOURCES = tests/lib/test-answers.c
tests_lib_test_answers_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_answers_LDADD = $(lib_test_libraries)

tests_lib_test_caller_SOURCES = tests/lib/test-caller.c
tests_lib_test_caller_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
if SANITIZING
tests_lib_test_caller_CPPFLAGS += -DSANITIZED
endif
# Lazy binding would save registers, and with them pieces of texts, on the stack that the test looks at.
tests_lib_test_caller_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=connect -Wl,--wrap=free -Wl,-z,now
tests_lib_test_caller_LDADD = $(lib_test_libraries)

tests_lib_test_client_SOURCES = tests/lib/test-client.c
tests_lib_test_client_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_client_LDADD = $(lib_test_libraries)

tests_lib_test_deadline_SOURCES = tests/lib/test-deadline.c
tests_lib_test_deadline_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_deadline_LDADD = $(lib_test_libraries)

tests_lib_test_example_SOURCES = tests/lib/test-example.c
tests_lib_test_example_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_example_LDADD = $(lib_test_libraries)

tests_lib_test_inspect_SOURCES = tests/lib/test-inspect.c
tests_lib_test_inspect_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_inspect_LDADD = $(lib_test_libraries)

tests_lib_test_open_SOURCES = tests/lib/test-open.c
tests_lib_test_open_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_open_LDADD = $(lib_test_libraries)

tests_lib_test_import_SOURCES = tests/lib/test-import.c
tests_lib_test_import_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_import_LDADD = $(lib_test_libraries)
tests_lib_test_roles_SOURCES = tests/lib/test-roles.c
tests_lib_test_roles_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_roles_LDADD = $(lib_test_libraries)

tests_lib_test_rotation_SOURCES = tests/lib/test-rotation.c
tests_lib_test_rotation_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_rotation_LDADD = $(lib_test_libraries)
tests_lib_test_sessions_SOURCES = tests/lib/test-sessions.c
tests_lib_test_sessions_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_sessions_LDADD = $(lib_test_libraries)

tests_lib_test_rotate_SOURCES = tests/lib/test-rotate.c
tests_lib_test_rotate_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_rotate_LDADD = $(lib_test_libraries)

tests_lib_test_sign_SOURCES = tests/lib/test-sign.c
tests_lib_test_sign_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_lib_test_sign_LDADD = lib/libapikey-sign.la $(CHECK_LIBS) $(JANSSON_LIBS)

tests_lib_test_tokens_SOURCES = tests/lib/test-tokens.c
tests_lib_test_tokens_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_tokens_LDADD = $(lib_test_libraries)

tests_lib_test_trust_SOURCES = tests/lib/test-trust.c
tests_lib_test_trust_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_trust_LDADD = $(lib_test_libraries)

tests_lib_test_verify_SOURCES = tests/lib/test-verify.c
tests_lib_test_verify_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_lib_test_verify_LDADD = $(lib_test_libraries)
endif

# SPDX-License-Identifier: Apache-2.0 OR MIT
check_PROGRAMS += tests/callers/login
tests_callers_login_SOURCES = tests/callers/login.c
tests_callers_login_LDADD = $(PAM_LIBS)

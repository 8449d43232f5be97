# SPDX-License-Identifier: Apache-2.0 OR MIT
# Checks of the tree itself: each reads srcdir from the environment, runs in the build folder and needs neither network
# nor privileges.
checks = tests/checks/check-includes tests/checks/check-headers tests/checks/check-exports tests/checks/check-manpages \
	tests/checks/check-format tests/checks/check-spdx tests/checks/check-docs tests/checks/check-shell
TESTS += $(checks)
EXTRA_DIST += $(checks) tests/checks/files.sh
# What check-shell remembers.
CLEANFILES += tests/checks/check-shell.clean
# What is installed and run, and where its libraries are; what lies among the sources when they are the build folder too.
AM_TESTS_ENVIRONMENT += CHECK_PROGRAMS='$(bin_PROGRAMS) $(sbin_PROGRAMS)'; export CHECK_PROGRAMS;
AM_TESTS_ENVIRONMENT += CHECK_LIBDIR='$(libdir)'; export CHECK_LIBDIR;
AM_TESTS_ENVIRONMENT += CHECK_GENERATED='$(PROGRAMS) $(check_PROGRAMS) $(CLEANFILES) $(CONFIG_CLEAN_FILES)'; \
	export CHECK_GENERATED;

# SPDX-License-Identifier: Apache-2.0 OR MIT
check_PROGRAMS += tests/callers/login
tests_callers_login_SOURCES = tests/callers/login.c
tests_callers_login_LDADD = $(PAM_LIBS)
# The real callers need root and a Debian tree: ./check runs them, make check does not.
EXTRA_DIST += .ci/run .clang-tidy tests/install-dependencies.sh tests/selinux.sh tests/rpm.sh tests/readme.sh \
	tests/callers/run.sh tests/callers/tree.sh tests/callers/enter.sh tests/callers/inside.sh \
	tests/callers/harness.sh tests/callers/daemon.sh tests/callers/matrix.sh tests/callers/tokens.sh tests/callers/ssh.sh \
	tests/callers/sshd.sh tests/callers/sshd-password.sh tests/callers/sshd-key-only.sh tests/callers/sftp.sh tests/callers/sftp-ci.sh \
	tests/callers/sudo.sh tests/callers/su.sh tests/callers/rotate.sh tests/callers/sessions.sh \
	tests/callers/mail.sh tests/callers/dovecot.sh tests/callers/dovecot-services.sh tests/callers/dovecot-virtual.sh tests/callers/dovecot-oauth2.sh \
	tests/callers/postfix.sh tests/callers/saslauthd.sh \
	tests/callers/ftp.sh tests/callers/vsftpd.sh tests/callers/proftpd.sh \
	tests/callers/pamtester.sh tests/callers/pamtester-peer.sh tests/callers/doctor.sh \
	packaging/examples

EXTRA_DIST += \
	tests/callers/tls.sh tests/callers/https.sh tests/callers/nginx.sh tests/callers/apache2.sh \
	tests/callers/postgresql.sh tests/callers/squid.sh tests/callers/openvpn.sh tests/callers/freeradius.sh \
	tests/callers/cockpit.sh tests/callers/gateway.sh tests/callers/nginx-auth.sh \
	tests/callers/gateway-tls.sh

# Not in EXTRA_DIST: make would take the file's name for its target check, and run all tests to make a tarball.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check

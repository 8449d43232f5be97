# SPDX-License-Identifier: Apache-2.0 OR MIT
# The Debian packages, as files and on a system that boots: ./check runs these, as root; make check does not.
EXTRA_DIST += tests/boot/audit.sh tests/boot/deb.sh tests/boot/run.sh tests/boot/enter.sh tests/boot/harness.sh tests/boot/cases.sh \
	tests/boot/events.sh tests/boot/loops.sh tests/boot/loop.sh tests/boot/login.sh tests/boot/newcomer.sh tests/boot/sessions.sh tests/boot/gateway.sh tests/boot/intruder.sh

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Inside the tree, as root: users with home folders and passwords, the loopback interface, a log that is read, the
# daemon with its default folders; then the cases of one caller.
set -uo pipefail
# A server may hang up while this shell writes to it: that is a failed command, and not the end of all cases. Ignored it
# must not be, since the servers that are started here would inherit that.
trap : PIPE

caller=$1
# shellcheck source=tests/callers/harness.sh
. /opt/tests/harness.sh
# shellcheck source=tests/callers/daemon.sh
. /opt/tests/daemon.sh
# shellcheck source=tests/callers/matrix.sh
. /opt/tests/matrix.sh
# shellcheck source=tests/callers/tokens.sh
. /opt/tests/tokens.sh

ip link set lo up
hostname callers
printf '127.0.0.1 localhost callers\n' >/etc/hosts
echo 512 >/proc/sys/net/unix/max_dgram_qlen

useradd --system --user-group --home-dir /var/lib/apikeyd --shell /usr/sbin/nologin apikeyd
useradd --create-home --uid 1000 --shell /bin/bash --groups sudo alice
useradd --create-home --uid 1001 --shell /bin/bash bob
useradd --create-home --uid 1002 --shell /bin/bash deploy
chpasswd <<END
alice:$alice_password
bob:$bob_password
deploy:$deploy_password
END

log_read
daemon_start
# shellcheck source=/dev/null
. "/opt/tests/$caller.sh"
secrets_stay_secret
echo "# end of $caller"

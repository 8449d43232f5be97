# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# ProFTPD with TLS on the loopback interface. Its package and vsftpd's exclude each other.

# shellcheck source=tests/callers/ftp.sh
. /opt/tests/ftp.sh

DEBIAN_FRONTEND=noninteractive dpkg --purge vsftpd >/var/log/dpkg.stderr 2>&1 &&
	dpkg --force-unsafe-io --install /opt/packages/*.deb >>/var/log/dpkg.stderr 2>&1
case_is "ProFTPD is installed" "$(tail -n 20 /var/log/dpkg.stderr)" test -x /usr/sbin/proftpd

example proftpd/proftpd proftpd/apikey.conf

service=proftpd
user=alice password=$alice_password other_user=bob

case_is "ProFTPD takes the settings" "$(proftpd --configtest 2>&1)" eval 'proftpd --configtest 2>/dev/null'
serve 21 proftpd --nodaemon
matrix_short
ftp_users_file
ftp_without_tls
ftp_lives_on pkill -KILL -u alice proftpd
case_is "ftpwho lists the sessions" "$(ftpwho 2>&1)" eval 'ftpwho >/dev/null 2>&1'
server_stop

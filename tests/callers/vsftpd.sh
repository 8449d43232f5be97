# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2119 # variables go from file to file; eval wants its text whole
# SPDX-License-Identifier: Apache-2.0 OR MIT
# vsftpd with TLS on the loopback interface.

# shellcheck source=tests/callers/ftp.sh
. /opt/tests/ftp.sh

example vsftpd/vsftpd vsftpd/vsftpd.conf
mkdir -p /var/run/vsftpd/empty

service=vsftpd
user=alice password=$alice_password other_user=bob
# A second of its own after each failure.
answer_limit=15000

serve 21 vsftpd /etc/vsftpd.conf
matrix_short
pair_create tokens pam.vsftpd
expect_out "HMAC token with a long nonce, too long for vsftpd itself" "$(token_make HMAC tokens --nonce "$long_nonce")" unasked
ftp_users_file
ftp_without_tls
ftp_lives_on pkill -KILL -u alice vsftpd
server_stop

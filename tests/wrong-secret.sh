# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Secrets that are none, for tests that guess. Sourced.

# wrong_secret ID: one that has the form, and its checksum.
wrong_secret()
{
	local digits=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz text check='' number i
	text=ak_$1_$(printf '%032d' 0)
	number=$(printf %s "$text" | gzip | tail -c 8 | od -A n -t u4 -N 4)
	for ((i = 0; i < 6; i++, number /= 62)); do
		check=${digits:number%62:1}$check
	done
	echo "$text$check"
}

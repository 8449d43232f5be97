#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Inside the booted system: logs in again and again until FOLDER/stop is there. Every attempt is a line in FOLDER/NAME:
# "ok", or "failed" with the milliseconds it took and what the programs said.
#
#   /opt/tests/loop.sh FOLDER NAME WAY [SECRET-FILE]
set -uo pipefail

folder=$1 name=$2
while [ ! -e "$folder/stop" ]; do
	start=${EPOCHREALTIME/./}
	if said=$(/opt/tests/login.sh "${@:3}"); then
		echo ok
	else
		echo "failed $(((${EPOCHREALTIME/./} - start) / 1000)) ${said//$'\n'/ }"
	fi >>"$folder/$name"
done

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Tokens of the library and of an independent signer: each takes the other's. With CHECK_LONG set it tries 10,000.
set -u
command -v python3 >/dev/null || { echo 'SKIP: python3 is not installed'; exit 77; }
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || { echo 'SKIP: python3 is older than 3.9'; exit 77; }
count=400
[ -z "${CHECK_LONG-}" ] || count=10000
exec python3 -B "${srcdir:-.}/tests/lib/other-signer.py" tests/lib/sign-batch lib/example-sign "$count" "$@"

# SPDX-License-Identifier: Apache-2.0 OR MIT
# Each line of a text becomes a literal of C.
s/[\\"]/\\&/g
s/^/"/
s/$/\\n"/

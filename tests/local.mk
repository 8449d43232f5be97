# SPDX-License-Identifier: Apache-2.0 OR MIT
# Tests lie in folders named after what they test.
include tests/checks/local.mk
include tests/common/local.mk
include tests/crypto/local.mk
include tests/proto/local.mk
include tests/lib/local.mk
include tests/pam_module/local.mk
include tests/daemon/local.mk
include tests/gateway/local.mk
include tests/session/local.mk
include tests/cli/local.mk
include tests/fuzz/local.mk
include tests/callers/local.mk
include tests/boot/local.mk

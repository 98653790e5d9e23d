# SPDX-License-Identifier: GPL-3.0-or-later
# Calls: what both ends of one do. So far, how media is sealed end to end.
calls_SRC   := calls/sframe.c
calls_PKG   := libcrypto libsodium
calls_DEPS  := common
calls_TESTS := test_sframe
calls_FUZZ  := fuzz_sframe

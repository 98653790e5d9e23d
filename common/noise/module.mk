# SPDX-License-Identifier: GPL-3.0-or-later
# The encrypted channel between client and relay.
common/noise_SRC   := common/noise/noise.c common/noise/pipe.c
common/noise_PKG   := libsodium
common/noise_DEPS  := common
common/noise_TESTS := test_noise test_pipe
common/noise_FUZZ  := fuzz_pipe
test_noise_SRC     := tests/interop/noise_case.c

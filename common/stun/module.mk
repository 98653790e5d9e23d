# SPDX-License-Identifier: GPL-3.0-or-later
# STUN and TURN messages: bytes in, bytes out.
common/stun_SRC   := common/stun/read.c common/stun/write.c common/stun/auth.c \
	common/stun/cred.c
common/stun_PKG   := libsodium libcrypto
common/stun_DEPS  := common
common/stun_TESTS := test_stun
common/stun_FUZZ  := fuzz_stun

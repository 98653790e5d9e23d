# SPDX-License-Identifier: GPL-3.0-or-later
# Rate limits, trusted networks, the clocks.
relay/abuse_SRC   := relay/abuse/limit.c relay/abuse/net_addr.c \
	relay/abuse/cidr.c relay/abuse/clock.c
relay/abuse_PKG   := libsodium
relay/abuse_DEPS  := common
relay/abuse_TESTS := test_limit test_cidr test_net_addr

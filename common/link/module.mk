# SPDX-License-Identifier: GPL-3.0-or-later
# How a trusted device takes in a new one: the code it reads, and the channel
# between the two.
common/link_SRC   := common/link/offer.c common/link/base32.c common/link/link.c
common/link_PKG   := libsodium libprotobuf-c
common/link_DEPS  := common/signal common/proto common/noise common
common/link_TESTS := test_link_offer test_link_channel
common/link_FUZZ  := fuzz_link

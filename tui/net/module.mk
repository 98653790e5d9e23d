# SPDX-License-Identifier: GPL-3.0-or-later
# The client's connection to its relay. libcurl is opened at run time: the
# linker drops it as not needed, its headers are.
tui/net_SRC   := tui/net/libcurl.c tui/net/sock.c tui/net/conn.c tui/net/mux.c tui/net/link.c
tui/net_PKG   := libuv libcurl libsodium
tui/net_DEPS  := common/noise common/proto common
tui/net_TESTS := test_mux test_link
test_link_SRC := tests/unit/net_peer.c

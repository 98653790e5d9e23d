# SPDX-License-Identifier: GPL-3.0-or-later
# Sockets, Noise connections, frames: what methods do is built on top.
relay/net_SRC   := relay/net/proxy.c relay/net/wheel.c \
	relay/net/slab.c relay/net/guests.c relay/net/arena.c \
	relay/net/dispatch.c relay/net/inbox.c relay/net/listen.c \
	relay/net/conn.c relay/net/conn_in.c relay/net/conn_out.c \
	relay/net/loop.c relay/net/net.c
relay/net_PKG   := libuv libsodium libprotobuf-c
relay/net_DEPS  := relay/admin relay/abuse relay/store common/group common/signal common/noise \
	common/proto common
relay/net_TESTS := test_wheel test_slab test_proxy test_inbox
relay/net_FUZZ  := fuzz_proxy

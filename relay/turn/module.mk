# SPDX-License-Identifier: GPL-3.0-or-later
# The TURN server, and who may use it.
relay/turn_SRC   := relay/turn/turn.c relay/turn/worker.c relay/turn/listen.c \
	relay/turn/udp.c relay/turn/path.c relay/turn/stream.c \
	relay/turn/request.c relay/turn/auth.c relay/turn/alloc.c \
	relay/turn/ports.c relay/turn/peers.c relay/turn/methods.c
relay/turn_PKG   := libsodium libcrypto libssl libprotobuf-c
relay/turn_DEPS  := relay/session $(relay/session_DEPS) common/stun
relay/turn_TESTS := test_turn test_turn_limits
relay/turn_TESTS := test_turn
test_turn_SRC := tests/unit/turn_client.c
relay/turn_FUZZ  := fuzz_turn

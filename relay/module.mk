# SPDX-License-Identifier: GPL-3.0-or-later
# The relay put together: methods -> queue, keys, presence -> session -> route
# -> net, identity -> admin -> abuse, store -> common.
relay_SRC   := relay/relay.c relay/methods.c relay/keyfile.c relay/upkeep.c \
	relay/notify.c
relay_PKG   := libuv libsodium libprotobuf-c libcurl
relay_DEPS  := relay/turn common/stun relay/blobs common/aws relay/groups relay/link relay/queue relay/keys relay/presence relay/session \
	relay/route relay/net relay/identity relay/admin relay/abuse \
	relay/store common/group common/signal common/noise common/proto common
relay_TESTS := test_relay_keyfile test_relay_net test_relay_messages test_relay_keys \
	test_relay_program test_relay_groups test_relay_link test_relay_limits test_relay_media \
	test_relay_turn
RELAY_RIG   := tests/lib/relay_rig.c tests/lib/relay_client.c
test_relay_messages_SRC := $(RELAY_RIG)
test_relay_net_SRC      := $(RELAY_RIG)
test_relay_program_SRC  := tests/lib/relay_client.c
test_relay_keys_SRC     := $(RELAY_RIG)
test_relay_groups_SRC   := $(RELAY_RIG) tests/lib/relay_calls.c
test_relay_link_SRC     := $(RELAY_RIG) tests/lib/relay_calls.c
test_relay_limits_SRC   := $(RELAY_RIG)
test_relay_media_SRC    := $(RELAY_RIG) tests/lib/relay_calls.c
test_relay_turn_SRC     := $(RELAY_RIG)
relay_FUZZ  := fuzz_dispatch
sotto-relay_MAIN := relay/main.c
sotto-relay_MODS := relay $(relay_DEPS)

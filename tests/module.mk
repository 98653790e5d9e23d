# SPDX-License-Identifier: GPL-3.0-or-later
# Test programs that are not unit tests: <dir>/<name>, with <dir>/<name>_MODS.
TOOLS :=

TOOLS += interop/noise-vectors
interop/noise-vectors_SRC  := tests/interop/noise_case.c
interop/noise-vectors_MODS := common/noise common
interop/noise-vectors_PKG  := sqlite3

TOOLS += interop/sframe_peer
interop/sframe_peer_MODS := calls common

# Our side and libomemo-c behind the same JSON lines (tests/interop/README.md).
TOOLS += interop/signal_peer
interop/signal_peer_SRC  := tests/interop/signal_peer_store.c \
	tests/interop/signal_peer_session.c tests/interop/signal_peer_group.c \
	tests/interop/signal_peer_misc.c tests/interop/peer_json.c
interop/signal_peer_MODS := common/signal common/proto common
interop/signal_peer_PKG  := jansson
tools: $(B)/tests/signal-peer
$(B)/tests/signal-peer: $(B)/tests/signal_peer
	$(Q)ln -sf signal_peer $@
# libomemo-c is not packaged everywhere; run.sh counts it as skipped then.
ifneq ($(shell pkg-config --exists libomemo-c 2>/dev/null && echo y),)
TOOLS += interop/omemo_peer
endif
interop/omemo_peer_SRC  := tests/interop/peer_json.c tests/lib/omemo_store.c
interop/omemo_peer_MODS := common/signal common/proto common
interop/omemo_peer_PKG  := jansson libomemo-c

# The relay's store alone: rows a second, drain, memory.
TOOLS += bench/bench_relay_store
bench/bench_relay_store_MODS := relay/store common/group common/signal common/proto common

# The client's store: a profile with many messages, quickly; and its speed
# beside plain SQLite.
TOOLS += bench/store-fill
bench/store-fill_SRC  := tests/bench/fill.c
bench/store-fill_MODS := tui/store tui/base common
TOOLS += bench/bench_store
bench/bench_store_SRC  := tests/bench/fill.c
bench/bench_store_MODS := tui/store tui/base common

# Secrets marked undefined: valgrind -q --error-exitcode=1 $(B)/tests/ct_signal
TOOLS += ct/ct_signal
ct/ct_signal_SRC  := tests/ct/ct_wrap.c tests/ct/ct_conversation.c
ct/ct_signal_MODS := common/signal common/proto common
comma := ,
$(B)/tests/ct_signal: LDLIBS += $(patsubst %,-Wl$(comma)--wrap=%,kpoly_uniform \
	kem_keypair erasure_encode sodium_memcmp cbc_open crypto_scalarmult \
	crypto_scalarmult_base crypto_scalarmult_ed25519_base_noclamp)

# The relay over real sockets beside mosquitto; also 15,000 idle connections.
TOOLS += bench/relay-bench
bench/relay-bench_SRC  := tests/bench/relay_load.c \
	tests/bench/relay_load_sotto.c tests/bench/relay_load_mqtt.c \
	tests/bench/relay_people.c
bench/relay-bench_MODS := relay/store common/group common/signal common/noise common/proto common

# A group of 1,024: the real engine, the real relay, the others played.
TOOLS += bench/group-fill
bench/group-fill_SRC  := tests/bench/group_people.c
bench/group-fill_MODS := tui/engine common/link relay/store common/group common/signal common/noise common/proto common

TOOLS += bench/bench_group
bench/bench_group_SRC  := tests/bench/group_people.c tests/bench/group_peers.c
bench/bench_group_MODS := tui/engine $(tui/engine_DEPS)

# The Signal protocol beside libsignal (npm) and libomemo-c; tests/bench/bench_signal.py.
TOOLS += bench/signal_sotto
bench/signal_sotto_SRC  := tests/bench/signal_side.c
bench/signal_sotto_MODS := common/signal common/proto common
ifneq ($(filter interop/omemo_peer,$(TOOLS)),)
TOOLS += bench/signal_omemo
endif
bench/signal_omemo_SRC := tests/bench/signal_side.c tests/lib/omemo_store.c
bench/signal_omemo_MODS := common/signal common/proto common
bench/signal_omemo_PKG := libomemo-c

# Garbles a profile's ratchet records; tests/e2e/test_repair.py.
TOOLS += e2e/break_session
e2e/break_session_MODS := tui/store tui/base common

# Sealing beside libsodium and openssl, transfers beside curl.
TOOLS += bench/bench_media
bench/bench_media_MODS := $(tests/media_DEPS)

# Load for a TURN server; tests/bench/turn.sh sets ours beside coturn.
TOOLS += bench/bench_turn
bench/bench_turn_MODS := common/stun common

# Two of libnice's agents that meet at a TURN server; tests/e2e/test_turn.py.
ifneq ($(shell pkg-config --exists nice 2>/dev/null && echo y),)
TOOLS += e2e/nice_pair
endif
e2e/nice_pair_PKG := nice
$(B)/obj/tests/e2e/nice_pair.o: CPPFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags nice))

# SPDX-License-Identifier: GPL-3.0-or-later
# Who is here, for those who may know.
relay/presence_SRC   := relay/presence/presence.c relay/presence/methods.c
relay/presence_PKG   := libuv libsodium libprotobuf-c
relay/presence_DEPS  := relay/session $(relay/session_DEPS)
relay/presence_TESTS := test_presence

# SPDX-License-Identifier: GPL-3.0-or-later
# Accounts' public keys and device lists.
relay/keys_SRC   := relay/keys/keys.c relay/keys/upload.c
relay/keys_PKG   := libuv libsodium libprotobuf-c
relay/keys_DEPS  := relay/session $(relay/session_DEPS)
relay/keys_TESTS :=

# SPDX-License-Identifier: GPL-3.0-or-later
# The devices of an account, and the account itself.
relay/link_SRC   := relay/link/mailbox.c relay/link/linking.c \
	relay/link/account.c
relay/link_PKG   := libuv libsodium libprotobuf-c
relay/link_DEPS  := relay/keys relay/session $(relay/session_DEPS)
relay/link_TESTS := test_mailbox

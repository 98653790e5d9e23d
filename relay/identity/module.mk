# SPDX-License-Identifier: GPL-3.0-or-later
# Registration: invites, one-time codes and the drivers that send them.
relay/identity_SRC   := relay/identity/identity.c relay/identity/otp.c \
	relay/identity/otp_log.c relay/identity/otp_command.c \
	relay/identity/otp_http.c
relay/identity_PKG   := libsodium libuv libcurl
relay/identity_DEPS  := relay/keys relay/admin relay/abuse relay/store common/group common/signal \
	common/proto common
relay/identity_TESTS := test_otp test_identity
test_otp_SRC := tests/unit/relay_store_help.c
test_otp_PKG := libmicrohttpd
test_identity_SRC := tests/unit/relay_store_help.c

# SPDX-License-Identifier: GPL-3.0-or-later
# Who a connection is.
relay/session_SRC   := relay/session/session.c relay/session/task.c
relay/session_PKG   := libuv libsodium libprotobuf-c
relay/session_DEPS  := relay/route relay/net relay/identity relay/admin \
	relay/abuse relay/store common/group common/signal common/noise common/proto common
relay/session_TESTS :=

# SPDX-License-Identifier: GPL-3.0-or-later
# Messages: sent, handed out, acknowledged.
relay/queue_SRC   := relay/queue/window.c relay/queue/job.c relay/queue/parcel.c \
	relay/queue/send.c relay/queue/deliver.c
relay/queue_PKG   := libuv libsodium libprotobuf-c
relay/queue_DEPS  := relay/session $(relay/session_DEPS)
relay/queue_TESTS := test_window

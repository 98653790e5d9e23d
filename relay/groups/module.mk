# SPDX-License-Identifier: GPL-3.0-or-later
# Groups and status posts: signed changes, one body for many devices.
relay/groups_SRC   := relay/groups/out.c relay/groups/change.c \
	relay/groups/read.c relay/groups/send.c
relay/groups_PKG   := libuv libsodium libprotobuf-c
relay/groups_DEPS  := relay/queue $(relay/queue_DEPS)
relay/groups_TESTS :=

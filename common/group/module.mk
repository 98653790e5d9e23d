# SPDX-License-Identifier: GPL-3.0-or-later
# Groups: signed, hash-chained changes, and what members seal among themselves.
common/group_SRC   := common/group/public.c
common/group_PKG   := libsodium libprotobuf-c
common/group_DEPS  := common/signal common/proto common

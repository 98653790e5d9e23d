# SPDX-License-Identifier: GPL-3.0-or-later
# Sealed files, and how they go up and down.
media/transfer_SRC   := media/transfer/file.c media/transfer/hub.c \
	media/transfer/attempt.c media/transfer/curl_linked.c
media/transfer_PKG   := libcurl libsodium
media/transfer_DEPS  := common/blob common
media/transfer_TESTS := test_media_file

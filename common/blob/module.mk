# SPDX-License-Identifier: GPL-3.0-or-later
# Sealed blobs: what pictures and files are while they rest on a relay.
common/blob_SRC   := common/blob/part.c common/blob/hash.c \
	common/blob/seal.c common/blob/open.c
common/blob_PKG   := libsodium libcrypto
common/blob_DEPS  := common
common/blob_TESTS := test_blob
common/blob_FUZZ  := fuzz_blob

# SPDX-License-Identifier: GPL-3.0-or-later
# Sealed blobs at rest: a folder and its HTTP server.
relay/blobs_SRC   := relay/blobs/blobs.c relay/blobs/methods.c \
	relay/blobs/backend_dir.c relay/blobs/backend_s3.c relay/blobs/url.c relay/blobs/dir.c relay/blobs/http.c \
	relay/blobs/http_blob.c relay/blobs/http_answer.c relay/blobs/http_range.c
relay/blobs_PKG   := libuv libsodium libprotobuf-c libmicrohttpd libcurl
relay/blobs_DEPS  := common/aws relay/session $(relay/session_DEPS)
relay/blobs_TESTS := test_blobs test_blob_url test_blob_dir test_blob_http
relay/blobs_FUZZ  := fuzz_blob_url
test_blob_http_PKG := libcurl
test_blobs_SRC := tests/unit/relay_store_help.c

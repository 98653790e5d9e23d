/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.h — where the bytes of blobs are. Every call may block and is made on
 * the worker's thread, but for way(), which any thread may call.
 */
#ifndef RELAY_BLOBS_BACKEND_H
#define RELAY_BLOBS_BACKEND_H

#include "relay/blobs/blobs.h"

struct blob_backend; /* the backend's own; first member: ops */

struct blob_backend_ops {
	bool in_one; /* an upload is one request, and cannot be gone on with */
	/* A place for blob.size bytes; blob.upload may be set. 0; ERR_IO no
	 * room (keep is to stay free), or no answer. */
	int (*prepare)(
	    struct blob_backend *be, struct store_blob *blob, uint64_t keep);
	/* It is whole, and durable. 0; ERR_AGAIN not yet; ERR_IO. */
	int (*check)(struct blob_backend *be, const struct store_blob *blob);
	/* 0; ERR_IO: the sweep tries again. */
	int (*remove)(struct blob_backend *be, const struct store_blob *blob);
	/* Everything older than before_s. 0; ERR_IO. */
	int (*walk)(struct blob_backend *be, uint64_t before_s,
	    void (*fn)(void *arg, const struct blob_locator *l), void *arg);
	/* A URL for a grant. 0; ERR_NOMEM. */
	int (*way)(const struct blob_backend *be, const struct blob_grant *g,
	    char out[static BLOB_URL_CAP]);
	uint16_t (*port)(const struct blob_backend *be);
	void (*stop)(struct blob_backend *be); /* serve nobody any more */
	void (*close)(struct blob_backend *be);
};

struct blob_backend {
	const struct blob_backend_ops *ops;
};

/* A folder with its HTTP server; a bucket. As blobs_start(). */
int blob_backend_dir(
    struct blob_backend **be, const struct blobs_env *env, char *why) MUST_USE;
int blob_backend_s3(
    struct blob_backend **be, const struct blobs_env *env, char *why) MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops_blob.h — part of store.h: which sealed blobs there are, whose they are and
 * until when. The bytes are elsewhere (relay/blobs). docs/media.md §2.
 */
#ifndef RELAY_STORE_OPS_BLOB_H
#define RELAY_STORE_OPS_BLOB_H

#include "relay/store/store.h"

#define STORE_LOCATOR_LEN    16
#define STORE_UPLOAD_MAX     512 /* bytes of a backend's name for an upload */
#define STORE_BLOBS_GONE_MAX 64

struct blob_locator {
	uint8_t b[STORE_LOCATOR_LEN];
};

struct store_blob {
	struct blob_locator locator;
	uint64_t size; /* bytes, sealed */
	uint64_t expires_ms;
	bool stored; /* else it is on its way */
	char upload[STORE_UPLOAD_MAX + 1]; /* "" none */
};

/*
 * Room for one more of an account: what is stored and what is on its way
 * counts. blob.stored is false. ERR_FULL over the quota; ERR_NOTFOUND no such
 * account; ERR_EXISTS that locator; ERR_RANGE size 0.
 */
struct op_blob_add {
	struct store_op op;
	struct account_id account;
	struct store_blob blob;
	uint64_t quota; /* bytes */
	int checked; /* 0, or why there is no place: the result */
	uint64_t used; /* result, also with ERR_FULL: before this one */
};

/* ERR_NOTFOUND, also when it has expired. An account that is none may ask. */
struct op_blob_get {
	struct store_op op;
	struct blob_locator locator;
	struct account_id asks;
	bool own; /* results: `asks` has uploaded it */
	struct store_blob blob;
};

/*
 * It is whole, and lives until expires_ms; once more changes nothing. A failed
 * check is this operation's result, and changes nothing. ERR_NOTFOUND, also when
 * it is another account's.
 */
struct op_blob_stored {
	struct store_op op;
	struct blob_locator locator;
	struct account_id account;
	uint64_t expires_ms;
	int checked; /* 0, or why it is not whole */
};

/* Everybody has it: it lives until expires_ms, if that is sooner. ERR_NOTFOUND,
 * also when it is another account's, or not stored. */
struct op_blob_delivered {
	struct store_op op;
	struct blob_locator locator;
	struct account_id account;
	uint64_t expires_ms;
};

/* Takes the row. ERR_NOTFOUND, also when it is another account's. */
struct op_blob_del {
	struct store_op op;
	struct blob_locator locator;
	struct account_id account;
	struct store_blob blob; /* result */
};

/* Takes the rows of what has expired and of accounts that are gone, some. */
struct op_blob_expired {
	struct store_op op;
	size_t n; /* results */
	struct store_blob v[STORE_BLOBS_GONE_MAX];
};

#endif

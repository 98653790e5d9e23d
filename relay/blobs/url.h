/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * url.h — what a device may do with one blob for a while, as a URL that the
 * relay has signed: nobody else can make one, and it holds for one blob, one
 * size, one account, one way and one time. docs/media.md §2.1.
 *
 *     BASE/b/LOCATOR/VERB-SIZE-EXPIRY-TAG-MAC      all hexadecimal
 *
 * The server needs the secret to judge it, and no store.
 */
#ifndef RELAY_BLOBS_URL_H
#define RELAY_BLOBS_URL_H

#include "relay/store/store.h"

#define BLOB_SECRET_LEN 32
#define BLOB_TAG	8 /* bytes; stands for an account */
#define BLOB_MAC_LEN	16
#define BLOB_PATH_CAP	160 /* with its NUL */
#define BLOB_BASE_MAX	256
#define BLOB_URL_CAP	2048 /* also of an S3 service's */

enum blob_verb { BLOB_VERB_PUT = 'p', BLOB_VERB_GET = 'g' };

struct blob_grant {
	enum blob_verb verb;
	struct blob_locator locator;
	uint64_t size; /* bytes of the blob */
	uint64_t expires_s; /* Unix time */
	uint8_t account[BLOB_TAG]; /* blob_account_tag() */
};

/* Names an account in URLs and their logs, to nobody who has not the secret. */
void blob_account_tag(const uint8_t secret[static BLOB_SECRET_LEN],
    const struct account_id *id, uint8_t out[static BLOB_TAG]);

/* "/b/..." for a grant. */
void blob_path(const uint8_t secret[static BLOB_SECRET_LEN],
    const struct blob_grant *g, char out[static BLOB_PATH_CAP]);

/*
 * Judge a path. Returns 0; ERR_FORMAT no such path; ERR_AUTH not signed by us;
 * ERR_EXPIRED. g is set on success only. Constant time in the secret.
 */
int blob_path_read(const uint8_t secret[static BLOB_SECRET_LEN],
    const char *path, uint64_t now_s, struct blob_grant *g) MUST_USE;

/* 32 hexadecimal digits and a NUL. */
#define BLOB_NAME_CAP (2 * STORE_LOCATOR_LEN + 1)
void blob_name(const struct blob_locator *l, char out[static BLOB_NAME_CAP]);
/* 0, ERR_FORMAT. */
int blob_name_read(const char *name, struct blob_locator *l) MUST_USE;

#endif

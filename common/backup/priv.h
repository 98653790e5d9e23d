/* SPDX-License-Identifier: GPL-3.0-or-later */
/* priv.h — the beginning of a backup file, for seal.c and open.c. */
#ifndef COMMON_BACKUP_PRIV_H
#define COMMON_BACKUP_PRIV_H

#include <sodium.h>

#include "common/backup/backup.h"

#define MAGIC	    "SOTTOBAK"
#define MAGIC_LEN   8
#define VERSION	    1
#define SALT_LEN    32
#define HEAD_LEN    (MAGIC_LEN + 2 + 8 + SALT_LEN) /* the additional data */
#define STREAM_LEN  crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define KEY_LEN	    crypto_secretstream_xchacha20poly1305_KEYBYTES
#define CHUNK_EXTRA crypto_secretstream_xchacha20poly1305_ABYTES
#define PREFIX_LEN  (HEAD_LEN + STREAM_LEN)
#define FILE_MORE   crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define FILE_END    crypto_secretstream_xchacha20poly1305_TAG_FINAL

/* Of a password: passes, and KiB of memory. */
struct head {
	enum backup_kind kind;
	uint32_t passes, kib; /* 0 unless BACKUP_PASSWORD */
	uint8_t salt[SALT_LEN];
};

void head_put(uint8_t out[static HEAD_LEN], const struct head *h);

/* 0; ERR_FORMAT; ERR_VERSION; ERR_RANGE parameters nobody writes. */
int head_get(struct head *h, const uint8_t p[static HEAD_LEN]) MUST_USE;

/* The stream's key. 0; ERR_RANGE the key is of another kind, or none;
 * ERR_NOMEM. */
int head_key(uint8_t out[static KEY_LEN], const struct head *h,
    const struct backup_key *key) MUST_USE;

#endif

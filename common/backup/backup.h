/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backup.h — a sealed file of records: what a backup is, and what history for
 * a new device travels in. Without I/O: bytes in, bytes out, of any size in
 * constant memory. docs/backup.md.
 *
 *     magic (8) | version (1) | key kind (1) | Argon2id parameters, salt (40)
 *     secretstream header (24)
 *     chunks: be32 length of the ciphertext, ciphertext
 *
 * The key: a password through Argon2id, a recovery code or a raw key through
 * keyed BLAKE2b (they are random already). Chunks are libsodium's
 * crypto_secretstream_xchacha20poly1305; the 50 bytes before are the additional
 * data of every chunk. The last chunk carries the tag FINAL: a file that was
 * cut is noticed. A chunk holds records: be32 length and bytes; a record may
 * go on in the next chunk.
 */
#ifndef COMMON_BACKUP_BACKUP_H
#define COMMON_BACKUP_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/backup/code.h"
#include "common/base.h"
#include "common/buf.h"

#define BACKUP_RAW_LEN	    32 /* bytes of a raw key */
#define BACKUP_PASSWORD_MIN 8 /* characters asked for; a file may have less */
#define BACKUP_PASSWORD_MAX 1024 /* bytes */
#define BACKUP_RECORD_MAX   (1024 * 1024) /* bytes of one record */
#define BACKUP_CHUNK_MAX    65536 /* bytes of plaintext in one chunk */
#define BACKUP_CHUNK_SEALED (4 + BACKUP_CHUNK_MAX + 17)
/* More memory than this is not taken from a file that asks for it. */
#define BACKUP_ARGON_MEM_MAX (1024u * 1024 * 1024)

/* Numbers are in the file. */
enum backup_kind {
	BACKUP_PASSWORD = 1,
	BACKUP_CODE = 2,
	BACKUP_RAW = 3,
};

/* What opens a file; all borrowed, the one that kind names is set. */
struct backup_key {
	enum backup_kind kind;
	const char *password; /* UTF-8, not empty */
	const struct backup_code *code;
	const uint8_t *raw; /* BACKUP_RAW_LEN */
	bool fast; /* tests: minimal Argon2id */
};

/* ---- writing ----------------------------------------------------------------- */

struct backup_seal; /* heap, owned by the caller; holds keys */

/*
 * Begin a file; its first bytes are appended to out. Takes time for a password.
 * Returns 0; ERR_RANGE no or too long password; ERR_NOMEM (Argon2id wants
 * 256 MiB); ERR_FULL.
 */
int backup_seal_new(struct backup_seal **s, const struct backup_key *key,
    const struct backup_rng *rng, struct buf *out) MUST_USE;

/*
 * Add a record of 1..BACKUP_RECORD_MAX bytes; chunks that got full are appended
 * to out, which has room for BACKUP_CHUNK_SEALED for each begun 64 KiB.
 * Returns 0; ERR_RANGE; ERR_STATE ended, or an earlier call failed: then the
 * file is lost; ERR_FULL; ERR_NOMEM.
 */
int backup_seal_put(struct backup_seal *s, const void *record, size_t len,
    struct buf *out) MUST_USE;

/* The last chunk. Errors as above. */
int backup_seal_end(struct backup_seal *s, struct buf *out) MUST_USE;

/* Wipes and frees; NULL is fine. */
void backup_seal_free(struct backup_seal *s);

/* ---- reading ----------------------------------------------------------------- */

struct backup_open; /* heap, owned by the caller; holds keys */

/* 0; ERR_NOMEM. */
int backup_open_new(struct backup_open **o) MUST_USE;

/* Hand in the next bytes of the file, which are copied: after ERR_AGAIN from
 * the calls below, up to BACKUP_CHUNK_SEALED. Returns 0; ERR_NOMEM; ERR_FULL
 * that was more, and records wait. */
int backup_open_feed(
    struct backup_open *o, const uint8_t *p, size_t len) MUST_USE;

/* Once the file's beginning is there: what opens it. Returns 0; ERR_AGAIN feed
 * more; ERR_FORMAT not such a file; ERR_VERSION made by a newer sotto. */
int backup_open_kind(struct backup_open *o, enum backup_kind *kind) MUST_USE;

/*
 * Give the key. Takes time for a password. Returns 0; ERR_AGAIN feed more: the
 * first chunk tells whether the key is right; ERR_AUTH it is wrong (or the
 * file damaged at its very beginning): another may be tried; ERR_RANGE another
 * kind of key than the file's, or Argon2id parameters no sotto writes;
 * ERR_FORMAT, ERR_VERSION; ERR_NOMEM.
 */
int backup_open_unlock(
    struct backup_open *o, const struct backup_key *key) MUST_USE;

/*
 * The next record, in place of what out held. Returns 0; ERR_AGAIN feed more;
 * ERR_NOTFOUND the end: nothing is missing; ERR_AUTH damaged, cut together or
 * bytes behind the end: nothing more can be read; ERR_FORMAT sealed by
 * something that is no sotto; ERR_STATE no key yet; ERR_NOMEM; ERR_FULL. When
 * the file ends and this says ERR_AGAIN, it was cut off.
 */
int backup_open_next(struct backup_open *o, struct buf *out) MUST_USE;

void backup_open_free(struct backup_open *o);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyfile.h — the key file of a store: which store it is, and its random key
 * wrapped by what a person knows or has. docs/store.md §2.
 *
 * A passphrase goes through Argon2id with the parameters written in the file;
 * a raw key file, which must be random already, through keyed BLAKE2b. Changing
 * either rewrites this file only, atomically: the store itself stays as it is.
 */
#ifndef TUI_STORE_KEYFILE_H
#define TUI_STORE_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define KEYFILE_ID_LEN	       16 /* bytes of a store's id */
#define KEYFILE_KEY_LEN	       32 /* bytes of a store's key */
#define KEYFILE_PASSPHRASE_MAX 1024 /* bytes */
#define KEYFILE_RAW_MIN	       32 /* bytes of a raw key file */
#define KEYFILE_RAW_MAX	       65536

/* What opens a store; exactly one is set. All borrowed. */
struct store_key {
	const char *passphrase; /* UTF-8 (compared in NFC), not empty */
	const char
	    *command; /* sh -c; its first output line is the passphrase */
	const char *key_file; /* path of 32 random bytes or more */
};

/* The secret part; wipe with sodium_memzero. */
struct keyfile {
	uint8_t id[KEYFILE_ID_LEN]; /* the store's, public */
	uint8_t key[KEYFILE_KEY_LEN]; /* the store's, secret */
};

/*
 * Write a key file: wrap kf->key by `key` and put the file in place in one
 * step (temporary file, fsync, rename, fsync of the folder). An old one is
 * replaced.
 *   fast  minimal Argon2id, for tests
 *   why   out, a sentence for a person on failure; may be NULL
 * Returns 0; ERR_RANGE no key, several, or one of wrong length; ERR_SYS with
 * errno; ERR_IO the command failed; ERR_NOMEM (Argon2id wants 256 MiB). The
 * old file is untouched on error.
 */
int keyfile_write(const char *path, const struct keyfile *kf,
    const struct store_key *key, bool fast, char *why, size_t whylen) MUST_USE;

/*
 * Read and unwrap. Returns 0; ERR_NOTFOUND no such file; ERR_AUTH wrong
 * passphrase or key; ERR_FORMAT damaged file; ERR_VERSION made by a newer
 * sotto; ERR_RANGE, ERR_SYS, ERR_IO, ERR_NOMEM as above. kf is unchanged on
 * error.
 */
int keyfile_read(const char *path, const struct store_key *key,
    struct keyfile *kf, char *why, size_t whylen) MUST_USE;

/* Does this key open the file? Same results as keyfile_read(). */
int keyfile_verify(const char *path, const struct store_key *key, char *why,
    size_t whylen) MUST_USE;

#endif

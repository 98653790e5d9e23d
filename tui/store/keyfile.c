/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyfile.c — the wrapped store key. docs/store.md §2:
 *     0  8   "sottokey"
 *     8  1   version 1
 *     9  1   how the wrapping key is made: 1 Argon2id, 2 raw key file
 *    10  2   zero
 *    12  4   Argon2id passes (0 with a raw key)
 *    16  8   Argon2id memory, bytes
 *    24  16  store id
 *    40  16  salt
 *    56  24  nonce
 *    80  48  store key, XChaCha20-Poly1305; bytes 0..79 are its associated data
 *   128  16  BLAKE2b-128 of all before: tells damage from a wrong passphrase
 * Numbers are big-endian.
 */
#include "tui/store/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/buf.h"
#include "tui/store/command.h"
#include "tui/store/fileio.h"

#define FILE_LEN  144
#define AT_PASSES 12
#define AT_MEMORY 16
#define AT_ID	  24
#define AT_SALT	  40
#define AT_NONCE  56
#define AT_SEALED 80
#define AT_SUM	  128
#define SUM_LEN	  16
#define VERSION	  1
/* A forged file must not make us allocate the machine away. */
#define MEMORY_MAX (4ull * 1024 * 1024 * 1024)
#define PASSES_MAX 64

enum how { HOW_ARGON2ID = 1, HOW_RAW = 2 };

static const uint8_t magic[8] = {'s', 'o', 't', 't', 'o', 'k', 'e', 'y'};

/* What a person gave, as bytes. */
struct secret {
	uint8_t *p; /* heap; wiped */
	size_t len;
	enum how how;
};

static int
say(char *why, size_t len, int code, const char *text)
{
	if (why != NULL && len > 0)
		snprintf(why, len, "%s", text);
	return code;
}

static void
secret_clear(struct secret *s)
{
	if (s->p != NULL)
		sodium_memzero(s->p, s->len);
	free(s->p);
	s->p = NULL;
}

/* The same letters typed on another keyboard are the same passphrase: NFC
 * where it is UTF-8, else the bytes as they are. */
static int
secret_from_text(struct secret *s, const char *text)
{
	size_t len = strnlen(text, KEYFILE_PASSPHRASE_MAX + 1);
	utf8proc_uint8_t *nfc = NULL;
	utf8proc_ssize_t n;

	if (len == 0 || len > KEYFILE_PASSPHRASE_MAX)
		return ERR_RANGE;
	n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len,
	    &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n == UTF8PROC_ERROR_NOMEM)
		return ERR_NOMEM;
	if (n < 0) {
		nfc = malloc(len);
		if (nfc == NULL)
			return ERR_NOMEM;
		memcpy(nfc, text, len);
		n = (utf8proc_ssize_t)len;
	}
	s->p = nfc;
	s->len = (size_t)n;
	s->how = HOW_ARGON2ID;
	return 0;
}

static int
secret_from_command(
    struct secret *s, const char *command, char *why, size_t whylen)
{
	char line[KEYFILE_PASSPHRASE_MAX + 1];
	int status = 0;
	int r = command_line(command, line, sizeof(line), &status);

	if (r == ERR_IO && why != NULL)
		snprintf(why, whylen,
		    status != 0 ? "the passphrase command failed (status %d)"
				: "the passphrase command printed nothing",
		    status);
	else if (r != 0)
		say(why, whylen, r, "the passphrase command cannot be used");
	if (r == 0)
		r = secret_from_text(s, line);
	sodium_memzero(line, sizeof(line));
	return r;
}

static int
secret_from_file(struct secret *s, const char *path, char *why, size_t whylen)
{
	int r = file_read(path, KEYFILE_RAW_MAX, &s->p, &s->len);

	if (r == ERR_NOTFOUND || r == ERR_SYS)
		return say(why, whylen, ERR_SYS, "cannot read the key file");
	if (r == 0 && s->len < KEYFILE_RAW_MIN) {
		secret_clear(s);
		r = ERR_RANGE;
	}
	if (r == ERR_RANGE)
		say(why, whylen, r,
		    "a raw key file has 32 to 65536 random bytes");
	s->how = HOW_RAW;
	return r;
}

static int
secret_get(
    struct secret *s, const struct store_key *key, char *why, size_t whylen)
{
	int given = (key->passphrase != NULL) + (key->command != NULL) +
		    (key->key_file != NULL);
	int r;

	memset(s, 0, sizeof(*s));
	if (given != 1)
		return say(why, whylen, ERR_RANGE,
		    "give one of passphrase, command and key file");
	if (key->command != NULL)
		return secret_from_command(s, key->command, why, whylen);
	if (key->key_file != NULL)
		return secret_from_file(s, key->key_file, why, whylen);
	r = secret_from_text(s, key->passphrase);
	if (r == ERR_RANGE)
		say(why, whylen, r, "a passphrase has 1 to 1024 bytes");
	return r;
}

/* The wrapping key, by what the file says. */
static int
wrapping_key(uint8_t out[static KEYFILE_KEY_LEN], const struct secret *s,
    const uint8_t *file)
{
	const uint8_t *salt = file + AT_SALT;

	if (s->how == HOW_RAW) {
		static const char context[] = "sotto raw key";
		crypto_generichash_state st;

		crypto_generichash_init(&st, salt, 16, KEYFILE_KEY_LEN);
		crypto_generichash_update(
		    &st, (const uint8_t *)context, sizeof(context));
		crypto_generichash_update(&st, s->p, s->len);
		crypto_generichash_final(&st, out, KEYFILE_KEY_LEN);
		sodium_memzero(&st, sizeof(st));
		return 0;
	}
	return crypto_pwhash(out, KEYFILE_KEY_LEN, (const char *)s->p, s->len,
		   salt, get_be32(file + AT_PASSES),
		   (size_t)get_be64(file + AT_MEMORY),
		   crypto_pwhash_ALG_ARGON2ID13) == 0
		   ? 0
		   : ERR_NOMEM;
}

static void
file_sum(uint8_t out[static SUM_LEN], const uint8_t *file)
{
	crypto_generichash(out, SUM_LEN, file, AT_SUM, NULL, 0);
}

static int
file_make(
    uint8_t *f, const struct keyfile *kf, const struct secret *s, bool fast)
{
	uint8_t kek[KEYFILE_KEY_LEN];
	int r;

	memset(f, 0, FILE_LEN);
	memcpy(f, magic, sizeof(magic));
	f[8] = VERSION;
	f[9] = (uint8_t)s->how;
	if (s->how == HOW_ARGON2ID) {
		put_be32(f + AT_PASSES, fast ? crypto_pwhash_OPSLIMIT_MIN
					     : crypto_pwhash_OPSLIMIT_MODERATE);
		put_be64(f + AT_MEMORY, fast ? crypto_pwhash_MEMLIMIT_MIN
					     : crypto_pwhash_MEMLIMIT_MODERATE);
	}
	memcpy(f + AT_ID, kf->id, KEYFILE_ID_LEN);
	randombytes_buf(f + AT_SALT, 16);
	randombytes_buf(f + AT_NONCE, 24);
	r = wrapping_key(kek, s, f);
	if (r == 0)
		crypto_aead_xchacha20poly1305_ietf_encrypt(f + AT_SEALED, NULL,
		    kf->key, KEYFILE_KEY_LEN, f, AT_SEALED, NULL, f + AT_NONCE,
		    kek);
	file_sum(f + AT_SUM, f);
	sodium_memzero(kek, sizeof(kek));
	return r;
}

int
keyfile_write(const char *path, const struct keyfile *kf,
    const struct store_key *key, bool fast, char *why, size_t whylen)
{
	uint8_t f[FILE_LEN];
	struct secret s;
	int r;

	if (sodium_init() < 0)
		return ERR_INTERNAL;
	r = secret_get(&s, key, why, whylen);
	if (r != 0)
		return r;
	r = file_make(f, kf, &s, fast);
	if (r == ERR_NOMEM)
		say(why, whylen, r, "not enough memory for Argon2id");
	if (r == 0) {
		r = file_replace(path, f, sizeof(f));
		if (r == ERR_SYS && why != NULL)
			snprintf(why, whylen, "cannot write the key file: %s",
			    strerror(errno));
	}
	secret_clear(&s);
	return r;
}

/* Is it a key file that this version can open? */
static int
file_check(const uint8_t *f, size_t len, char *why, size_t whylen)
{
	uint8_t sum[SUM_LEN];
	bool argon;

	if (len < sizeof(magic) + 1 || memcmp(f, magic, sizeof(magic)) != 0)
		return say(why, whylen, ERR_FORMAT,
		    "the key file is damaged, or is none");
	if (f[8] != VERSION)
		return say(why, whylen, ERR_VERSION,
		    "the key file was made by a newer sotto");
	if (len != FILE_LEN)
		return say(why, whylen, ERR_FORMAT, "the key file is damaged");
	file_sum(sum, f);
	argon = f[9] == HOW_ARGON2ID;
	if (memcmp(sum, f + AT_SUM, SUM_LEN) != 0 ||
	    (!argon && f[9] != HOW_RAW) ||
	    (argon &&
		(get_be32(f + AT_PASSES) < crypto_pwhash_OPSLIMIT_MIN ||
		    get_be32(f + AT_PASSES) > PASSES_MAX ||
		    get_be64(f + AT_MEMORY) < crypto_pwhash_MEMLIMIT_MIN ||
		    get_be64(f + AT_MEMORY) > MEMORY_MAX)))
		return say(why, whylen, ERR_FORMAT, "the key file is damaged");
	return 0;
}

static int
file_open(const uint8_t *f, const struct secret *s, struct keyfile *kf,
    char *why, size_t whylen)
{
	uint8_t kek[KEYFILE_KEY_LEN], key[KEYFILE_KEY_LEN];
	int r;

	if (f[9] != s->how)
		return say(why, whylen, ERR_AUTH,
		    s->how == HOW_RAW ? "this profile opens with a passphrase"
				      : "this profile opens with a key file");
	r = wrapping_key(kek, s, f);
	if (r != 0)
		return say(why, whylen, r, "not enough memory for Argon2id");
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL,
		f + AT_SEALED, AT_SUM - AT_SEALED, f, AT_SEALED, f + AT_NONCE,
		kek) != 0)
		r = say(why, whylen, ERR_AUTH,
		    s->how == HOW_RAW ? "wrong key file" : "wrong passphrase");
	if (r == 0) {
		memcpy(kf->id, f + AT_ID, KEYFILE_ID_LEN);
		memcpy(kf->key, key, KEYFILE_KEY_LEN);
	}
	sodium_memzero(kek, sizeof(kek));
	sodium_memzero(key, sizeof(key));
	return r;
}

int
keyfile_read(const char *path, const struct store_key *key, struct keyfile *kf,
    char *why, size_t whylen)
{
	uint8_t *f = NULL;
	size_t len = 0;
	struct secret s;
	int r;

	if (sodium_init() < 0)
		return ERR_INTERNAL;
	r = file_read(path, 4096, &f, &len);
	if (r == ERR_NOTFOUND)
		return say(why, whylen, r, "there is no profile here");
	if (r == ERR_RANGE)
		return say(why, whylen, ERR_FORMAT, "the key file is damaged");
	if (r == ERR_SYS && why != NULL)
		snprintf(why, whylen, "cannot read the key file: %s",
		    strerror(errno));
	if (r != 0)
		return r;
	r = file_check(f, len, why, whylen);
	if (r == 0)
		r = secret_get(&s, key, why, whylen);
	if (r == 0) {
		r = file_open(f, &s, kf, why, whylen);
		secret_clear(&s);
	}
	free(f);
	return r;
}

int
keyfile_verify(
    const char *path, const struct store_key *key, char *why, size_t whylen)
{
	struct keyfile kf;
	int r = keyfile_read(path, key, &kf, why, whylen);

	sodium_memzero(&kf, sizeof(kf));
	return r;
}

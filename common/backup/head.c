/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/backup/priv.h"

_Static_assert(
    SALT_LEN >= crypto_pwhash_SALTBYTES, "Argon2id takes its first bytes");

void
head_put(uint8_t out[static HEAD_LEN], const struct head *h)
{
	memcpy(out, MAGIC, MAGIC_LEN);
	out[MAGIC_LEN] = VERSION;
	out[MAGIC_LEN + 1] = (uint8_t)h->kind;
	put_be32(out + MAGIC_LEN + 2, h->passes);
	put_be32(out + MAGIC_LEN + 6, h->kib);
	memcpy(out + MAGIC_LEN + 10, h->salt, SALT_LEN);
}

int
head_get(struct head *h, const uint8_t p[static HEAD_LEN])
{
	struct head got;
	bool password;

	if (memcmp(p, MAGIC, MAGIC_LEN) != 0)
		return ERR_FORMAT;
	if (p[MAGIC_LEN] != VERSION)
		return ERR_VERSION;
	if (p[MAGIC_LEN + 1] < BACKUP_PASSWORD || p[MAGIC_LEN + 1] > BACKUP_RAW)
		return ERR_FORMAT;
	got.kind = (enum backup_kind)p[MAGIC_LEN + 1];
	got.passes = get_be32(p + MAGIC_LEN + 2);
	got.kib = get_be32(p + MAGIC_LEN + 6);
	memcpy(got.salt, p + MAGIC_LEN + 10, SALT_LEN);
	password = got.kind == BACKUP_PASSWORD;
	if ((got.passes != 0) != password || (got.kib != 0) != password ||
	    got.passes > 16 || got.kib > BACKUP_ARGON_MEM_MAX / 1024)
		return ERR_RANGE;
	*h = got;
	return 0;
}

static int
from_password(
    uint8_t out[static KEY_LEN], const struct head *h, const char *password)
{
	size_t len = password != NULL ? strlen(password) : 0;

	if (len < 1 || len > BACKUP_PASSWORD_MAX)
		return ERR_RANGE;
	return crypto_pwhash(out, KEY_LEN, password, len, h->salt, h->passes,
		   (size_t)h->kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0
		   ? 0
		   : ERR_NOMEM;
}

/* Random already: bound to this file by its salt. */
static int
from_random(uint8_t out[static KEY_LEN], const struct head *h,
    const uint8_t *secret, size_t len)
{
	static const char label[] = "sotto backup 1";
	crypto_generichash_state st;

	crypto_generichash_init(&st, secret, len, KEY_LEN);
	crypto_generichash_update(&st, (const uint8_t *)label, sizeof(label));
	crypto_generichash_update(&st, h->salt, SALT_LEN);
	crypto_generichash_final(&st, out, KEY_LEN);
	sodium_memzero(&st, sizeof(st));
	return 0;
}

int
head_key(uint8_t out[static KEY_LEN], const struct head *h,
    const struct backup_key *key)
{
	if (key->kind != h->kind)
		return ERR_RANGE;
	switch (key->kind) {
	case BACKUP_PASSWORD:
		return from_password(out, h, key->password);
	case BACKUP_CODE:
		return from_random(out, h, (const uint8_t *)key->code->digits,
		    BACKUP_CODE_DIGITS);
	case BACKUP_RAW:
		return from_random(out, h, key->raw, BACKUP_RAW_LEN);
	}
	return ERR_RANGE;
}

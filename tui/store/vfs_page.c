/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vfs_page.c — keys, nonces, and the sealing of one page. docs/store.md §3. */
#include "tui/store/vfs_int.h"

#include <string.h>
#include <unistd.h>

#include "common/buf.h"

static const char sqlite_magic[SALT_LEN] = "SQLite format 3";

/* Keyed BLAKE2b over "sotto store", the role and the file's salt. */
static void
derive_one(
    uint8_t out[static VFS_KEY_LEN], const struct vfs_keys *k, const char *role)
{
	static const char context[] = "sotto store";
	crypto_generichash_state st;

	crypto_generichash_init(&st, k->store, sizeof(k->store), VFS_KEY_LEN);
	crypto_generichash_update(
	    &st, (const uint8_t *)context, sizeof(context));
	crypto_generichash_update(&st, (const uint8_t *)role, strlen(role) + 1);
	crypto_generichash_update(&st, k->salt, sizeof(k->salt));
	crypto_generichash_final(&st, out, VFS_KEY_LEN);
	sodium_memzero(&st, sizeof(st));
}

void
keys_derive(struct vfs_keys *k, const uint8_t salt[static SALT_LEN])
{
	memcpy(k->salt, salt, SALT_LEN);
	derive_one(k->db, k, "db");
	derive_one(k->wal, k, "wal");
	derive_one(k->journal, k, "journal");
	derive_one(k->journal_sum, k, "journal sum");
	k->salted = true;
}

struct seal_ad
ad_page(
    enum vfs_role role, uint32_t number, const uint8_t salt[static SALT_LEN])
{
	struct seal_ad ad;

	ad.p[0] = (uint8_t)role;
	put_be32(ad.p + 1, number);
	memcpy(ad.p + 5, salt, SALT_LEN);
	ad.len = 5 + SALT_LEN;
	return ad;
}

struct seal_ad
ad_frame(enum vfs_role role, uint32_t index, const uint8_t salts[static 8])
{
	struct seal_ad ad;

	ad.p[0] = (uint8_t)role;
	put_be32(ad.p + 1, index);
	memcpy(ad.p + 5, salts, 8);
	ad.len = 5 + 8;
	return ad;
}

/*
 * The same slot is written again and again, also after a rollback, a restart
 * of the log or a restored backup: nonces that anything on disk could make
 * repeat are out. 192 random bits need no memory.
 */
void
nonce_take(struct nonce_pool *pool, uint8_t out[static NONCE_LEN])
{
	pid_t pid = getpid();

	if (pool->left == 0 || pool->pid != pid) {
		randombytes_buf(pool->nonces, sizeof(pool->nonces));
		pool->left = NONCE_POOL;
		pool->pid = pid;
	}
	pool->left--;
	memcpy(out, pool->nonces[pool->left], NONCE_LEN);
}

void
seal(uint8_t *out, const uint8_t *in, size_t len, const struct seal_ad *ad,
    const uint8_t key[static VFS_KEY_LEN], struct nonce_pool *pool)
{
	uint8_t *nonce = out + len;

	nonce_take(pool, nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out,
	    nonce + NONCE_LEN, NULL, in, len, ad->p, ad->len, NULL, nonce, key);
}

int
unseal(uint8_t *out, const uint8_t *in, size_t len, const struct seal_ad *ad,
    const uint8_t key[static VFS_KEY_LEN])
{
	const uint8_t *nonce = in + len;

	if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL, in,
		len, nonce + NONCE_LEN, ad->p, ad->len, nonce, key) != 0) {
		sodium_memzero(out, len);
		return ERR_AUTH;
	}
	return 0;
}

void
page_seal(uint8_t *out, const uint8_t *in, uint32_t number,
    const struct vfs_keys *k, struct nonce_pool *pool)
{
	struct seal_ad ad = ad_page(ROLE_PAGE, number, k->salt);
	size_t skip = number == 1 ? SALT_LEN : 0;

	memcpy(out, k->salt, skip);
	seal(out + skip, in + skip, PAGE_TEXT - skip, &ad, k->db, pool);
}

int
page_unseal(uint8_t *page, uint32_t number, const struct vfs_keys *k)
{
	struct seal_ad ad = ad_page(ROLE_PAGE, number, k->salt);
	size_t skip = number == 1 ? SALT_LEN : 0;
	int r;

	r = unseal(page + skip, page + skip, PAGE_TEXT - skip, &ad, k->db);
	if (r != 0)
		return r;
	memcpy(page, sqlite_magic, skip);
	memset(page + PAGE_TEXT, 0, VFS_RESERVE);
	return 0;
}

bool
page_reserve_clear(const uint8_t *page)
{
	return sodium_is_zero(page + PAGE_TEXT, VFS_RESERVE) != 0;
}

/* SQLite file format §1.3: offsets 16 page size, 18/19 versions, 20 reserve,
 * 21–23 fixed fractions. */
void
page_header(uint8_t out[static 100])
{
	static const uint8_t fixed[8] = {
	    VFS_PAGE >> 8, VFS_PAGE & 0xff, 1, 1, VFS_RESERVE, 64, 32, 32};

	memset(out, 0, 100);
	memcpy(out, sqlite_magic, SALT_LEN);
	memcpy(out + SALT_LEN, fixed, sizeof(fixed));
}

/* A database without the reserve would have its last bytes overwritten. */
bool
page_header_ok(const uint8_t *page)
{
	return memcmp(page, sqlite_magic, SALT_LEN) == 0 &&
	       page[16] == VFS_PAGE >> 8 && page[17] == (VFS_PAGE & 0xff) &&
	       page[20] == VFS_RESERVE;
}

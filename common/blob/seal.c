/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/blob/priv.h"
#include "common/buf.h"

struct blob_seal {
	EVP_CIPHER_CTX *cipher;
	struct blob_hash *hash;
	struct plan plan;
	uint64_t next; /* chunk */
	struct blob_digest digest; /* when next == plan.chunks */
	bool dead; /* bytes are missing */
};

static void
put_prefix(uint8_t *p, const struct blob_rng *rng)
{
	memset(p, 0, PREFIX_LEN);
	memcpy(p, MAGIC, MAGIC_LEN);
	p[MAGIC_LEN] = VERSION;
	p[MAGIC_LEN + 1] = CHUNK_BITS;
	rng->fill(rng->ctx, p + MAGIC_LEN + 8, BLOB_SALT_LEN);
}

static int
put_size(EVP_CIPHER_CTX *c, uint64_t size, uint8_t *p)
{
	uint8_t be[8];

	put_be64(be, size);
	return part_seal(c, PART_SIZE, 0, be, sizeof(be), p);
}

static int
start(struct blob_seal *s, const struct blob_key *key,
    const struct blob_rng *rng, uint8_t head[static BLOB_HEAD_LEN])
{
	struct blob_keys k;
	int r;

	put_prefix(head, rng);
	blob_derive(&k, key, head);
	memcpy(head + PREFIX_LEN, k.commit, sizeof(k.commit));
	s->cipher = blob_cipher(k.chunk, true);
	sodium_memzero(&k, sizeof(k));
	if (s->cipher == NULL)
		return ERR_NOMEM;
	r = put_size(s->cipher, s->plan.size, head + SIZE_AT);
	if (r == 0)
		r = blob_hash_new(&s->hash);
	return r != 0 ? r : blob_hash_add(s->hash, head, BLOB_HEAD_LEN);
}

int
blob_seal_new(struct blob_seal **out, uint64_t size, const struct blob_rng *rng,
    struct blob_key *key, uint8_t head[static BLOB_HEAD_LEN])
{
	uint8_t h[BLOB_HEAD_LEN];
	struct blob_seal *s;
	struct blob_key k;
	int r;

	if (size > BLOB_SIZE_MAX)
		return ERR_RANGE;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	plan_of(&s->plan, size);
	rng->fill(rng->ctx, k.b, sizeof(k.b));
	r = start(s, &k, rng, h);
	if (r == 0) {
		*key = k;
		memcpy(head, h, sizeof(h));
		*out = s;
	} else {
		blob_seal_free(s);
	}
	sodium_memzero(&k, sizeof(k));
	return r;
}

size_t
blob_seal_wants(const struct blob_seal *s)
{
	size_t content;

	(void)plan_chunk(&s->plan, s->next, &content);
	return content;
}

int
blob_seal_next(struct blob_seal *s, uint8_t in[static BLOB_CHUNK],
    uint8_t out[static BLOB_CHUNK_MAX], size_t *len)
{
	size_t content, n;
	int r;

	if (s->dead)
		return ERR_NOMEM;
	if (s->next == s->plan.chunks)
		return ERR_NOTFOUND;
	n = plan_chunk(&s->plan, s->next, &content);
	memset(in + content, 0, n - content);
	r = part_seal(
	    s->cipher, part_of(&s->plan, s->next), s->next, in, n, out);
	if (r == 0)
		r = blob_hash_add(s->hash, out, n + BLOB_TAG_LEN);
	if (r == 0 && s->next + 1 == s->plan.chunks)
		r = blob_hash_end(s->hash, &s->digest);
	if (r != 0) {
		s->dead = true;
		return r;
	}
	s->next++;
	*len = n + BLOB_TAG_LEN;
	return 0;
}

int
blob_seal_end(const struct blob_seal *s, struct blob_digest *d)
{
	if (s->dead || s->next != s->plan.chunks)
		return ERR_STATE;
	*d = s->digest;
	return 0;
}

void
blob_seal_free(struct blob_seal *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->cipher); /* wipes the key schedule */
	blob_hash_free(s->hash);
	sodium_memzero(s, sizeof(*s));
	free(s);
}

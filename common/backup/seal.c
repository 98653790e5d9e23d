/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/backup/priv.h"

#define PASSES	    3
#define KIB	    (256 * 1024)
#define FAST_PASSES 1
#define FAST_KIB    8

struct backup_seal {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t head[HEAD_LEN];
	uint8_t chunk[BACKUP_CHUNK_MAX];
	size_t used; /* of chunk */
	bool dead; /* ended, or bytes are missing */
};

static void
choose(
    struct head *h, const struct backup_key *key, const struct backup_rng *rng)
{
	*h = (struct head){.kind = key->kind};
	if (key->kind == BACKUP_PASSWORD) {
		h->passes = key->fast ? FAST_PASSES : PASSES;
		h->kib = key->fast ? FAST_KIB : KIB;
	}
	rng->fill(rng->ctx, h->salt, sizeof(h->salt));
}

int
backup_seal_new(struct backup_seal **out, const struct backup_key *key,
    const struct backup_rng *rng, struct buf *file)
{
	uint8_t k[KEY_LEN], header[STREAM_LEN];
	struct backup_seal *s;
	struct head h;
	int r;

	choose(&h, key, rng);
	r = head_key(k, &h, key);
	if (r != 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		sodium_memzero(k, sizeof(k));
		return ERR_NOMEM;
	}
	head_put(s->head, &h);
	crypto_secretstream_xchacha20poly1305_init_push(&s->stream, header, k);
	sodium_memzero(k, sizeof(k));
	r = buf_reserve(file, PREFIX_LEN);
	if (r == 0)
		r = buf_put(file, s->head, HEAD_LEN);
	if (r == 0)
		r = buf_put(file, header, sizeof(header));
	if (r != 0) {
		backup_seal_free(s);
		return r;
	}
	*out = s;
	return 0;
}

static int
flush(struct backup_seal *s, uint8_t tag, struct buf *out)
{
	size_t len = s->used + CHUNK_EXTRA;
	int r = buf_reserve(out, 4 + len);

	if (r != 0)
		return r;
	r = buf_put_u32(out, (uint32_t)len);
	if (r != 0)
		return r;
	crypto_secretstream_xchacha20poly1305_push(&s->stream,
	    out->p + out->len, NULL, s->chunk, s->used, s->head, HEAD_LEN, tag);
	out->len += len;
	sodium_memzero(s->chunk, s->used);
	s->used = 0;
	return 0;
}

static int
put_bytes(struct backup_seal *s, const uint8_t *p, size_t len, struct buf *out)
{
	size_t n;
	int r;

	while (len > 0) {
		if (s->used == BACKUP_CHUNK_MAX) {
			r = flush(s, FILE_MORE, out);
			if (r != 0)
				return r;
		}
		n = BACKUP_CHUNK_MAX - s->used;
		n = n < len ? n : len;
		memcpy(s->chunk + s->used, p, n);
		s->used += n;
		p += n;
		len -= n;
	}
	return 0;
}

int
backup_seal_put(
    struct backup_seal *s, const void *record, size_t len, struct buf *out)
{
	uint8_t be[4];
	int r;

	if (s->dead)
		return ERR_STATE;
	if (len < 1 || len > BACKUP_RECORD_MAX)
		return ERR_RANGE;
	put_be32(be, (uint32_t)len);
	r = put_bytes(s, be, sizeof(be), out);
	if (r == 0)
		r = put_bytes(s, record, len, out);
	s->dead = r != 0;
	return r;
}

int
backup_seal_end(struct backup_seal *s, struct buf *out)
{
	if (s->dead)
		return ERR_STATE;
	s->dead = true;
	return flush(s, FILE_END, out);
}

void
backup_seal_free(struct backup_seal *s)
{
	if (s == NULL)
		return;
	sodium_memzero(s, sizeof(*s));
	free(s);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/backup/priv.h"

enum state {
	LOCKED, /* no key yet */
	READING,
	ENDED, /* the final chunk has been opened */
	DEAD, /* damaged: result says how */
};

struct backup_open {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t head[HEAD_LEN];
	struct buf in; /* bytes of the file, not opened yet */
	struct buf plain; /* opened; taken from up to pos */
	size_t pos;
	enum state state;
	int result;
};

int
backup_open_new(struct backup_open **out)
{
	struct backup_open *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return ERR_NOMEM;
	buf_init(&o->in, 2 * BACKUP_CHUNK_SEALED + PREFIX_LEN);
	buf_init(&o->plain, 4 + BACKUP_RECORD_MAX + BACKUP_CHUNK_MAX);
	*out = o;
	return 0;
}

int
backup_open_feed(struct backup_open *o, const uint8_t *p, size_t len)
{
	return buf_put(&o->in, p, len);
}

static int
read_head(const struct backup_open *o, struct head *h)
{
	size_t n = o->in.len < MAGIC_LEN ? o->in.len : MAGIC_LEN;

	/* Say at once what is no backup, however short it is. */
	if (n > 0 && memcmp(o->in.p, MAGIC, n) != 0)
		return ERR_FORMAT;
	return o->in.len < PREFIX_LEN ? ERR_AGAIN : head_get(h, o->in.p);
}

int
backup_open_kind(struct backup_open *o, enum backup_kind *kind)
{
	struct head h;
	int r;

	if (o->state != LOCKED)
		return ERR_STATE;
	r = read_head(o, &h);
	if (r == 0)
		*kind = h.kind;
	return r;
}

/* The length of the chunk at p, or an error. */
static int
chunk_length(const uint8_t *p, size_t left, size_t *len)
{
	if (left < 4)
		return ERR_AGAIN;
	*len = get_be32(p);
	if (*len < CHUNK_EXTRA || *len > BACKUP_CHUNK_MAX + CHUNK_EXTRA)
		return ERR_AUTH;
	return left < 4 + *len ? ERR_AGAIN : 0;
}

/* Open the chunk at p into plain; state and stream change on success only. */
static int
open_chunk(struct backup_open *o, const uint8_t *p, size_t left, size_t *used)
{
	crypto_secretstream_xchacha20poly1305_state st = o->stream;
	size_t len;
	uint8_t tag;
	int r = chunk_length(p, left, &len);

	if (r != 0)
		return r;
	buf_drop(&o->plain, o->pos);
	o->pos = 0;
	/* One byte more: an empty chunk needs an address too. */
	r = buf_reserve(&o->plain, len - CHUNK_EXTRA + 1);
	if (r != 0)
		return r;
	if (crypto_secretstream_xchacha20poly1305_pull(&st,
		o->plain.p + o->plain.len, NULL, &tag, p + 4, len, o->head,
		HEAD_LEN) != 0)
		r = ERR_AUTH;
	else if (tag != FILE_MORE && tag != FILE_END)
		r = ERR_FORMAT;
	if (r == 0) {
		o->plain.len += len - CHUNK_EXTRA;
		o->stream = st;
		o->state = tag == FILE_END ? ENDED : READING;
		*used = 4 + len;
	}
	sodium_memzero(&st, sizeof(st));
	return r;
}

int
backup_open_unlock(struct backup_open *o, const struct backup_key *key)
{
	uint8_t k[KEY_LEN];
	struct head h;
	size_t len, used;
	int r;

	if (o->state != LOCKED)
		return ERR_STATE;
	r = read_head(o, &h);
	if (r == 0)
		r = chunk_length(
		    o->in.p + PREFIX_LEN, o->in.len - PREFIX_LEN, &len);
	if (r == 0)
		r = head_key(k, &h, key);
	if (r != 0)
		return r;
	memcpy(o->head, o->in.p, HEAD_LEN);
	crypto_secretstream_xchacha20poly1305_init_pull(
	    &o->stream, o->in.p + HEAD_LEN, k);
	sodium_memzero(k, sizeof(k));
	r = open_chunk(o, o->in.p + PREFIX_LEN, o->in.len - PREFIX_LEN, &used);
	if (r == 0)
		buf_drop(&o->in, PREFIX_LEN + used);
	else
		sodium_memzero(&o->stream, sizeof(o->stream));
	return r;
}

static int
die(struct backup_open *o, int why)
{
	o->state = DEAD;
	o->result = why;
	o->pos = 0;
	buf_reset(&o->plain);
	return why;
}

/* A whole record out of plain. ERR_AGAIN: it goes on in the next chunk. */
static int
take_record(struct backup_open *o, struct buf *out)
{
	struct cur c = {NULL, 0};
	uint32_t len;
	int r;

	if (o->plain.len > o->pos)
		c = cur_of(o->plain.p + o->pos, o->plain.len - o->pos);
	if (cur_get_u32(&c, &len) != 0)
		return ERR_AGAIN;
	if (len < 1 || len > BACKUP_RECORD_MAX)
		return die(o, ERR_FORMAT);
	if (c.left < len)
		return ERR_AGAIN;
	buf_reset(out);
	r = buf_put(out, c.p, len);
	if (r == 0)
		o->pos += 4 + len;
	return r;
}

int
backup_open_next(struct backup_open *o, struct buf *out)
{
	size_t used;
	int r;

	if (o->state == LOCKED)
		return ERR_STATE;
	while (o->state != DEAD) {
		r = take_record(o, out);
		if (r != ERR_AGAIN)
			return r;
		if (o->state == ENDED) {
			if (o->in.len > 0)
				return die(o, ERR_AUTH);
			return o->pos == o->plain.len ? ERR_NOTFOUND
						      : die(o, ERR_FORMAT);
		}
		r = open_chunk(o, o->in.p, o->in.len, &used);
		if (r == ERR_AUTH || r == ERR_FORMAT)
			return die(o, r);
		if (r != 0)
			return r;
		buf_drop(&o->in, used);
	}
	return o->result;
}

void
backup_open_free(struct backup_open *o)
{
	if (o == NULL)
		return;
	buf_clear(&o->in);
	buf_clear(&o->plain);
	sodium_memzero(o, sizeof(*o));
	free(o);
}

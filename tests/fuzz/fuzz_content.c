/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_content.c — the plaintext of a message: what opens is sealed to a size
 * of the table and opens as the same again; whatever else a peer sealed is an
 * error and gives nothing. Fields not known are left out. First byte: odd, the rest is padded here.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tui/backup/media_record.h"
#include "tui/engine/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void forget(ProtobufCMessage *m);

static void
forget_inside(ProtobufCMessage *m, const ProtobufCFieldDescriptor *d)
{
	uint8_t *at = (uint8_t *)m + d->offset;
	uint8_t *told = (uint8_t *)m + d->quantifier_offset;
	ProtobufCMessage **v, *one;
	uint32_t is;
	size_t n;

	if (d->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&n, told, sizeof(n));
		memcpy(&v, at, sizeof(v));
		while (n > 0)
			forget(v[--n]);
		return;
	}
	memcpy(&is, told, sizeof(is));
	if ((d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && is != d->id)
		return;
	memcpy(&one, at, sizeof(one));
	if (one != NULL)
		forget(one);
}

/* Fields not known are kept by protobuf-c, and one it takes, of number 0, it
 * does not take again as it writes it. */
static void
forget(ProtobufCMessage *m)
{
	unsigned i;

	for (i = 0; i < m->n_unknown_fields; i++)
		free(m->unknown_fields[i].data);
	m->n_unknown_fields = 0;
	for (i = 0; i < m->descriptor->n_fields; i++)
		if (m->descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			forget_inside(m, &m->descriptor->fields[i]);
}

/* A file that can be fetched has all that it takes, and no other has a key. */
static void
reads(const Sotto__Content__Content *c)
{
	struct store_media row;

	if (c->body_case != SOTTO__CONTENT__CONTENT__BODY_MEDIA)
		return;
	media_record_read(&row, c->media);
	assert((row.state == STORE_MEDIA_THERE) ==
	       ((row.flags & STORE_MEDIA_BLOB) != 0));
	assert(row.tiny_len <= sizeof(row.tiny));
	assert(strchr(row.name, '\x1b') == NULL);
	assert(row.state != STORE_MEDIA_GONE || row.why[0] != '\0');
}

static void
comes_back(const Sotto__Content__Content *c)
{
	Sotto__Content__Content *same = NULL;
	struct buf once, twice;

	buf_init(&once, CONTENT_MAX);
	buf_init(&twice, CONTENT_MAX);
	if (content_seal(&once, c) == 0) { /* else too long once padded */
		assert(once.len % CONTENT_PAD_BLOCK == 0);
		assert(content_open(once.p, once.len, &same) == 0);
		assert(content_seal(&twice, same) == 0);
		assert(once.len == twice.len &&
		       memcmp(once.p, twice.p, once.len) == 0);
		content_free(same);
	}
	buf_clear(&once);
	buf_clear(&twice);
}

static void
open_bytes(const uint8_t *p, size_t len)
{
	Sotto__Content__Content *c = NULL;

	if (content_open(p, len, &c) != 0) {
		assert(c == NULL);
		return;
	}
	forget(&c->base);
	comes_back(c);
	reads(c);
	content_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf padded;

	if (len == 0 || len > CONTENT_MAX)
		return 0;
	if (data[0] % 2 == 0) {
		open_bytes(data + 1, len - 1);
		return 0;
	}
	buf_init(&padded, CONTENT_MAX + CONTENT_PAD_BLOCK);
	assert(buf_put(&padded, data + 1, len - 1) == 0);
	assert(buf_put_u8(&padded, 0x80) == 0);
	while (padded.len % CONTENT_PAD_BLOCK != 0)
		assert(buf_put_u8(&padded, 0) == 0);
	open_bytes(padded.p, padded.len);
	buf_clear(&padded);
	return 0;
}

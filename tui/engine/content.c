/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "tui/engine/content.h"

#define PAD_MARK 0x80

size_t
content_padded_len(size_t len)
{
	size_t n = len + 1, step = CONTENT_PAD_BLOCK, top;

	if (n > 16 * (size_t)CONTENT_PAD_BLOCK) {
		for (top = 16 * (size_t)CONTENT_PAD_BLOCK; top < n;)
			top *= 2;
		step = top / 16;
	}
	return (n + step - 1) / step * step;
}

int
content_seal(struct buf *out, const Sotto__Content__Content *c)
{
	size_t len = sotto__content__content__get_packed_size(c);
	size_t padded = content_padded_len(len);
	int r;

	if (len >= CONTENT_MAX || padded > CONTENT_MAX)
		return ERR_RANGE;
	buf_reset(out);
	r = buf_reserve(out, padded);
	if (r != 0)
		return r;
	sotto__content__content__pack(c, out->p);
	out->p[len] = PAD_MARK;
	memset(out->p + len + 1, 0, padded - len - 1);
	out->len = padded;
	return 0;
}

int
content_open(const uint8_t *p, size_t len, Sotto__Content__Content **c)
{
	Sotto__Content__Content *got;

	if (len == 0 || len > CONTENT_MAX)
		return ERR_RANGE;
	while (len > 0 && p[len - 1] == 0)
		len--;
	if (len == 0 || p[len - 1] != PAD_MARK)
		return ERR_FORMAT;
	got = sotto__content__content__unpack(NULL, len - 1, p);
	if (got == NULL)
		return ERR_FORMAT;
	if (got->message_id.len != 16) {
		content_free(got);
		return ERR_FORMAT;
	}
	*c = got;
	return 0;
}

bool
content_is_message(const Sotto__Content__Content *c)
{
	return c->body_case == SOTTO__CONTENT__CONTENT__BODY_TEXT ||
	       c->body_case == SOTTO__CONTENT__CONTENT__BODY_MEDIA;
}

static void
wipe_media(const Sotto__Content__Media *m)
{
	if (m->caption != NULL)
		sodium_memzero(m->caption, strlen(m->caption));
	if (m->blob != NULL && m->blob->key.len > 0)
		sodium_memzero(m->blob->key.data, m->blob->key.len);
}

void
content_free(Sotto__Content__Content *c)
{
	if (c == NULL)
		return;
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_TEXT &&
	    c->text->text != NULL)
		sodium_memzero(c->text->text, strlen(c->text->text));
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_STATUS &&
	    c->status->what_case == SOTTO__CONTENT__STATUS__WHAT_POST &&
	    c->status->post->text != NULL)
		sodium_memzero(
		    c->status->post->text, strlen(c->status->post->text));
	if (c->body_case == SOTTO__CONTENT__CONTENT__BODY_MEDIA)
		wipe_media(c->media);
	sotto__content__content__free_unpacked(c, NULL);
}

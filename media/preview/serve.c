/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/proto/preview.pb-c.h"
#include "common/text.h"
#include "media/preview.h"
#include "media/preview/qr.h"
#include "media/preview/serve.h"

/* 0; ERR_CLOSED the end before the first byte; ERR_IO. */
static int
read_all(int fd, uint8_t *p, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, p + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 && got == 0)
			return ERR_CLOSED;
		if (n <= 0)
			return ERR_IO;
		got += (size_t)n;
	}
	return 0;
}

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
respond(int fd, const Sotto__Preview__Response *res)
{
	size_t len = sotto__preview__response__get_packed_size(res);
	struct buf b;
	int r;

	buf_init(&b, 4 + PREVIEW_ANSWER_MAX);
	r = buf_reserve(&b, 4 + len);
	if (r == 0)
		r = buf_put_u32(&b, (uint32_t)len);
	if (r == 0) {
		b.len += sotto__preview__response__pack(res, b.p + b.len);
		r = write_all(fd, b.p, b.len);
	}
	buf_clear(&b);
	return r;
}

/* A QR code may hold any bytes; only text goes on. */
static int
read_qr(const Sotto__Preview__Request *req, Sotto__Preview__Response *res,
    struct buf *text)
{
	res->code = qr_read(req->read_qr.data, req->read_qr.len, text);
	if (res->code == 0 && !text_is_utf8((const char *)text->p, text->len))
		res->code = ERR_NOTFOUND;
	if (res->code != 0)
		return 0;
	if (buf_put_u8(text, 0) != 0)
		return ERR_NOMEM;
	res->text = (char *)text->p;
	return 0;
}

static int
answer(int fd, const uint8_t *p, size_t len)
{
	Sotto__Preview__Response res = SOTTO__PREVIEW__RESPONSE__INIT;
	Sotto__Preview__Request *req =
	    sotto__preview__request__unpack(NULL, len, p);
	struct buf text;
	int r = ERR_FORMAT;

	if (req == NULL)
		return ERR_FORMAT;
	buf_init(&text, PREVIEW_QR_MAX + 1);
	if (req->body_case == SOTTO__PREVIEW__REQUEST__BODY_READ_QR)
		r = read_qr(req, &res, &text);
	if (r == 0)
		r = respond(fd, &res);
	buf_clear(&text);
	sotto__preview__request__free_unpacked(req, NULL);
	return r;
}

int
serve(int fd)
{
	uint8_t be[4];
	struct buf b;
	uint32_t len;
	int r;

	buf_init(&b, PREVIEW_REQUEST_MAX);
	while ((r = read_all(fd, be, sizeof(be))) == 0) {
		len = get_be32(be);
		buf_reset(&b);
		r = buf_reserve(&b, len);
		if (r == 0)
			r = read_all(fd, b.p, len);
		if (r == 0)
			r = answer(fd, b.p, len);
		if (r != 0)
			break;
	}
	buf_clear(&b);
	return r == ERR_CLOSED ? 0 : r == ERR_FULL ? ERR_RANGE : r;
}

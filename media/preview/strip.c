/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "media/preview/strip.h"

/* ---- JPEG ----------------------------------------------------------------------- */

enum {
	M_SOI = 0xd8,
	M_EOI = 0xd9,
	M_SOS = 0xda,
	M_APP0 = 0xe0,
	M_APP1 = 0xe1,
	M_APP2 = 0xe2,
	M_APP14 = 0xee,
};

static bool
starts(const uint8_t *p, size_t len, const char *with, size_t n)
{
	return len >= n && memcmp(p, with, n) == 0;
}

/* Tables and frames; of what applications add only what changes how the
 * picture looks. */
static bool
jpeg_stays(uint8_t marker, const uint8_t *p, size_t len)
{
	if (marker >= 0xc0 && marker <= 0xcf)
		return marker != 0xc8; /* frames, DHT, DAC */
	if (marker >= 0xda && marker <= 0xdf)
		return true; /* SOS, DQT, DNL, DRI, DHP, EXP */
	switch (marker) {
	case M_APP0:
		return starts(p, len, "JFIF", 5) && len == 14;
	case M_APP2:
		return starts(p, len, "ICC_PROFILE", 12);
	case M_APP14:
		return starts(p, len, "Adobe", 5) && len == 12;
	default:
		return false;
	}
}

static int
jpeg_put(struct buf *out, uint8_t marker, const uint8_t *p, size_t len)
{
	int r = buf_put_u8(out, 0xff);

	if (r == 0)
		r = buf_put_u8(out, marker);
	if (r == 0)
		r = buf_put_u16(out, (uint16_t)(len + 2));
	if (r == 0)
		r = buf_put(out, p, len);
	return r;
}

static int
jpeg_put_up(struct buf *out, int orientation)
{
	uint8_t seg[6 + EXIF_UP_LEN] = "Exif\0";

	exif_up(seg + 6, orientation);
	return jpeg_put(out, M_APP1, seg, sizeof(seg));
}

/* The next marker, over fill bytes. */
static int
jpeg_marker(struct cur *c, uint8_t *marker)
{
	uint8_t b = 0;

	if (cur_get_u8(c, &b) != 0 || b != 0xff)
		return ERR_FORMAT;
	while (b == 0xff)
		if (cur_get_u8(c, &b) != 0)
			return ERR_FORMAT;
	*marker = b;
	return b == 0 ? ERR_FORMAT : 0;
}

/* Coded data up to the marker that ends it, RST0..7 being part of it. */
static int
jpeg_data(struct cur *c, struct buf *out)
{
	const uint8_t *from = c->p;
	size_t i = 0;

	while (i + 1 < c->left && (from[i] != 0xff || from[i + 1] == 0 ||
				      (from[i + 1] & 0xf8) == 0xd0))
		i++;
	if (i + 1 >= c->left)
		return ERR_FORMAT; /* cut off */
	if (cur_borrow(c, &from, i) != 0)
		return ERR_FORMAT;
	return buf_put(out, from, i);
}

static int
jpeg_segment(struct cur *c, uint8_t marker, int *up, struct buf *out)
{
	const uint8_t *p;
	uint16_t len;
	int r = 0;

	if (cur_get_u16(c, &len) != 0 || len < 2 ||
	    cur_borrow(c, &p, len - 2u) != 0)
		return ERR_FORMAT;
	len -= 2;
	/* The first one that says so counts; 0: nothing does any more. */
	if (*up == 1 && marker == M_APP1 && starts(p, len, "Exif\0", 6))
		*up = exif_orientation(p + 6, len - 6u);
	/* It must come before the first frame, behind JFIF's own. */
	if (*up != 0 && (marker & 0xf0) != 0xe0 && jpeg_stays(marker, p, len)) {
		if (*up > 1)
			r = jpeg_put_up(out, *up);
		*up = 0;
	}
	if (r == 0 && jpeg_stays(marker, p, len))
		r = jpeg_put(out, marker, p, len);
	if (r == 0 && marker == M_SOS)
		r = jpeg_data(c, out);
	return r;
}

int
strip_jpeg(struct cur c, struct buf *out)
{
	uint8_t marker;
	bool scanned = false;
	int r = jpeg_marker(&c, &marker), up = 1;

	if (r == 0 && marker != M_SOI)
		return ERR_FORMAT;
	if (r == 0)
		r = buf_put(out, "\xff\xd8", 2);
	while (r == 0) {
		r = jpeg_marker(&c, &marker);
		if (r != 0 || marker == M_EOI)
			break;
		if (marker == 0x01 || marker == M_SOI)
			return ERR_FORMAT;
		r = jpeg_segment(&c, marker, &up, out);
		scanned = scanned || marker == M_SOS;
	}
	if (r == 0 && !scanned)
		return ERR_FORMAT;
	/* What stands behind the end (films, depth, other pictures) goes. */
	return r == 0 ? buf_put(out, "\xff\xd9", 2) : r;
}

/* ---- chunks of PNG and WebP -------------------------------------------------------- */

static bool
is_of(const char *const *names, size_t n, const uint8_t *type)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(names[i], type, 4) == 0)
			return true;
	return false;
}

static uint32_t
crc32_of(const uint8_t *p, size_t len)
{
	uint32_t c = UINT32_MAX;
	int k;

	for (; len > 0; len--) {
		c ^= *p++;
		for (k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
	}
	return ~c;
}

static const char *const png_stays[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS",
    "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "bKGD", "pHYs", "acTL",
    "fcTL", "fdAT"};

static int
png_put_up(struct buf *out, int orientation)
{
	uint8_t chunk[4 + EXIF_UP_LEN] = "eXI";
	int r = buf_put_u32(out, EXIF_UP_LEN);

	chunk[3] = 'f';
	exif_up(chunk + 4, orientation);
	if (r == 0)
		r = buf_put(out, chunk, sizeof(chunk));
	if (r == 0)
		r = buf_put_u32(out, crc32_of(chunk, sizeof(chunk)));
	return r;
}

int
strip_png(struct cur c, struct buf *out)
{
	const uint8_t *sig, *p;
	bool data = false;
	uint32_t len;
	int r = 0, up = 1;

	if (cur_borrow(&c, &sig, 8) != 0)
		return ERR_FORMAT;
	r = buf_put(out, sig, 8);
	while (r == 0) {
		/* length, type, data, CRC */
		if (cur_get_u32(&c, &len) != 0 || len > INT32_MAX ||
		    cur_borrow(&c, &p, (size_t)len + 8) != 0)
			return ERR_FORMAT;
		if (memcmp(p, "eXIf", 4) == 0 && !data)
			up = exif_orientation(p + 4, len);
		if (memcmp(p, "IDAT", 4) == 0 && !data) {
			data = true;
			if (up > 1)
				r = png_put_up(out, up);
		}
		if (r == 0 && is_of(png_stays, ARRAY_LEN(png_stays), p)) {
			r = buf_put_u32(out, len);
			if (r == 0)
				r = buf_put(out, p, (size_t)len + 8);
		}
		if (r == 0 && memcmp(p, "IEND", 4) == 0)
			return data ? 0 : ERR_FORMAT;
	}
	return r;
}

/* ---- WebP: little-endian ------------------------------------------------------------ */

#define VP8X_EXIF 0x08
#define VP8X_XMP  0x04

static const char *const webp_stays[] = {
    "VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ICCP"};
static const char *const frame_stays[] = {"VP8 ", "VP8L", "ALPH"};

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

/* Type, length and data, padded to even. */
static int
webp_put(struct buf *out, const uint8_t *type, const uint8_t *p, size_t len)
{
	uint8_t le[4];
	int r = buf_put(out, type, 4);

	put_le32(le, (uint32_t)len);
	if (r == 0)
		r = buf_put(out, le, 4);
	if (r == 0)
		r = buf_put(out, p, len);
	if (r == 0 && len % 2)
		r = buf_put_u8(out, 0);
	return r;
}

static int
webp_next(struct cur *c, const uint8_t **type, const uint8_t **p, uint32_t *len)
{
	const uint8_t *head;

	if (cur_borrow(c, &head, 8) != 0)
		return ERR_FORMAT;
	*type = head;
	*len = le32(head + 4);
	if (cur_borrow(c, p, *len) != 0)
		return ERR_FORMAT;
	if (*len % 2 && c->left > 0 && cur_borrow(c, &head, 1) != 0)
		return ERR_FORMAT;
	return 0;
}

/* A frame of a moving one is chunks again, behind 16 bytes of its own. */
static int
webp_put_frame(struct buf *out, const uint8_t *p, uint32_t len)
{
	struct cur c;
	const uint8_t *type, *q;
	uint8_t le[4];
	size_t at = out->len;
	uint32_t n;
	int r;

	if (len < 16)
		return ERR_FORMAT;
	r = buf_put(out, "ANMF\0\0\0\0", 8);
	if (r == 0)
		r = buf_put(out, p, 16);
	c = cur_of(p + 16, len - 16);
	while (r == 0 && c.left > 0) {
		r = webp_next(&c, &type, &q, &n);
		if (r == 0 && is_of(frame_stays, ARRAY_LEN(frame_stays), type))
			r = webp_put(out, type, q, n);
	}
	put_le32(le, (uint32_t)(out->len - at - 8));
	if (r == 0)
		memcpy(out->p + at + 4, le, 4);
	return r;
}

static int
webp_chunk(struct buf *out, const uint8_t *type, const uint8_t *p, uint32_t len,
    size_t *flags_at, int *up)
{
	if (memcmp(type, "EXIF", 4) == 0) {
		if (starts(p, len, "Exif\0", 6))
			*up = exif_orientation(p + 6, len - 6);
		else
			*up = exif_orientation(p, len);
		return 0;
	}
	if (memcmp(type, "ANMF", 4) == 0)
		return webp_put_frame(out, p, len);
	if (!is_of(webp_stays, ARRAY_LEN(webp_stays), type))
		return 0;
	if (memcmp(type, "VP8X", 4) == 0) {
		if (len < 10 || *flags_at != 0)
			return ERR_FORMAT;
		*flags_at = out->len + 8;
	}
	return webp_put(out, type, p, len);
}

int
strip_webp(struct cur c, struct buf *out)
{
	const uint8_t *head, *type, *p;
	uint8_t up_chunk[EXIF_UP_LEN];
	size_t at = out->len, flags_at = 0;
	uint32_t len;
	int r = 0, up = 1;

	if (cur_borrow(&c, &head, 12) != 0 || le32(head + 4) < 4 ||
	    le32(head + 4) - 4 > c.left)
		return ERR_FORMAT;
	c.left = le32(head + 4) - 4; /* what stands behind goes */
	r = buf_put(out, head, 12);
	while (r == 0 && c.left > 0) {
		r = webp_next(&c, &type, &p, &len);
		if (r == 0)
			r = webp_chunk(out, type, p, len, &flags_at, &up);
	}
	if (r != 0)
		return r;
	if (flags_at != 0) {
		out->p[flags_at] &= (uint8_t) ~(VP8X_EXIF | VP8X_XMP);
		if (up > 1) {
			exif_up(up_chunk, up);
			out->p[flags_at] |= VP8X_EXIF;
			r = webp_put(out, (const uint8_t *)"EXIF", up_chunk,
			    sizeof(up_chunk));
		}
	}
	if (out->len - at <= 12)
		return ERR_FORMAT;
	put_le32(out->p + at + 4, (uint32_t)(out->len - at - 8));
	return r;
}

/* ---- GIF --------------------------------------------------------------------------- */

/* Blocks with a length in front, up to an empty one; copied when out is not
 * NULL. */
static int
gif_blocks(struct cur *c, struct buf *out)
{
	const uint8_t *p;
	int r = 0;

	while (r == 0) {
		if (c->left < 1 || cur_borrow(c, &p, 1u + c->p[0]) != 0)
			return ERR_FORMAT;
		if (out != NULL)
			r = buf_put(out, p, 1u + p[0]);
		if (p[0] == 0)
			break;
	}
	return r;
}

static size_t
gif_table(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static int
gif_take(struct cur *c, size_t n, struct buf *out)
{
	const uint8_t *p;

	return cur_borrow(c, &p, n) != 0 ? ERR_FORMAT : buf_put(out, p, n);
}

/* Timing and transparency stay, and how often it is shown. */
static int
gif_extension(struct cur *c, struct buf *out)
{
	uint8_t label;
	bool stays;
	int r;

	if (cur_get_u8(c, &label) != 0)
		return ERR_FORMAT;
	stays = label == 0xf9 ||
		(label == 0xff && starts(c->p, c->left, "\x0bNETSCAPE2.0", 12));
	if (!stays)
		return gif_blocks(c, NULL);
	r = buf_put_u8(out, 0x21);
	if (r == 0)
		r = buf_put_u8(out, label);
	return r == 0 ? gif_blocks(c, out) : r;
}

static int
gif_image(struct cur *c, struct buf *out)
{
	size_t n = c->left >= 9 ? gif_table(c->p[8]) : 0;
	int r = buf_put_u8(out, 0x2c);

	if (r == 0)
		r = gif_take(c, 9 + n + 1, out); /* and the code size */
	return r == 0 ? gif_blocks(c, out) : r;
}

int
strip_gif(struct cur c, struct buf *out)
{
	size_t n = c.left >= 13 ? gif_table(c.p[10]) : 0;
	bool image = false;
	uint8_t kind;
	int r = gif_take(&c, 13 + n, out);

	while (r == 0) {
		if (cur_get_u8(&c, &kind) != 0)
			return ERR_FORMAT;
		if (kind == 0x3b)
			break;
		image = image || kind == 0x2c;
		r = kind == 0x21   ? gif_extension(&c, out)
		    : kind == 0x2c ? gif_image(&c, out)
				   : ERR_FORMAT;
	}
	if (r == 0 && !image)
		return ERR_FORMAT;
	return r == 0 ? buf_put_u8(out, 0x3b) : r;
}

/* ------------------------------------------------------------------------------------ */

int
strip_file(const uint8_t *p, size_t len, struct buf *out)
{
	struct cur c = cur_of(p, len);

	if (starts(p, len, "\xff\xd8\xff", 3))
		return strip_jpeg(c, out);
	if (starts(p, len, "\x89PNG\r\n\x1a\n", 8))
		return strip_png(c, out);
	if (len >= 12 && starts(p, len, "RIFF", 4) &&
	    starts(p + 8, len - 8, "WEBP", 4))
		return strip_webp(c, out);
	if (starts(p, len, "GIF87a", 6) || starts(p, len, "GIF89a", 6))
		return strip_gif(c, out);
	return ERR_FORMAT;
}

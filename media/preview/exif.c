/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "media/preview/strip.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT	3
#define ENTRY_LEN	12

struct tiff {
	const uint8_t *p;
	size_t len;
	bool little;
};

/* 0 beyond the end: no offset or count of use is. */
static uint32_t
number(const struct tiff *t, size_t at, unsigned bytes)
{
	uint32_t v = 0;
	unsigned i;

	if (at > t->len || t->len - at < bytes)
		return 0;
	for (i = 0; i < bytes; i++)
		v = v << 8 | t->p[at + (t->little ? bytes - 1 - i : i)];
	return v;
}

int
exif_orientation(const uint8_t *p, size_t len)
{
	struct tiff t = {p, len, false};
	uint32_t at, n, i, v;
	size_t e;

	if (len < 8 ||
	    (memcmp(p, "II*\0", 4) != 0 && memcmp(p, "MM\0*", 4) != 0))
		return 1;
	t.little = p[0] == 'I';
	at = number(&t, 4, 4);
	n = number(&t, at, 2);
	for (i = 0; i < n; i++) {
		e = (size_t)at + 2 + (size_t)i * ENTRY_LEN;
		if (e + ENTRY_LEN > len)
			return 1;
		if (number(&t, e, 2) != TAG_ORIENTATION)
			continue;
		v = number(&t, e + 8, 2);
		return number(&t, e + 2, 2) == TYPE_SHORT && v >= 1 && v <= 8
			   ? (int)v
			   : 1;
	}
	return 1;
}

void
exif_up(uint8_t out[static EXIF_UP_LEN], int orientation)
{
	static const uint8_t plain[EXIF_UP_LEN] = {'M', 'M', 0, '*', 0, 0, 0,
	    8, /* the directory follows */
	    0, 1, /* one entry */
	    TAG_ORIENTATION >> 8, TAG_ORIENTATION & 255, 0, TYPE_SHORT, 0, 0, 0,
	    1, 0, 1, 0, 0, /* the value, padded */
	    0, 0, 0, 0}; /* no other directory */

	memcpy(out, plain, EXIF_UP_LEN);
	out[19] = (uint8_t)orientation;
}

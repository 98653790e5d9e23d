/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "media/preview/picture.h"

/* The decoder is chosen here, by the file's first bytes: gdk-pixbuf's own way
 * reads a database of types, and offers decoders nobody needs. */
static const struct {
	const char *type;
	size_t len;
	const char *magic; /* a '?' is any byte */
} kinds[] = {
    {"png", 8, "\x89PNG\r\n\x1a\n"},
    {"jpeg", 3, "\xff\xd8\xff"},
    {"gif", 4, "GIF8"},
    {"bmp", 2, "BM"},
    {"tiff", 4, "II*\0"},
    {"tiff", 4, "MM\0*"},
    {"webp", 12, "RIFF????WEBP"},
    {"pnm", 2, "P4"},
    {"pnm", 2, "P5"},
    {"pnm", 2, "P6"},
};

void
picture_warm_up(void)
{
	GdkPixbufLoader *l;
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		l = gdk_pixbuf_loader_new_with_type(kinds[i].type, NULL);
		if (l == NULL)
			continue; /* this machine has no decoder for it */
		gdk_pixbuf_loader_close(l, NULL);
		g_object_unref(l);
	}
}

static bool
has_magic(const uint8_t *p, const char *magic, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (magic[i] != '?' && p[i] != (uint8_t)magic[i])
			return false;
	return true;
}

static const char *
type_of(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (len >= kinds[i].len &&
		    has_magic(p, kinds[i].magic, kinds[i].len))
			return kinds[i].type;
	return NULL;
}

struct sizing {
	int side; /* wanted */
	int w, h; /* of the file */
	gboolean too_large;
};

/* A size of 0 tells the loader to give up before it takes the memory. A power
 * of two is what JPEG can leave out while it decodes. */
static void
on_size(GdkPixbufLoader *l, int w, int h, gpointer ctx)
{
	struct sizing *s = ctx;
	int longest = w > h ? w : h, by = 1;

	s->w = w;
	s->h = h;
	s->too_large = w > PICTURE_SIDE_MAX || h > PICTURE_SIDE_MAX ||
		       (gint64)w * h > PICTURE_PIXELS_MAX;
	if (s->too_large) {
		gdk_pixbuf_loader_set_size(l, 0, 0);
		return;
	}
	while (s->side > 0 && by < 8 && longest / (2 * by) >= s->side)
		by *= 2;
	if (by > 1)
		gdk_pixbuf_loader_set_size(
		    l, (w + by - 1) / by, (h + by - 1) / by);
}

/* Turned by a quarter: width and height have changed places. */
static bool
is_turned(GdkPixbuf *pix)
{
	const char *o = gdk_pixbuf_get_option(pix, "orientation");

	return o != NULL && o[0] >= '5' && o[0] <= '8' && o[1] == '\0';
}

int
picture_decode(const uint8_t *p, size_t len, int side, struct picture *out)
{
	const char *type = type_of(p, len);
	struct sizing s = {.side = side};
	GdkPixbufLoader *l;
	GdkPixbuf *pix = NULL, *up = NULL;
	gboolean good;
	bool turned;

	l = type != NULL ? gdk_pixbuf_loader_new_with_type(type, NULL) : NULL;
	if (l == NULL)
		return ERR_FORMAT;
	g_signal_connect(l, "size-prepared", G_CALLBACK(on_size), &s);
	good = gdk_pixbuf_loader_write(l, p, len, NULL);
	/* close() must be called in any case. */
	good = gdk_pixbuf_loader_close(l, NULL) && good;
	if (good && !s.too_large)
		pix = gdk_pixbuf_loader_get_pixbuf(l);
	if (pix != NULL) {
		turned = is_turned(pix);
		up = gdk_pixbuf_apply_embedded_orientation(pix);
	}
	g_object_unref(l);
	if (up == NULL)
		return s.too_large ? ERR_RANGE : ERR_FORMAT;
	*out = (struct picture){
	    .pix = up, .w = turned ? s.h : s.w, .h = turned ? s.w : s.h};
	return 0;
}

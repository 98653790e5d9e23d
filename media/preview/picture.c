/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "media/preview/picture.h"

/* The decoder is chosen here, by the file's first bytes: gdk-pixbuf's own way
 * reads a database of types, and offers decoders nobody needs. */
static const struct {
	const char *type;
	size_t len;
	const char *magic;
} kinds[] = {
    {"png", 8, "\x89PNG\r\n\x1a\n"},
    {"jpeg", 3, "\xff\xd8\xff"},
    {"gif", 4, "GIF8"},
    {"bmp", 2, "BM"},
    {"tiff", 4, "II*\0"},
    {"tiff", 4, "MM\0*"},
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

static const char *
type_of(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (len >= kinds[i].len &&
		    memcmp(p, kinds[i].magic, kinds[i].len) == 0)
			return kinds[i].type;
	return NULL;
}

/* A size of 0 tells the loader to give up before it takes the memory. */
static void
on_size(GdkPixbufLoader *l, int w, int h, gpointer too_large)
{
	if (w <= PICTURE_SIDE_MAX && h <= PICTURE_SIDE_MAX &&
	    (gint64)w * h <= PICTURE_PIXELS_MAX)
		return;
	*(gboolean *)too_large = TRUE;
	gdk_pixbuf_loader_set_size(l, 0, 0);
}

int
picture_decode(const uint8_t *p, size_t len, GdkPixbuf **out)
{
	const char *type = type_of(p, len);
	gboolean too_large = FALSE, good;
	GdkPixbufLoader *l;
	GdkPixbuf *pix = NULL;

	l = type != NULL ? gdk_pixbuf_loader_new_with_type(type, NULL) : NULL;
	if (l == NULL)
		return ERR_FORMAT;
	g_signal_connect(l, "size-prepared", G_CALLBACK(on_size), &too_large);
	good = gdk_pixbuf_loader_write(l, p, len, NULL);
	/* close() must be called in any case. */
	good = gdk_pixbuf_loader_close(l, NULL) && good;
	if (good && !too_large)
		pix = gdk_pixbuf_loader_get_pixbuf(l);
	if (pix != NULL)
		*out = gdk_pixbuf_apply_embedded_orientation(pix);
	g_object_unref(l);
	if (too_large)
		return ERR_RANGE;
	return pix != NULL ? 0 : ERR_FORMAT;
}

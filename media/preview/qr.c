/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <iconv.h>
#include <stdlib.h>

#include <zbar.h>

#include "media/preview/picture.h"
#include "media/preview/qr.h"

/* What zbar converts text from. */
static const char *const charsets[] = {"ISO8859-1", "SJIS", "BIG5", "CP437"};

void
qr_warm_up(void)
{
	size_t i;

	/* Kept open: glibc loads each from a file of its own. */
	for (i = 0; i < ARRAY_LEN(charsets); i++)
		(void)iconv_open("UTF-8", charsets[i]);
}

/* Photographs of a screen are large, and scanning is what takes the time. */
#define SIDE_WANTED 1600

static GdkPixbuf *
shrink(GdkPixbuf *pix)
{
	int w = gdk_pixbuf_get_width(pix), h = gdk_pixbuf_get_height(pix);
	int longest = w > h ? w : h;

	if (longest <= SIDE_WANTED)
		return g_object_ref(pix);
	w = (int)((gint64)w * SIDE_WANTED / longest);
	h = (int)((gint64)h * SIDE_WANTED / longest);
	return gdk_pixbuf_scale_simple(
	    pix, w < 1 ? 1 : w, h < 1 ? 1 : h, GDK_INTERP_BILINEAR);
}

/* One byte a pixel; what is transparent counts as white. */
static uint8_t *
grey(const GdkPixbuf *pix, int w, int h)
{
	const guint8 *rows = gdk_pixbuf_read_pixels(pix), *p;
	int n = gdk_pixbuf_get_n_channels(pix), x, y;
	int stride = gdk_pixbuf_get_rowstride(pix);
	uint8_t *out = malloc((size_t)w * (size_t)h), *o = out;
	unsigned v, a;

	for (y = 0; out != NULL && y < h; y++) {
		for (x = 0; x < w; x++) {
			p = rows + (size_t)y * (size_t)stride + x * n;
			v = (77u * p[0] + 150u * p[1] + 29u * p[2]) >> 8;
			a = n == 4 ? p[3] : 255;
			*o++ = (uint8_t)((v * a + 255 * (255 - a)) / 255);
		}
	}
	return out;
}

static void
invert(uint8_t *pixels, size_t n)
{
	while (n-- > 0)
		pixels[n] ^= 0xff;
}

static int
scan(uint8_t *pixels, int w, int h, struct buf *text)
{
	zbar_image_scanner_t *s = zbar_image_scanner_create();
	zbar_image_t *img = zbar_image_create();
	const zbar_symbol_t *sym;
	int r = ERR_NOTFOUND;

	zbar_image_scanner_set_config(s, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
	zbar_image_scanner_set_config(s, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
	zbar_image_set_format(img, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(img, (unsigned)w, (unsigned)h);
	zbar_image_set_data(
	    img, pixels, (unsigned long)w * (unsigned long)h, NULL);
	if (zbar_scan_image(s, img) > 0) {
		sym = zbar_image_first_symbol(img);
		r = buf_put(text, zbar_symbol_get_data(sym),
		    zbar_symbol_get_data_length(sym));
	}
	zbar_image_destroy(img);
	zbar_image_scanner_destroy(s);
	return r;
}

int
qr_read(const uint8_t *picture, size_t len, struct buf *text)
{
	struct picture whole;
	GdkPixbuf *pix;
	uint8_t *pixels;
	int r = picture_decode(picture, len, SIDE_WANTED, &whole), w, h;

	if (r != 0)
		return r;
	pix = shrink(whole.pix);
	g_object_unref(whole.pix);
	if (pix == NULL)
		return ERR_NOMEM;
	w = gdk_pixbuf_get_width(pix);
	h = gdk_pixbuf_get_height(pix);
	pixels = grey(pix, w, h);
	g_object_unref(pix);
	if (pixels == NULL)
		return ERR_NOMEM;
	r = scan(pixels, w, h, text);
	if (r == ERR_NOTFOUND) {
		/* Light on dark, as a dark terminal shows it. */
		invert(pixels, (size_t)w * (size_t)h);
		r = scan(pixels, w, h, text);
	}
	free(pixels);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "common/base.h"
#include "tui/screen/theme.h"

struct style_row {
	unsigned mono;
	int dark16_fg, dark16_bg, light16_fg, light16_bg;
	unsigned attrs16;
	int dark_fg, dark_bg, light_fg, light_bg;
	unsigned attrs;
};

static const struct style_row rows[ST_COUNT] = {
#define X(name, ...) [ST_##name] = {__VA_ARGS__},
    STYLES(X)
#undef X
};

static const char *const signs[SIGN_COUNT][2] = {
#define X(name, utf8, ascii) [SIGN_##name] = {utf8, ascii},
    SIGNS(X)
#undef X
};

static const int cube[] = {0, 0x5f, 0x87, 0xaf, 0xd7, 0xff};

static int
nearest_level(int v)
{
	int best = 0, i;

	for (i = 1; i < (int)ARRAY_LEN(cube); i++) {
		if (abs(cube[i] - v) < abs(cube[best] - v))
			best = i;
	}
	return best;
}

static int
distance(int rgb, int r, int g, int b)
{
	int dr = (rgb >> 16 & 255) - r, dg = (rgb >> 8 & 255) - g,
	    db = (rgb & 255) - b;

	return 2 * dr * dr + 4 * dg * dg + 3 * db * db;
}

int
theme_nearest(int rgb)
{
	int r = nearest_level(rgb >> 16 & 255);
	int g = nearest_level(rgb >> 8 & 255);
	int b = nearest_level(rgb & 255);
	int mean = ((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 3;
	int step = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
	int grey = 8 + 10 * step;

	if (distance(rgb, grey, grey, grey) <
	    distance(rgb, cube[r], cube[g], cube[b]))
		return 232 + step;
	return 16 + 36 * r + 6 * g + b;
}

static int
colour(int rgb, enum theme_depth depth)
{
	if (rgb == DEF || depth == DEPTH_RGB)
		return rgb;
	return theme_nearest(rgb);
}

static struct theme_look
look(const struct style_row *r, enum theme_depth depth, bool light)
{
	if (depth == DEPTH_MONO)
		return (struct theme_look){r->mono, DEF, DEF};
	if (depth == DEPTH_16)
		return (struct theme_look){r->attrs16,
		    light ? r->light16_fg : r->dark16_fg,
		    light ? r->light16_bg : r->dark16_bg};
	return (struct theme_look){r->attrs,
	    colour(light ? r->light_fg : r->dark_fg, depth),
	    colour(light ? r->light_bg : r->dark_bg, depth)};
}

void
theme_set(struct theme *t, enum theme_depth depth, bool light, bool ascii)
{
	int i;

	t->depth = depth;
	t->light = light;
	t->ascii = ascii;
	for (i = 0; i < ST_COUNT; i++)
		t->look[i] = look(&rows[i], depth, light);
}

const char *
theme_sign(const struct theme *t, enum sign sign)
{
	return signs[sign][t->ascii ? 1 : 0];
}

bool
theme_is_light(int red, int green, int blue)
{
	return 299 * red + 587 * green + 114 * blue > 128 * 1000;
}

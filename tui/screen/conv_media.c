/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/text.h"
#include "media/tiny.h"
#include "tui/screen/conv_media.h"
#include "tui/screen/hist_media.h"

int
conv_media_lines(const struct layout *l)
{
	return l->picture + l->media + l->bars;
}

static void
draw_bars(struct app *a, int y, int x, const struct item *it,
    const struct layout *l, enum style st)
{
	static const char *const blocks[] = {
	    "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const signs[] = {
	    "_", ".", "-", "=", "+", "*", "%", "#"};
	const char *const *set = draw_theme(a->draw)->ascii ? signs : blocks;
	int n = hist_media_bars(it->media, l->wrap), i;

	for (i = 0; i < n; i++)
		draw_str(a->draw, y, x + i, 1,
		    set[hist_media_bar(it->media, n, i)], st);
}

void
conv_media_line(struct app *a, int y, int x, const struct item *it,
    const struct layout *l, int i)
{
	enum style st = it->outgoing ? ST_OWN : ST_THEIRS;
	enum style dim = it->outgoing ? ST_OWN_META : ST_DIM;
	char text[HIST_MEDIA_CAP];
	struct text_wrap w;
	struct text_line line = {0};

	if (i < 0)
		return;
	if (i == 0) {
		draw_elide(a->draw, y, x, l->inner,
		    hist_media_title(text, it->media), st);
		return;
	}
	if (i == 1 && l->bars) {
		draw_bars(a, y, x, it, l, st);
		return;
	}
	hist_media_detail(text, it->media, it->outgoing);
	text_wrap_init(&w, text, strlen(text), l->wrap);
	for (i -= l->bars; i > 0 && text_wrap_next(&w, &line); i--)
		;
	draw_text(a->draw, y, x, l->inner, text + line.start, line.len, dim);
}

void
conv_media_picture(struct app *a, const struct box *b, int y, int x,
    const struct item *it, const struct layout *l)
{
	int from = y < b->y ? b->y - y : 0;
	int end = y + l->picture < b->y + b->h ? y + l->picture : b->y + b->h;
	struct tiny tiny;
	struct picture_view pv = {.key = (uint64_t)it->id,
	    .box = {y + from, x, l->picture, l->picture_cols},
	    .skip = from,
	    .h = end - y - from,
	    .tiny = &tiny,
	    .tiny_only = true};

	if (pv.h > 0 &&
	    tiny_read(&tiny, it->media->tiny, it->media->tiny_len) == 0)
		pictures_draw(a->pictures, a->draw, &pv);
}

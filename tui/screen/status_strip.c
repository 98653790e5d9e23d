/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status_strip.c — one line under the chats: whose posts are new, and how many.
 * Nothing when there are none. docs/status.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"

#define STRIP_TEXT_MAX 1024 /* no line is longer */

static void
forget_text(struct status_strip *s)
{
	if (s->text != NULL)
		sodium_memzero(s->text, strlen(s->text));
	free(s->text);
	s->text = NULL;
}

void
strip_forget(struct app *a)
{
	forget_text(&a->vs->strip);
	a->vs->strip = (struct status_strip){0};
}

void
strip_ask(struct app *a)
{
	struct status_strip *s = &a->vs->strip;
	uint64_t tag;

	if (s->tag != 0) { /* what is on its way may be older than this */
		s->again = true;
		return;
	}
	tag = app_tag(a);
	s->again = false;
	if (app_asked(a, a->be->statuses(a->e, tag)))
		s->tag = tag;
}

static bool
is_new(const struct status_row *p)
{
	return !p->own && !p->seen && !p->muted;
}

/* "Ann 2, Cara": how many are new of each who has any. */
static int
put_people(struct buf *b, const struct status_row *v, size_t n)
{
	size_t i, k, fresh;
	bool first = true;
	int r = 0;

	for (i = 0; r == 0 && i < n; i = k) {
		for (fresh = 0, k = i; k < n && memcmp(v[k].author, v[i].author,
						    ENGINE_ID_LEN) == 0;
		     k++)
			fresh += is_new(&v[k]);
		if (fresh == 0)
			continue;
		r = buf_printf(b, "%s%s", first ? "" : ", ", v[i].name);
		if (r == 0 && fresh > 1)
			r = buf_printf(b, " %zu", fresh);
		first = false;
	}
	/* more than any line has room for */
	return r == ERR_FULL ? 0 : r;
}

static void
take(struct app *a, const struct status_row *v, size_t n)
{
	struct status_strip *s = &a->vs->strip;
	size_t i, fresh = 0;
	struct buf b;
	int r;

	forget_text(s);
	for (i = 0; i < n; i++)
		fresh += is_new(&v[i]);
	if (fresh == 0)
		return;
	buf_init(&b, STRIP_TEXT_MAX);
	r = buf_printf(&b, "%zu %s: ", fresh, fresh == 1 ? "post" : "posts");
	if (r == 0)
		r = put_people(&b, v, n);
	if (r == 0) {
		s->text = strndup((const char *)b.p, b.len);
		r = s->text != NULL ? 0 : ERR_NOMEM;
	}
	buf_clear(&b);
	app_asked(a, r);
}

void
strip_event(struct app *a, const struct engine_event *ev)
{
	struct status_strip *s = &a->vs->strip;
	bool answered = s->tag != 0 && ev->tag == s->tag;

	switch (ev->kind) {
	case EV_STATUSES:
		take(a, ev->statuses, ev->n);
		break;
	case EV_STATUS_NEW:
	case EV_STATUS_CHANGED:
	case EV_STATUS_GONE:
	case EV_STATUS_MUTED:
		strip_ask(a);
		return;
	case EV_ERROR:
		break;
	default:
		return;
	}
	if (!answered)
		return;
	s->tag = 0;
	if (s->again && ev->kind != EV_ERROR)
		strip_ask(a);
}

/* Where there is hardly room for chats there is none for this. */
int
strip_rows(const struct app *a, struct box b)
{
	return a->vs->strip.text != NULL && b.h > 2;
}

void
strip_draw(struct app *a, struct box b)
{
	struct box line = {b.y + b.h - 1, b.x, 1, b.w};

	if (strip_rows(a, b) == 0)
		return;
	draw_fill(a->draw, line, ST_HINT);
	draw_elide(a->draw, line.y, line.x + 1, line.w - 2, a->vs->strip.text,
	    ST_HINT);
}

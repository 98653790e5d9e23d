/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_paste.c — a long paste is looked at before it goes anywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"

void
paste_begin(struct app *a, const char *s, size_t n, bool cut)
{
	struct paste_view *p = &a->vs->paste;
	size_t cap, i;

	if (a->open == 0) {
		app_notice(a, ST_WARN, "Open a chat first.");
		return;
	}
	while (n > 0 && s[n - 1] == '\n')
		n--;
	cap = TEXT_SANITIZE_CAP(n);
	memset(p, 0, sizeof(*p));
	p->text = malloc(cap);
	if (p->text == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	p->len = text_sanitize(p->text, cap, s, n, TEXT_MULTI);
	p->cut = cut;
	p->lines = 1;
	for (i = 0; i < p->len; i++)
		p->lines += p->text[i] == '\n';
	app_push(a, &view_paste);
}

static void
paste_close(struct app *a)
{
	struct paste_view *p = &a->vs->paste;

	if (p->text != NULL)
		sodium_memzero(p->text, p->len);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

static void
paste_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_PASTE;
	out[1] = CTX_NONE;
}

/* How many messages it makes: 1 unless it is too long for one. */
static size_t
parts(const struct app *a)
{
	size_t len = a->vs->paste.len;

	if (len + edit_len(&a->comp.edit) <= ENGINE_TEXT_MAX)
		return 1;
	return (len + ENGINE_TEXT_MAX - 1) / ENGINE_TEXT_MAX;
}

static void
describe(const struct app *a, char *out, size_t cap)
{
	const struct paste_view *p = &a->vs->paste;
	size_t n = parts(a);
	int at;

	if (p->len < 1000)
		at = snprintf(
		    out, cap, "%d lines, %zu bytes.", p->lines, p->len);
	else
		at = snprintf(out, cap, "%d lines, %zu.%zu kB.", p->lines,
		    p->len / 1000, p->len % 1000 / 100);
	if (p->cut)
		at += snprintf(out + at, cap - (size_t)at,
		    " It was longer: the rest is lost.");
	if (n > 1)
		at += snprintf(out + at, cap - (size_t)at,
		    " Too long for one message: Enter sends %zu.", n);
	else
		at += snprintf(out + at, cap - (size_t)at,
		    " Enter sends it, e puts it where you write, "
		    "Esc forgets it.");
	(void)at;
}

static void
paste_draw(struct app *a, struct box b)
{
	struct paste_view *p = &a->vs->paste;
	struct box in = popup(a, b, b.w, b.h, "Paste");
	struct text_wrap w;
	struct text_line l;
	char text[256];
	int n, i = 0;

	describe(a, text, sizeof(text));
	n = draw_wrapped(a->draw, in, text, ST_STRONG);
	draw_cursor(a->draw, in.y, in.x);
	if (in.h > n + 2)
		n++;
	in.y += n;
	in.h -= n;
	p->view = in.h;
	text_wrap_init(&w, p->text, p->len, in.w);
	for (; i < p->top + in.h && text_wrap_next(&w, &l); i++) {
		if (i >= p->top)
			draw_text(a->draw, in.y + i - p->top, in.x, in.w,
			    p->text + l.start, l.len, ST_TEXT);
	}
}

/* Where a message may end at the latest: a line's end, or a cluster's. */
static size_t
part_length(const char *s, size_t len)
{
	size_t n = ENGINE_TEXT_MAX, i;

	if (len <= n)
		return len;
	for (i = n; i > n / 2; i--) {
		if (s[i - 1] == '\n')
			return i;
	}
	return text_prev(s, len, n);
}

static void
send_parts(struct app *a)
{
	const struct paste_view *p = &a->vs->paste;
	size_t at = 0, n;
	char *part;
	bool ok = true;

	for (; ok && at < p->len; at += n) {
		n = part_length(p->text + at, p->len - at);
		part = strndup(p->text + at, n);
		if (part == NULL) {
			app_asked(a, ERR_NOMEM);
			return;
		}
		ok = app_send(a, part);
		sodium_memzero(part, n);
		free(part);
	}
}

/* Into the composer; false when it does not fit. */
static bool
put(struct app *a)
{
	const struct paste_view *p = &a->vs->paste;

	if (composer_paste(&a->comp, p->text, p->len) != 0) {
		app_notice(a, ST_WARN,
		    "Too long for one message; Enter sends it in parts.");
		return false;
	}
	app_text_changed(a);
	return true;
}

static bool
paste_act(struct app *a, enum action act, int digit)
{
	struct paste_view *p = &a->vs->paste;

	(void)digit;
	switch (act) {
	case ACT_PASTE_SEND:
		if (parts(a) > 1)
			send_parts(a);
		else if (put(a))
			app_submit(a);
		app_close(a, &view_paste);
		return true;
	case ACT_PASTE_EDIT:
		if (put(a))
			app_close(a, &view_paste);
		return true;
	case ACT_PASTE_CANCEL:
		app_close(a, &view_paste);
		return true;
	case ACT_PASTE_UP:
		p->top = p->top > p->view ? p->top - p->view : 0;
		return true;
	case ACT_PASTE_DOWN:
		if (p->top + p->view < p->lines)
			p->top += p->view;
		return true;
	default:
		return false;
	}
}

const struct view_ops view_paste = {
    .name = "paste",
    .contexts = paste_contexts,
    .draw = paste_draw,
    .act = paste_act,
    .close = paste_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writing.c — what the composer's text is to become: a message, an answer to
 * one, or a new text for one. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/app_int.h"

static void
text_free(char **s)
{
	if (*s != NULL)
		sodium_memzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void
writing_clear(struct writing *w)
{
	text_free(&w->who);
	text_free(&w->what);
	memset(w, 0, sizeof(*w));
}

/* The text on one line. */
static char *
one_line(const char *s)
{
	char *copy = strdup(s), *p;

	for (p = copy; p != NULL && *p != '\0'; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	return copy;
}

bool
writing_set(struct app *a, enum writing_kind kind, int64_t msg, const char *who,
    const char *what)
{
	struct writing w = {.kind = kind, .chat = a->open, .msg = msg};

	w.who = strdup(who);
	w.what = one_line(what);
	if (w.who == NULL || w.what == NULL) {
		writing_clear(&w);
		return app_asked(a, ERR_NOMEM);
	}
	writing_clear(&a->writing);
	a->writing = w;
	a->dirty = true;
	return true;
}

enum writing_kind
writing_kind(const struct app *a)
{
	return a->open != 0 && a->writing.chat == a->open ? a->writing.kind
							  : WRITE_NEW;
}

void
writing_reply(struct app *a, int64_t msg, const char *who, const char *what)
{
	writing_leave(a);
	writing_set(a, WRITE_REPLY, msg, who, what);
}

void
writing_edit(struct app *a, int64_t msg, const char *text)
{
	writing_leave(a);
	app_save_draft(a); /* it comes back when the edit is over */
	if (!writing_set(a, WRITE_EDIT, msg, "", text))
		return;
	if (composer_set(&a->comp, text, strlen(text)) != 0) {
		writing_clear(&a->writing);
		app_asked(a, ERR_NOMEM);
	}
}

/* The draft that had to make room for an edit. */
static void
draft_back(struct app *a)
{
	const struct chat *c = app_chat(a);
	const char *draft = c != NULL ? c->draft : "";

	if (composer_set(&a->comp, draft, strlen(draft)) != 0)
		app_asked(a, ERR_NOMEM);
}

void
writing_done(struct app *a)
{
	bool edit = writing_kind(a) == WRITE_EDIT;

	writing_clear(&a->writing);
	if (edit)
		draft_back(a);
}

bool
writing_leave(struct app *a)
{
	enum writing_kind kind = writing_kind(a);

	if (kind == WRITE_NEW)
		return false;
	if (kind == WRITE_EDIT && !composer_empty(&a->comp)) {
		composer_sent(&a->comp, composer_text(&a->comp));
		app_notice(a, ST_TEXT,
		    "Left as it was. Up in an empty line brings your text.");
	}
	writing_done(a);
	return true;
}

void
writing_draw(struct app *a, int y, int x, int w)
{
	const struct writing *wr = &a->writing;
	bool edit = wr->kind == WRITE_EDIT;
	int n;

	draw_fill(a->draw, (struct box){y, x, 1, w}, ST_COMPOSER);
	n = draw_sign(
	    a->draw, y, x, edit ? SIGN_EDITED : SIGN_REPLY, ST_PROMPT);
	n += 1 + draw_elide(a->draw, y, x + n + 1, w - n - 1,
		     edit ? "Editing" : wr->who, ST_STRONG);
	n += draw_str(a->draw, y, x + n, w - n, ": ", ST_DIM);
	draw_elide(a->draw, y, x + n, w - n - 1, wr->what, ST_DIM);
}

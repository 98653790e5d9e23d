/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app_chat.c — the open chat: its draft, its pages, going to another and
 * back. */
#include <string.h>

#include "tui/screen/app_int.h"

#define DRAFT_PAUSE_MS 1000 /* of not typing, then the draft is saved */
#define DRAFT_MAX_MS   5000 /* and at least so often */
#define TYPING_MS      3000 /* between two "typing" */

struct chat *
app_chat(const struct app *a)
{
	return a->open != 0 ? model_find(&a->m, a->open) : NULL;
}

void
app_save_draft(struct app *a)
{
	struct chat *c = app_chat(a);
	const char *text = composer_text(&a->comp);

	if (a->draft_at == 0 || c == NULL || writing_kind(a) == WRITE_EDIT)
		return;
	a->draft_at = 0;
	a->draft_since = 0;
	if (a->comp.recalled != 0) /* an old text is only being looked at */
		text = a->comp.kept != NULL ? a->comp.kept : "";
	if (model_set_draft(c, text) == 0)
		app_asked(a, a->be->set_draft(a->e, APP_TAG_NONE, c->id, text));
}

void
app_flush(struct app *a)
{
	forgetting_now(a);
	if (writing_kind(a) == WRITE_EDIT)
		writing_leave(a);
	app_save_draft(a);
}

void
app_text_changed(struct app *a)
{
	if (writing_kind(a) == WRITE_EDIT)
		return;
	if (a->draft_since == 0)
		a->draft_since = a->mono;
	a->draft_at = a->mono + DRAFT_PAUSE_MS;
	if (a->draft_at > a->draft_since + DRAFT_MAX_MS)
		a->draft_at = a->draft_since + DRAFT_MAX_MS;
	if (a->open != 0 && a->mono >= a->typing_at &&
	    !composer_empty(&a->comp) &&
	    a->be->typing(a->e, APP_TAG_NONE, a->open) == 0)
		a->typing_at = a->mono + TYPING_MS;
}

void
app_ask_page(struct app *a, enum hist_want want, int64_t id)
{
	struct hist *h = &a->hist;
	uint64_t tag = app_tag(a);
	int r;

	if (want == WANT_AFTER || want == WANT_OLDEST)
		r = a->be->page_after(a->e, tag, h->chat, id, HIST_PAGE);
	else if (want == WANT_AROUND)
		r = a->be->page_around(a->e, tag, h->chat, id, HIST_PAGE);
	else
		r = a->be->page_before(a->e, tag, h->chat, id, HIST_PAGE);
	if (!app_asked(a, r))
		return;
	h->want = want;
	h->tag = tag;
}

void
app_latest(struct app *a)
{
	a->hist.selected = 0;
	a->selecting = false;
	if (a->hist.more_after)
		app_ask_page(a, WANT_LATEST, 0);
	else
		hist_to_end(&a->hist);
}

void
app_oldest(struct app *a)
{
	if (a->hist.more_before)
		app_ask_page(a, WANT_OLDEST, 0);
	else
		hist_scroll(&a->hist, hist_total(&a->hist));
}

void
app_more(struct app *a)
{
	struct hist *h = &a->hist;

	if (h->n == 0)
		return;
	if (hist_needs_before(h))
		app_ask_page(a, WANT_BEFORE, h->v[0].id);
	else if (hist_needs_after(h))
		app_ask_page(a, WANT_AFTER, h->v[h->n - 1].id);
}

static void
leave_list(struct app *a)
{
	a->focus_list = false;
	a->show_list = false;
}

/* Make the chat the shown one, without asking for messages. */
static struct chat *
enter_chat(struct app *a, int64_t chat)
{
	struct chat *c = model_find(&a->m, chat);

	if (c == NULL)
		return NULL;
	if (a->open != chat) {
		if (writing_kind(a) == WRITE_EDIT)
			writing_leave(a);
		app_save_draft(a);
		a->open = chat;
		a->typing_at = 0;
		a->draft_at = a->draft_since = 0;
		if (composer_set(&a->comp, c->draft, strlen(c->draft)) != 0)
			app_notice(a, ST_ERROR, "The draft is too long.");
	}
	model_visit(&a->m, c);
	hist_open(&a->hist, chat);
	room_open(a);
	a->read_up_to = 0;
	a->marked = chat;
	leave_list(a);
	a->selecting = false;
	a->marker_wanted = 0;
	a->unmark = c->marked_unread;
	a->dirty = true;
	return c;
}

void
app_open_chat(struct app *a, int64_t chat)
{
	struct chat *c;

	if (chat == a->open && a->hist.n > 0 && a->hist.want == WANT_NOTHING) {
		leave_list(a); /* it is there already */
		app_latest(a);
		a->back.valid = false;
		return;
	}
	c = enter_chat(a, chat);
	if (c == NULL) {
		a->open_when_known = chat;
		return;
	}
	a->back.valid = false;
	a->marker_wanted = c->unread;
	app_ask_page(a, WANT_LATEST, 0);
}

static struct place
here(struct app *a)
{
	struct place p = {.valid = a->open != 0, .chat = a->open};

	p.bottom = hist_at_end(&a->hist) ? 0 : hist_bottom_id(&a->hist);
	return p;
}

void
app_jump(struct app *a, int64_t chat, int64_t msg, uint32_t off, uint32_t len)
{
	struct place from = a->back.valid ? a->back : here(a);

	if (enter_chat(a, chat) == NULL)
		return;
	a->back = from;
	a->hist.selected = msg;
	a->hist.target = msg;
	a->hist.mark_off = off;
	a->hist.mark_len = len;
	app_ask_page(a, WANT_AROUND, msg);
	app_notice(a, ST_TEXT, "Esc brings you back to where you were.");
}

bool
app_jump_back(struct app *a)
{
	struct place to = a->back;

	a->back.valid = false;
	if (!to.valid || model_find(&a->m, to.chat) == NULL)
		return false;
	if (to.bottom == 0) {
		app_open_chat(a, to.chat);
		return true;
	}
	enter_chat(a, to.chat);
	a->hist.target = to.bottom;
	app_ask_page(a, WANT_AROUND, to.bottom);
	return true;
}

/* Its messages are others now. */
void
app_reload(struct app *a)
{
	a->forgetting.n = 0;
	a->forgetting.at = 0;
	hist_open(&a->hist, a->open);
	a->selecting = false;
	app_ask_page(a, WANT_LATEST, 0);
}

/* The open chat is no more. */
void
app_leave_chat(struct app *a)
{
	writing_clear(&a->writing);
	if (composer_set(&a->comp, "", 0) != 0)
		app_asked(a, ERR_NOMEM);
	a->draft_at = a->draft_since = 0;
	a->forgetting.n = 0;
	a->forgetting.at = 0;
	hist_open(&a->hist, 0);
	a->selecting = false;
	a->back.valid = false;
	a->open = a->marked = 0;
	if (a->m.n > 0)
		app_open_chat(a, a->m.v[0]->id);
}

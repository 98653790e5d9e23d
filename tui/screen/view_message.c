/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_message.c — what can be done with the selected message, or with those
 * that are picked. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "tui/screen/app_int.h"
#include "tui/screen/hist_media.h"
#include "tui/screen/when.h"

#define EDIT_MS (15 * 60000ull) /* for so long others take an edit */

static const struct item *
selected(const struct app *a)
{
	return hist_find(&a->hist, a->hist.selected);
}

/* A text or a file: not a line of ours, not to be seen once. */
static bool
is_content(const struct item *it)
{
	return it->kind == MSG_TEXT || it->kind == MSG_MEDIA;
}

/* Who wrote it, as it is said in a quote. */
static const char *
author_of(const struct app *a, const struct item *it)
{
	const struct chat *c = app_chat(a);

	if (it->outgoing)
		return "You";
	return it->from != NULL ? it->from : c != NULL ? c->title : "?";
}

/* ---- moving --------------------------------------------------------------------- */

static void
select_step(struct app *a, int dir)
{
	int64_t id = hist_neighbour(&a->hist, dir);

	if (id == 0)
		return;
	a->hist.selected = id;
	a->hist.mark_len = 0;
	a->selecting = true;
	hist_show(&a->hist, id);
	app_more(a);
}

void
select_end(struct app *a)
{
	a->selecting = false;
	a->hist.selected = 0;
	hist_unpick(&a->hist);
}

static void
pick(struct app *a)
{
	size_t n;

	if (!hist_pick(&a->hist, a->hist.selected)) {
		app_notice(
		    a, ST_WARN, "No more than %d at once.", HIST_PICKED_MAX);
		return;
	}
	n = hist_npicked(&a->hist);
	if (n == 0)
		app_notice(a, ST_TEXT, "Nothing is picked.");
	else
		app_notice(a, ST_TEXT,
		    "%zu picked: f forward, d delete, "
		    "s star, y copy, Esc let go.",
		    n);
}

/* ---- one message ------------------------------------------------------------------ */

/* Why a text cannot be changed any more; NULL: it can. */
static const char *
no_edit(const struct app *a, const struct item *it)
{
	if (!it->outgoing)
		return "Only what you wrote can be edited.";
	if (!is_content(it))
		return "This cannot be edited.";
	if (a->wall > it->sent_ms + EDIT_MS)
		return "It is older than 15 minutes: it stays as it is.";
	return NULL;
}

static const char *
no_answer(const struct app *a, const struct item *it)
{
	(void)a;
	if (!is_content(it) || it->state == MSG_WAITING)
		return "This cannot be answered.";
	return NULL;
}

static const char *
no_open(const struct app *a, const struct item *it)
{
	(void)a;
	if (it->kind == MSG_ONCE && it->outgoing)
		return "Only the other side can look at it, once.";
	/* what is opened once is gone: not before it can be shown */
	if (it->kind == MSG_ONCE && it->media != NULL)
		return "Files to be seen once cannot be shown here yet.";
	if (it->kind == MSG_MEDIA)
		return NULL;
	if (it->kind == MSG_ONCE)
		return it->opened ? "It has been looked at." : NULL;
	if (it->quote == NULL)
		return "It answers no other message.";
	if (it->quote_id == 0)
		return "What it answers is not on this device.";
	return NULL;
}

static const char *
no_retry(const struct app *a, const struct item *it)
{
	(void)a;
	return it->state == MSG_FAILED ? NULL : "This message has not failed.";
}

static void
reply(struct app *a, const struct item *it)
{
	char title[HIST_MEDIA_CAP];
	const char *what = it->text;

	if (it->len == 0 && it->media != NULL)
		what = hist_media_title(title, it->media);
	writing_reply(a, it->id, author_of(a, it), what);
	select_end(a);
	a->focus_list = false;
}

static void
edit(struct app *a, const struct item *it)
{
	writing_edit(a, it->id, it->text);
	select_end(a);
	a->focus_list = false;
}

static void
open_it(struct app *a, const struct item *it)
{
	if (it->kind == MSG_ONCE) {
		app_asked(a, a->be->open_once(a->e, app_tag(a), it->id));
		return;
	}
	if (it->kind == MSG_MEDIA) {
		media_menu(a, it);
		return;
	}
	app_jump(a, a->open, it->quote_id, 0, 0);
	a->selecting = true;
}

static void
react(struct app *a, const struct item *it)
{
	react_begin(a, it->id);
}

static void
info(struct app *a, const struct item *it)
{
	app_asked(a, a->be->msg_info(a->e, app_tag(a), it->id));
}

static void
retry(struct app *a, const struct item *it)
{
	if (app_asked(a, a->be->retry(a->e, app_tag(a), it->id)))
		app_notice(a, ST_TEXT, "Sending again.");
}

/* Every failed message that is loaded. */
void
message_retry_all(struct app *a)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < a->hist.n; i++) {
		const struct item *it = &a->hist.v[i];

		if (it->outgoing && it->state == MSG_FAILED &&
		    app_asked(a, a->be->retry(a->e, app_tag(a), it->id)))
			n++;
	}
	if (n == 0)
		app_notice(a, ST_TEXT, "Nothing here has failed.");
	else
		app_notice(a, ST_TEXT, "Sending %u again.", n);
}

/* ---- several ---------------------------------------------------------------------- */

static void
star(struct app *a)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t i, n = hist_chosen(&a->hist, ids);
	const struct item *it;
	bool on = false;

	for (i = 0; i < n; i++) {
		it = hist_find(&a->hist, ids[i]);
		on |= is_content(it) && !it->starred;
	}
	for (i = 0; i < n; i++) {
		it = hist_find(&a->hist, ids[i]);
		if (is_content(it) && it->starred != on)
			app_asked(a, a->be->star(a->e, app_tag(a), ids[i], on));
	}
}

static void
copy(struct app *a)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t i, n = hist_chosen(&a->hist, ids);
	const struct item *it;
	struct buf b;
	int r = 0;

	buf_init(&b, HIST_PICKED_MAX * (ENGINE_TEXT_MAX + 1));
	for (i = 0; r == 0 && i < n; i++) {
		it = hist_find(&a->hist, ids[i]);
		if (i > 0)
			r = buf_put_u8(&b, '\n');
		if (r == 0)
			r = buf_put(&b, it->text, it->len);
	}
	if (app_asked(a, r) && n > 0) {
		a->host->copy(a->host_ctx, (const char *)b.p, b.len);
		app_notice(a, ST_TEXT, "Copied.");
	}
	buf_clear(&b);
}

/* The messages have been given to these chats. */
static void
forward_to(struct app *a, const int64_t *chats, size_t n)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t nids = hist_chosen(&a->hist, ids);

	if (nids > 0 && n > 0 &&
	    app_asked(
		a, a->be->forward_all(a->e, app_tag(a), ids, nids, chats, n)))
		select_end(a);
}

static void
forward(struct app *a)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t i, n = hist_chosen(&a->hist, ids);
	char title[48];

	for (i = 0; i < n; i++) {
		if (!is_content(hist_find(&a->hist, ids[i]))) {
			app_notice(a, ST_WARN,
			    "Notes and view-once texts cannot be forwarded.");
			return;
		}
	}
	if (n == 1)
		snprintf(title, sizeof(title), "Forward to");
	else
		snprintf(title, sizeof(title), "Forward %zu to", n);
	if (n > 0)
		pick_begin(a, title, ENGINE_FORWARD_MAX, forward_to);
}

static void delete (struct app *a)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t n = hist_chosen(&a->hist, ids);

	if (n > 0)
		delete_begin(a, ids, n);
}

static void
report_chosen(struct app *a, int i, int64_t chat)
{
	int64_t ids[HIST_PICKED_MAX];
	size_t n = hist_chosen(&a->hist, ids);

	if (i == 0 || n == 0 || chat != a->open)
		return;
	if (app_asked(
		a, a->be->report(a->e, app_tag(a), chat, ids, n, i == 2))) {
		select_end(a);
		app_notice(a, ST_TEXT, "The report is on its way.");
	}
}

static void
report(struct app *a)
{
	static const char *const words[] = {
	    "No", "Report", "Report, and block this person"};
	int64_t ids[HIST_PICKED_MAX];
	size_t n = hist_chosen(&a->hist, ids);
	char title[80];

	if (n == 1)
		snprintf(title, sizeof(title),
		    "Show this message to the relay's operator?");
	else
		snprintf(title, sizeof(title),
		    "Show these %zu messages to the relay's operator?", n);
	if (n > 0)
		menu_begin(a, title, words, (int)ARRAY_LEN(words), 0,
		    report_chosen, a->open);
}

/* ---- the keys --------------------------------------------------------------------- */

struct one_row { /* for the selected one */
	enum action act;
	const char *(*refuse)(const struct app *a, const struct item *it);
	void (*go)(struct app *a, const struct item *it);
};

static const struct one_row ones[] = {
    {ACT_SEL_REPLY, no_answer, reply},
    {ACT_SEL_OPEN, no_open, open_it},
    {ACT_SEL_EDIT, no_edit, edit},
    {ACT_SEL_REACT, no_answer, react},
    {ACT_SEL_INFO, NULL, info},
    {ACT_SEL_RETRY, no_retry, retry},
};

static const struct {
	enum action act;
	void (*go)(struct app *a);
} severals[] = {
    {ACT_SEL_STAR, star},
    {ACT_SEL_COPY, copy},
    {ACT_SEL_FORWARD, forward},
    {ACT_SEL_DELETE, delete},
    {ACT_SEL_REPORT, report},
    {ACT_SEL_PICK, pick},
    {ACT_SEL_CLOSE, select_end},
};

static const struct one_row *
one_of(enum action act)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(ones); i++) {
		if (ones[i].act == act)
			return &ones[i];
	}
	return NULL;
}

bool
message_act(struct app *a, enum action act)
{
	const struct item *it = selected(a);
	const struct one_row *row = one_of(act);
	const char *why;
	size_t i;

	if (act == ACT_SELECT || act == ACT_SEL_UP || act == ACT_SEL_DOWN) {
		select_step(a, act == ACT_SEL_DOWN ? 1 : -1);
		return true;
	}
	if (act == ACT_SEL_KEEP || act == ACT_KEEP) {
		if (!forgetting_undo(a))
			app_notice(a, ST_TEXT, "Nothing was deleted lately.");
		return true;
	}
	if (row != NULL && it != NULL) {
		why = row->refuse != NULL ? row->refuse(a, it) : NULL;
		if (why != NULL)
			app_notice(a, ST_TEXT, "%s", why);
		else
			row->go(a, it);
	}
	if (row != NULL)
		return true;
	for (i = 0; i < ARRAY_LEN(severals); i++) {
		if (severals[i].act == act) {
			severals[i].go(a);
			return true;
		}
	}
	return false;
}

bool
message_offers(const struct app *a, enum action act)
{
	const struct item *it = selected(a);
	const struct one_row *row = one_of(act);
	bool several = hist_npicked(&a->hist) > 0;

	if (act == ACT_SEL_KEEP)
		return a->forgetting.n > 0;
	if (row == NULL)
		return true;
	return it != NULL && !several &&
	       (row->refuse == NULL || row->refuse(a, it) == NULL);
}

/* ---- details ---------------------------------------------------------------------- */

static const char *
state_word(const struct msg_row *m)
{
	static const char *const words[] = {
	    [MSG_PENDING] = "waiting to be sent",
	    [MSG_SENT] = "sent",
	    [MSG_DELIVERED] = "delivered",
	    [MSG_READ] = "read",
	    [MSG_FAILED] = "not sent",
	    [MSG_RECEIVED] = "received",
	    [MSG_WAITING] = "waiting for its key",
	};

	return words[m->state];
}

static int
put_when(struct buf *b, const char *word, uint64_t ms)
{
	char when[WHEN_CAP];

	if (ms == 0)
		return 0;
	return buf_printf(b, "%-11s %s\n", word, when_full(when, ms));
}

static int
put_receipts(struct buf *b, const struct msg_info *info)
{
	const struct receipt_row *rc;
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < info->n_receipts; i++) {
		rc = &info->receipts[i];
		r = buf_printf(b, "\n%s\n", rc->name);
		if (r == 0 && rc->delivered_ms == 0 && rc->read_ms == 0)
			r = buf_printf(b, "  nothing told yet\n");
		if (r == 0)
			r = put_when(b, "  delivered", rc->delivered_ms);
		if (r == 0)
			r = put_when(b, "  read", rc->read_ms);
	}
	return r;
}

static int
put_edits(struct buf *b, const struct msg_info *info)
{
	char when[WHEN_CAP];
	int r = 0;
	size_t i;

	if (info->n_edits > 0)
		r = buf_printf(b, "\nEarlier texts\n");
	for (i = 0; r == 0 && i < info->n_edits; i++)
		r = buf_printf(b, "\n%s\n%s\n",
		    when_full(when, info->edits[i].written_ms),
		    info->edits[i].text);
	return r;
}

static int
put_info(struct buf *b, const struct msg_row *m, const struct msg_info *info)
{
	int r = put_when(b, "Written", m->sent_ms);

	if (r == 0 && !m->outgoing)
		r = put_when(b, "Received", m->received_ms);
	if (r == 0)
		r = put_when(b, "Edited", info != NULL ? info->edited_ms : 0);
	if (r == 0)
		r = put_when(b, "Disappears", m->expires_ms);
	if (r == 0 && m->outgoing)
		r = buf_printf(b, "%-11s %s\n", "State", state_word(m));
	if (r == 0 && info != NULL)
		r = put_receipts(b, info);
	if (r == 0 && info != NULL)
		r = put_edits(b, info);
	return r;
}

void
info_show(struct app *a, const struct engine_event *ev)
{
	struct buf b;
	int r;

	if (ev->n == 0)
		return;
	buf_init(&b, 4 * 1024 * 1024);
	r = put_info(&b, &ev->msgs[0], ev->info);
	if (r == 0 && b.len > 0)
		b.len--; /* the last line's end */
	if (r == 0)
		r = buf_put_u8(&b, 0);
	if (app_asked(a, r))
		read_begin(a, "Message", (const char *)b.p);
	buf_clear(&b);
}

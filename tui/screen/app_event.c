/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app_event.c — what the engine tells, taken in. */
#include <stdio.h>
#include <string.h>

#include "tui/screen/app_int.h"
#include "tui/screen/notify.h"

#define FIRST_CHATS 64 /* are read before the messages of one */

static void
on_page(struct app *a, const struct engine_event *ev)
{
	struct hist *h = &a->hist;
	enum hist_want want = h->want;

	if (ev->tag != h->tag || want == WANT_NOTHING)
		return;
	if (!app_asked(a,
		hist_page(h, ev->msgs, ev->n, ev->more_before, ev->more_after)))
		h->want = WANT_NOTHING;
	if (want == WANT_LATEST && a->marker_wanted > 0) {
		hist_set_marker(h, a->marker_wanted);
		hist_show_marker(h);
		a->marker_wanted = 0;
	}
}

/* Behind the page of the open chat. */
static void
ask_rest(struct app *a)
{
	uint64_t tag = app_tag(a);

	if (app_asked(a, a->be->chats(a->e, tag)))
		a->rest_tag = tag;
}

static void
on_chats(struct app *a, const struct engine_event *ev)
{
	bool first = a->m.n == 0;
	int rows, cols;

	if (ev->tag == a->chats_tag)
		a->chats_tag = 0;
	else if (ev->tag == a->rest_tag)
		a->rest_tag = 0;
	app_asked(a, model_put_all(&a->m, ev->chats, ev->n, a->wall, a->mono));
	draw_size(a->draw, &rows, &cols);
	if (a->open_when_known != 0 &&
	    model_find(&a->m, a->open_when_known) != NULL) {
		app_open_chat(a, a->open_when_known);
		a->open_when_known = 0;
	} else if (first && a->open == 0 && a->m.n > 0) {
		app_open_chat(a, a->m.v[0]->id);
		a->show_list = cols < NARROW_COLS;
		a->focus_list = a->show_list;
	}
	if (ev->more_after)
		ask_rest(a);
}

static void
on_chat(struct app *a, const struct engine_event *ev)
{
	size_t i;

	for (i = 0; i < ev->n; i++) {
		if (model_put(&a->m, &ev->chats[i], a->wall, a->mono) == NULL)
			app_asked(a, ERR_NOMEM);
		if (ev->chats[i].chat == a->open_when_known) {
			a->open_when_known = 0;
			app_open_chat(a, ev->chats[i].chat);
		}
	}
}

/* The chat with oneself: whoever asked wants to see it. */
static void
on_contact(struct app *a, const struct engine_event *ev)
{
	on_chat(a, ev);
	if (ev->tag != 0 && ev->tag == a->notes_tag) {
		a->notes_tag = 0;
		app_open_chat(a, ev->chat);
	}
}

static void
on_group(struct app *a, const struct engine_event *ev)
{
	room_take(a, ev);
	if (ev->n == 0 || ev->tag == 0 || ev->tag != a->group_tag)
		return;
	a->group_tag = 0; /* made, or joined */
	app_open_chat(a, ev->groups[0].chat);
	if (a->open_when_known != 0) /* its row may be on its way */
		app_asked(a, a->be->chats(a->e, app_tag(a)));
}

static void
on_message(struct app *a, const struct engine_event *ev)
{
	struct sending *s = ev->tag != 0 ? sending_take(a, ev->tag) : NULL;
	const struct msg_row *m = ev->n > 0 ? &ev->msgs[0] : NULL;

	if (s != NULL)
		sending_free(s);
	if (m == NULL)
		return;
	if (m->chat == a->open)
		app_asked(a, hist_add(&a->hist, m));
	notify_message(a, m);
}

static void
on_error(struct app *a, const struct engine_event *ev)
{
	struct sending *s = sending_take(a, ev->tag);
	char why[APP_NOTICE_CAP];

	if (ev->tag == a->rest_tag)
		a->rest_tag = 0;
	if (ev->tag != 0 && ev->tag == a->chats_tag) {
		a->chats_tag = 0;
		/* asked for together with the unlocking, which failed too */
		a->claimed = !a->m.has_self;
	}
	if (s != NULL) {
		app_sentence(ev, why, sizeof(why));
		sending_failed(a, s, why);
		sending_free(s);
	} else if (ev->tag == a->hist.tag && a->hist.want != WANT_NOTHING) {
		a->hist.want = WANT_NOTHING;
	}
}

static void
on_done(struct app *a, const struct engine_event *ev)
{
	struct sending *s = ev->tag != 0 ? sending_take(a, ev->tag) : NULL;

	if (s != NULL)
		sending_free(s);
}

static void
on_conn(struct app *a, const struct engine_event *ev)
{
	bool was_online = a->m.conn == CONN_ONLINE;

	model_set_conn(&a->m, ev->conn, ev->text, ev->retry_after_ms, a->mono);
	if (was_online && ev->conn == CONN_OFFLINE)
		app_notice(a, ST_TEXT,
		    "Offline%s%s. What you write is kept "
		    "and sent later.",
		    ev->text != NULL ? ": " : "",
		    ev->text != NULL ? ev->text : "");
	else if (ev->conn == CONN_ONLINE &&
		 strncmp(a->notice, "Offline", 7) == 0)
		a->notice[0] = '\0'; /* it is not true any more */
}

static void
dead(struct app *a, const char *text)
{
	snprintf(a->vs->dead.text, sizeof(a->vs->dead.text), "%s", text);
	app_root(a, &view_dead);
}

static void
on_relay_key(struct app *a, const struct engine_event *ev)
{
	struct relay_key_view *v = &a->vs->relay_key;

	snprintf(v->text, sizeof(v->text), "%s", ev->text ? ev->text : "");
	v->changed = ev->changed;
	app_push(a, &view_relay_key);
}

static void
on_self(struct app *a, const struct engine_event *ev)
{
	app_asked(a, model_set_self(&a->m, &ev->self));
}

void
app_ask_chats(struct app *a)
{
	uint64_t tag = app_tag(a);

	if (a->chats_tag == 0 &&
	    app_asked(a, a->be->chats_top(a->e, tag, FIRST_CHATS)))
		a->chats_tag = tag;
}

void
app_begin(struct app *a)
{
	app_root(a, &view_main);
	app_ask_chats(a);
	strip_ask(a);
}

static void
take(struct app *a, const struct engine_event *ev)
{
	switch (ev->kind) {
	case EV_UNLOCKED:
	case EV_REGISTERED:
	case EV_SELF:
		on_self(a, ev);
		break;
	case EV_CHATS:
		on_chats(a, ev);
		break;
	case EV_CHAT:
		on_chat(a, ev);
		break;
	case EV_CONTACT:
		on_contact(a, ev);
		break;
	case EV_PAGE:
		on_page(a, ev);
		break;
	case EV_MSG_NEW:
	case EV_SENT_LOCALLY:
		on_message(a, ev);
		break;
	case EV_MSG_STATE:
		hist_state(&a->hist, ev->msg_id, ev->state);
		break;
	case EV_MEDIA_SAVED:
		media_saved(a, ev);
		break;
	case EV_MEDIA:
		if (ev->n > 0 && hist_find(&a->hist, ev->msgs[0].id) != NULL)
			app_asked(a, hist_add(&a->hist, &ev->msgs[0]));
		break;
	case EV_MSG_CHANGED:
		if (ev->n > 0 && hist_find(&a->hist, ev->msg_id) != NULL)
			app_asked(a, hist_add(&a->hist, &ev->msgs[0]));
		break;
	case EV_MSG_GONE:
		hist_drop(&a->hist, ev->msg_id);
		break;
	case EV_CHAT_CLEARED:
		if (ev->chat == a->open)
			app_reload(a);
		break;
	case EV_CHAT_GONE:
		model_drop(&a->m, ev->chat);
		if (ev->chat == a->open)
			app_leave_chat(a);
		break;
	case EV_CONN:
		on_conn(a, ev);
		break;
	case EV_SYNC:
		a->m.sync_done = ev->done;
		a->m.sync_total = ev->total;
		if (ev->total == 0)
			notify_missed(a);
		break;
	case EV_RELAY_KEY:
		on_relay_key(a, ev);
		break;
	case EV_REMOVED:
		removed_begin(a, ev->text);
		break;
	case EV_GROUP:
		on_group(a, ev);
		break;
	case EV_GROUP_KEYS:
		if (ev->chat == a->open && ev->done < ev->total)
			app_notice(a, ST_TEXT, "Giving the key to %u of %u...",
			    ev->done, ev->total);
		break;
	case EV_HISTORY:
		devices_view_history(a, ev);
		break;
	case EV_BACKUP:
		backup_view_event(a, ev);
		break;
	case EV_FATAL:
		dead(a, ev->text != NULL ? ev->text : err_str(ev->code));
		break;
	case EV_ERROR:
		on_error(a, ev);
		break;
	case EV_DONE:
		on_done(a, ev);
		break;
	case EV_MSG_INFO:
		info_show(a, ev);
		break;
	case EV_ONCE:
		if (ev->n > 0)
			read_begin(a, "To be seen once", ev->msgs[0].text);
		break;
	case EV_FORWARDED:
		app_notice(a, ST_GOOD, "Forwarded.");
		break;
	default:
		break;
	}
}

void
app_event(struct app *a, const struct engine_event *ev)
{
	char why[APP_NOTICE_CAP];
	int i;

	a->claimed = false;
	a->dirty = true;
	take(a, ev);
	account_event(a, ev);
	strip_event(a, ev);
	for (i = a->nviews - 1; i >= 0; i--) {
		if (i < a->nviews && a->views[i]->event != NULL)
			a->views[i]->event(a, ev);
	}
	if (ev->kind == EV_ERROR && !a->claimed && ev->tag != APP_TAG_NONE)
		app_notice(
		    a, ST_ERROR, "%s", app_sentence(ev, why, sizeof(why)));
}

void
app_edited(struct app *a, const char *text, size_t len)
{
	a->editing = false;
	a->dirty = true;
	draw_redraw(a->draw);
	if (text == NULL)
		return;
	while (len > 0 && text[len - 1] == '\n') /* what editors add */
		len--;
	if (composer_set(&a->comp, text, len) == 0)
		app_text_changed(a);
	else
		app_notice(a, ST_ERROR, "Too long for one message.");
}

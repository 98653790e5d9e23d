/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/notify.h"
#include "tui/screen/views.h"

#define DRAFT_PAUSE_MS 1000 /* of not typing, then the draft is saved */
#define DRAFT_MAX_MS   5000 /* and at least so often */
#define TYPING_MS      3000 /* between two "typing" */
#define FIRST_CHATS    64 /* are read before the messages of one */

int
app_new(struct app **out, const struct backend *be, struct engine *e,
    const struct host *host, void *host_ctx, struct draw *d)
{
	struct app *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->vs = calloc(1, sizeof(*a->vs));
	if (a->vs == NULL) {
		free(a);
		return ERR_NOMEM;
	}
	a->be = be;
	a->e = e;
	a->host = host;
	a->host_ctx = host_ctx;
	a->draw = d;
	a->next_tag = APP_TAG_NONE;
	a->focused = true; /* until the terminal says otherwise */
	a->dirty = true;
	model_init(&a->m);
	prefs_defaults(&a->prefs);
	hist_init(&a->hist);
	composer_init(&a->comp);
	*out = a;
	return 0;
}

void
app_use(struct app *a, struct draw *d)
{
	a->draw = d;
}

static void
sending_free(struct sending *s)
{
	sodium_memzero(s->text, strlen(s->text));
	free(s->text);
	free(s);
}

void
app_free(struct app *a)
{
	struct sending *s;

	if (a == NULL)
		return;
	while (a->nviews > 0)
		app_close(a, a->views[a->nviews - 1]);
	while ((s = a->sending) != NULL) {
		a->sending = s->next;
		sending_free(s);
	}
	search_forget(a);
	model_clear(&a->m);
	hist_clear(&a->hist);
	composer_clear(&a->comp);
	sodium_memzero(a->vs, sizeof(*a->vs));
	free(a->vs);
	free(a);
}

void
app_start(struct app *a, bool exists, const struct engine_key *key)
{
	if (exists || key != NULL)
		unlock_begin(a, key);
	else
		first_run_begin(a, false);
}

void
app_time(struct app *a, uint64_t wall_ms, uint64_t mono_ms)
{
	a->wall = wall_ms;
	a->mono = mono_ms;
}

uint64_t
app_tag(struct app *a)
{
	return ++a->next_tag;
}

void
app_notice(struct app *a, enum style st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->notice, sizeof(a->notice), fmt, ap);
	va_end(ap);
	a->notice_style = st;
	a->dirty = true;
}

bool
app_asked(struct app *a, int r)
{
	if (r != 0)
		app_notice(a, ST_ERROR, "Not done: %s.", err_str(r));
	return r == 0;
}

const char *
app_sentence(const struct engine_event *ev, char *out, size_t cap)
{
	const char *s = ev->text != NULL ? ev->text : err_str(ev->code);
	size_t n = strlen(s);
	bool ended = n > 0 && strchr(".!?", s[n - 1]) != NULL;

	snprintf(out, cap, "%s%s", s, ended ? "" : ".");
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	return out;
}

/* ---- the stack of views ------------------------------------------------------- */

bool
app_is_open(const struct app *a, const struct view_ops *v)
{
	int i;

	for (i = 0; i < a->nviews; i++) {
		if (a->views[i] == v)
			return true;
	}
	return false;
}

void
app_close(struct app *a, const struct view_ops *v)
{
	int i, n = 0;

	if (!app_is_open(a, v))
		return;
	for (i = 0; i < a->nviews; i++) {
		if (a->views[i] != v)
			a->views[n++] = a->views[i];
	}
	a->nviews = n;
	if (v->close != NULL)
		v->close(a);
	a->dirty = true;
}

void
app_push(struct app *a, const struct view_ops *v)
{
	int i, n = 0;

	for (i = 0; i < a->nviews; i++) { /* to the top, when it is open */
		if (a->views[i] != v)
			a->views[n++] = a->views[i];
	}
	a->nviews = n;
	if (a->nviews == APP_VIEWS_MAX)
		app_close(a, a->views[APP_VIEWS_MAX - 1]);
	a->views[a->nviews++] = v;
	a->dirty = true;
}

void
app_root(struct app *a, const struct view_ops *v)
{
	while (a->nviews > 0)
		app_close(a, a->views[a->nviews - 1]);
	app_push(a, v);
}

static const struct view_ops *
top(const struct app *a)
{
	return a->nviews > 0 ? a->views[a->nviews - 1] : NULL;
}

/* ---- keys --------------------------------------------------------------------- */

static void
contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	int n = 0;

	memset(out, 0, APP_CONTEXTS_MAX * sizeof(out[0]));
	if (top(a) != NULL && top(a)->contexts != NULL)
		top(a)->contexts(a, out);
	while (n < APP_CONTEXTS_MAX - 1 && out[n] != CTX_NONE)
		n++;
	out[n] = CTX_GLOBAL;
}

static void
interrupt(struct app *a)
{
	if (a->nviews > 1) {
		app_close(a, top(a));
	} else if (a->interrupted) {
		a->quit = true;
	} else {
		app_notice(a, ST_WARN, "Ctrl-C again quits.");
		a->interrupted = true;
	}
}

static bool
do_global(struct app *a, enum action act)
{
	switch (act) {
	case ACT_HELP:
		app_push(a, &view_help);
		return true;
	case ACT_QUIT:
		a->quit = true;
		return true;
	case ACT_INTERRUPT:
		interrupt(a);
		return true;
	case ACT_SUSPEND:
		a->host->suspend(a->host_ctx);
		return true;
	case ACT_REDRAW:
		draw_redraw(a->draw);
		return true;
	default:
		return false;
	}
}

static void
mouse_toggle(struct app *a)
{
	a->prefs.mouse = !a->prefs.mouse;
	a->host->mouse(a->host_ctx, a->prefs.mouse);
	a->host->save_prefs(a->host_ctx);
	app_notice(a, ST_TEXT,
	    a->prefs.mouse ? "The mouse is on. Hold Shift to mark text."
			   : "The mouse is off.");
}

bool
app_do(struct app *a, enum action act, int digit)
{
	(void)digit;
	if (do_global(a, act))
		return true;
	if (!app_is_open(a, &view_main))
		return false;
	switch (act) {
	case ACT_PALETTE:
		palette_begin(a, 0);
		return true;
	case ACT_SEARCH:
		search_begin(a, NULL);
		return true;
	case ACT_NEW_CHAT:
		new_chat_begin(a, NULL);
		return true;
	case ACT_SAFETY:
		if (a->open != 0)
			safety_begin(a, a->open);
		else
			app_notice(a, ST_WARN, "Open a chat first.");
		return true;
	case ACT_SETTINGS:
		settings_begin(a);
		return true;
	case ACT_RECONNECT:
		if (app_asked(a, a->be->reconnect(a->e, APP_TAG_NONE)))
			app_notice(a, ST_TEXT, "Connecting now.");
		return true;
	case ACT_MOUSE:
		mouse_toggle(a);
		return true;
	default:
		return view_main.act(a, act, digit);
	}
}

/* Offer the key to each context in turn. */
static bool
dispatch(struct app *a, const enum key_ctx *ctx, const struct key *ev)
{
	enum action act;
	int digit = 0;

	for (; *ctx != CTX_NONE; ctx++) {
		act = keymap_find(*ctx, &a->prefix, ev, &digit);
		if (act == ACT_NONE)
			continue;
		if (*ctx == CTX_GLOBAL) {
			if (act == ACT_HELP && top(a) == &view_help)
				continue;
			return app_do(a, act, digit);
		}
		if (top(a)->act != NULL && top(a)->act(a, act, digit))
			return true;
	}
	return false;
}

static bool
is_text(const struct key *ev)
{
	return ev->code < K_NAMED &&
	       (ev->mods & (MOD_CTRL | MOD_ALT | MOD_SUPER)) == 0;
}

static void
on_press(struct app *a, const struct key *ev)
{
	enum key_ctx ctx[APP_CONTEXTS_MAX];
	bool was_interrupted = a->interrupted;
	bool in_pair = a->prefix.code != 0;
	const enum key_ctx *c;

	a->notice[0] = '\0';
	contexts(a, ctx);
	if (dispatch(a, ctx, ev)) {
		if (was_interrupted)
			a->interrupted = false;
		a->prefix = (struct key_prefix){0};
		return;
	}
	a->interrupted = false;
	a->prefix = (struct key_prefix){0};
	for (c = ctx; !in_pair && *c != CTX_NONE; c++) {
		if (keymap_is_prefix(*c, ev)) {
			a->prefix = (struct key_prefix){ev->code, ev->mods};
			return;
		}
	}
	if (!in_pair && is_text(ev) && top(a) != NULL && top(a)->type != NULL)
		top(a)->type(a, ev->code);
}

void
app_key(struct app *a, const struct key *ev)
{
	const struct view_ops *v = top(a);

	a->dirty = true;
	if (v == NULL)
		return;
	switch (ev->type) {
	case KT_PRESS:
		on_press(a, ev);
		break;
	case KT_PASTE:
		a->notice[0] = '\0';
		if (v == &view_main &&
		    (ev->cut || composer_paste_asks(ev->text, ev->len)))
			paste_begin(a, ev->text, ev->len, ev->cut);
		else if (v->paste != NULL)
			v->paste(a, ev->text, ev->len);
		break;
	case KT_MOUSE:
		if (v->mouse != NULL)
			v->mouse(a, ev);
		break;
	case KT_FOCUS:
		a->focused = ev->on;
		break;
	case KT_REPLY:
		break;
	}
}

/* ---- chats -------------------------------------------------------------------- */

struct chat *
app_chat(const struct app *a)
{
	return a->open != 0 ? model_find(&a->m, a->open) : NULL;
}

static void
save_draft(struct app *a)
{
	struct chat *c = app_chat(a);
	const char *text = composer_text(&a->comp);

	if (a->draft_at == 0 || c == NULL)
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
	save_draft(a);
}

void
app_text_changed(struct app *a)
{
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

static void
ask_page(struct app *a, enum hist_want want, int64_t id)
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
		ask_page(a, WANT_LATEST, 0);
	else
		hist_to_end(&a->hist);
}

void
app_oldest(struct app *a)
{
	if (a->hist.more_before)
		ask_page(a, WANT_OLDEST, 0);
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
		ask_page(a, WANT_BEFORE, h->v[0].id);
	else if (hist_needs_after(h))
		ask_page(a, WANT_AFTER, h->v[h->n - 1].id);
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
		save_draft(a);
		a->open = chat;
		a->typing_at = 0;
		a->draft_at = a->draft_since = 0;
		if (composer_set(&a->comp, c->draft, strlen(c->draft)) != 0)
			app_notice(a, ST_ERROR, "The draft is too long.");
	}
	model_visit(&a->m, c);
	hist_open(&a->hist, chat);
	a->read_up_to = 0;
	a->marked = chat;
	leave_list(a);
	a->selecting = false;
	a->marker_wanted = 0;
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
	ask_page(a, WANT_LATEST, 0);
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
	ask_page(a, WANT_AROUND, msg);
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
	ask_page(a, WANT_AROUND, to.bottom);
	return true;
}

/* ---- sending ------------------------------------------------------------------ */

bool
app_send(struct app *a, const char *text)
{
	struct chat *c = app_chat(a);
	struct sending *s;

	if (c == NULL)
		return false;
	if (c->trust == TRUST_CHANGED) {
		app_notice(a, ST_WARN,
		    "Not sent: the safety number has changed. F3 shows it.");
		return false;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->text = strdup(text)) == NULL) {
		free(s);
		return app_asked(a, ERR_NOMEM);
	}
	s->tag = app_tag(a);
	s->chat = c->id;
	if (!app_asked(a, a->be->send_text(a->e, s->tag, c->id, text))) {
		sending_free(s);
		return false;
	}
	s->next = a->sending;
	a->sending = s;
	composer_sent(&a->comp, text);
	/* The engine clears the saved draft together with the sending. */
	a->draft_at = a->draft_since = 0;
	a->typing_at = 0;
	if (model_set_draft(c, "") != 0)
		app_asked(a, ERR_NOMEM);
	app_latest(a);
	return true;
}

static struct sending *
sending_take(struct app *a, uint64_t tag)
{
	struct sending **p = &a->sending, *s;

	for (; *p != NULL; p = &(*p)->next) {
		if ((*p)->tag == tag) {
			s = *p;
			*p = s->next;
			return s;
		}
	}
	return NULL;
}

/* It did not go: back to where it was written, before what came after. */
static void
sending_failed(struct app *a, struct sending *s, const char *why)
{
	struct chat *c = model_find(&a->m, s->chat);
	const char *text;
	struct buf b;
	int r;

	a->claimed = true;
	app_notice(a, ST_ERROR, "Not sent. %s", why);
	if (c == NULL)
		return;
	text = s->chat == a->open ? composer_text(&a->comp) : c->draft;
	buf_init(&b, 2 * ENGINE_TEXT_MAX + 2);
	r = buf_printf(
	    &b, "%s%s%s", s->text, text[0] != '\0' ? "\n" : "", text);
	if (r == 0)
		r = buf_put_u8(&b, 0);
	if (r == 0 && s->chat == a->open)
		r = composer_set(&a->comp, (char *)b.p, b.len - 1);
	if (r == 0)
		r = model_set_draft(c, (char *)b.p);
	if (r == 0)
		r = a->be->set_draft(
		    a->e, APP_TAG_NONE, s->chat, (const char *)b.p);
	app_asked(a, r);
	buf_clear(&b);
}

/* ---- events --------------------------------------------------------------------- */

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
	case EV_CONTACT:
		on_chat(a, ev);
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
	case EV_MSG_CHANGED:
		if (ev->n > 0 && hist_find(&a->hist, ev->msg_id) != NULL)
			app_asked(a, hist_add(&a->hist, &ev->msgs[0]));
		break;
	case EV_MSG_GONE:
		hist_drop(&a->hist, ev->msg_id);
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
		dead(a, "This device is no longer part of the account. Its "
			"messages stay here, but it cannot send or receive.");
		break;
	case EV_FATAL:
		dead(a, ev->text != NULL ? ev->text : err_str(ev->code));
		break;
	case EV_ERROR:
		on_error(a, ev);
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

/* ---- time ----------------------------------------------------------------------- */

static void
sooner(uint64_t *next, uint64_t at)
{
	if (at != 0 && (*next == 0 || at < *next))
		*next = at;
}

/* The seconds until the next attempt are shown: wake up when they change. */
static uint64_t
countdown_tick(struct app *a)
{
	uint64_t left, shown = 0, next = 0;

	if (a->m.conn == CONN_OFFLINE && a->m.retry_at > a->mono &&
	    a->m.has_self && a->m.self.registered) {
		left = a->m.retry_at - a->mono;
		shown = (left + 999) / 1000;
		next = a->mono + (left - 1) % 1000 + 1;
	}
	if (shown != a->countdown)
		a->dirty = true;
	a->countdown = shown;
	return next;
}

uint64_t
app_tick(struct app *a)
{
	uint64_t next = 0, typing = UINT64_MAX;

	if (a->draft_at != 0 && a->mono >= a->draft_at)
		save_draft(a);
	sooner(&next, a->draft_at);
	if (model_expire_typing(&a->m, a->mono, &typing))
		a->dirty = true;
	if (typing != UINT64_MAX)
		sooner(&next, typing);
	sooner(&next, countdown_tick(a));
	if (app_is_open(a, &view_first_run))
		sooner(&next, first_run_tick(a));
	return next;
}

/* ---- drawing --------------------------------------------------------------------- */

static void
set_title(struct app *a)
{
	uint32_t unread = model_unread(&a->m);
	char title[sizeof(a->title)];

	if (a->rest_tag != 0)
		return; /* it would be too few */
	if (unread > 0)
		snprintf(title, sizeof(title), "(%u) Sotto", unread);
	else
		snprintf(title, sizeof(title), "Sotto");
	if (strcmp(title, a->title) == 0)
		return;
	memcpy(a->title, title, sizeof(title));
	a->host->title(a->host_ctx, title);
}

/* What is on the screen before a person's eyes has been read. */
static void
mark_read(struct app *a)
{
	struct chat *c = app_chat(a);
	int64_t id;

	if (!a->focused || a->nviews != 1 || a->views[0] != &view_main ||
	    a->show_list || c == NULL || c->unread == 0 ||
	    a->hist.want == WANT_LATEST)
		return;
	id = hist_bottom_id(&a->hist);
	if (id <= a->read_up_to)
		return;
	if (app_asked(a, a->be->mark_read(a->e, APP_TAG_NONE, c->id, id)))
		a->read_up_to = id;
}

bool
app_settling(const struct app *a)
{
	if (a->notice[0] != '\0' || a->nviews != 1)
		return false;
	if (a->views[0] == &view_unlock)
		return a->vs->unlock.by_key && a->vs->unlock.tag != 0;
	return a->views[0] == &view_main &&
	       (a->chats_tag != 0 || a->hist.want == WANT_LATEST);
}

void
app_draw(struct app *a)
{
	struct box b = {0};
	int i, cols;

	if (a->editing)
		return;
	draw_begin(a->draw);
	draw_size(a->draw, &b.h, &cols);
	b.w = cols;
	if (b.h >= 4) {
		b.h--;
		bar_draw(a, b.h);
	}
	for (i = 0; i < a->nviews; i++)
		a->views[i]->draw(a, b);
	draw_end(a->draw);
	a->dirty = false;
	mark_read(a);
	set_title(a);
}

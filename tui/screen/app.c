/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/app_int.h"

/* ---- pictures: what they need is the host's ----------------------------------------- */

static void
ask_terminal(void *ctx)
{
	struct app *a = ctx;

	a->host->ask_terminal(a->host_ctx);
}

static void
load_picture(void *ctx, uint64_t key, const char *path)
{
	struct app *a = ctx;

	a->host->load_picture(a->host_ctx, key, path);
}

static int
ask_picture(void *ctx, const struct preview_ask *ask)
{
	struct app *a = ctx;

	return a->host->ask_picture(a->host_ctx, ask);
}

static void
pictures_changed(void *ctx)
{
	struct app *a = ctx;

	a->dirty = true;
}

static const struct picture_host picture_host = {
    .ask_terminal = ask_terminal,
    .load = load_picture,
    .ask = ask_picture,
    .changed = pictures_changed,
};

int
app_new(struct app **out, const struct backend *be, struct engine *e,
    const struct host *host, void *host_ctx, struct draw *d)
{
	struct app *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->vs = calloc(1, sizeof(*a->vs));
	if (a->vs == NULL ||
	    pictures_new(&a->pictures, &picture_host, a) != 0) {
		free(a->vs);
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

void
app_forget(struct app *a)
{
	struct sending *s;

	while ((s = a->sending) != NULL) {
		a->sending = s->next;
		sending_free(s);
	}
	search_forget(a);
	starred_forget(a);
	strip_forget(a);
	model_clear(&a->m);
	hist_clear(&a->hist);
	composer_clear(&a->comp);
	writing_clear(&a->writing);
	room_row_clear(&a->room);
	a->forgetting.n = 0;
	a->forgetting.at = 0;
	a->open = a->marked = 0;
	a->draft_at = a->draft_since = 0;
}

void
app_free(struct app *a)
{
	if (a == NULL)
		return;
	while (a->nviews > 0)
		app_close(a, a->views[a->nviews - 1]);
	app_forget(a);
	sodium_memzero(a->vs, sizeof(*a->vs));
	free(a->vs);
	pictures_free(a->pictures);
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
		pictures_lost(a->pictures);
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
	case ACT_STARRED:
		starred_begin(a, 0);
		return true;
	case ACT_NEW_CHAT:
		new_chat_begin(a, NULL);
		return true;
	case ACT_SAFETY:
		if (app_chat(a) != NULL)
			chat_act(a, ACT_CHAT_VERIFY);
		else
			app_notice(a, ST_WARN, "Open a chat first.");
		return true;
	case ACT_SETTINGS:
		settings_begin(a);
		return true;
	case ACT_ACCOUNT:
		account_menu(a);
		return true;
	case ACT_NEW_GROUP:
		room_new(a, "");
		return true;
	case ACT_JOIN_GROUP:
		room_join(a, "");
		return true;
	case ACT_LOOK:
		look_begin(a);
		return true;
	case ACT_BACKUPS:
		backup_view_begin(a);
		return true;
	case ACT_STATUS:
		status_view_begin(a);
		return true;
	case ACT_DEVICES:
		devices_view_begin(a);
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

/* What is left of disappearing messages is shown: to the second in the last
 * minute, then to the minute. */
static uint64_t
timers_tick(struct app *a)
{
	uint64_t left, next = 0;
	size_t i;

	for (i = 0; i < a->hist.n; i++) {
		const struct item *it = &a->hist.v[i];

		if (it->expires_ms == 0 || it->expires_ms <= a->wall)
			continue;
		left = it->expires_ms - a->wall;
		sooner(&next,
		    a->mono + (left > 120000 ? left % 60000 : left % 1000) + 1);
	}
	if (a->timers_at != 0 && a->mono >= a->timers_at)
		a->dirty = true;
	a->timers_at = next;
	return next;
}

uint64_t
app_tick(struct app *a)
{
	uint64_t next = 0, typing = UINT64_MAX;

	if (a->draft_at != 0 && a->mono >= a->draft_at)
		app_save_draft(a);
	sooner(&next, a->draft_at);
	if (model_expire_typing(&a->m, a->mono, &typing))
		a->dirty = true;
	if (typing != UINT64_MAX)
		sooner(&next, typing);
	sooner(&next, countdown_tick(a));
	if (a->forgetting.at != 0 && a->mono >= a->forgetting.at)
		forgetting_now(a);
	sooner(&next, a->forgetting.at);
	sooner(&next, timers_tick(a));
	if (app_is_open(a, &view_first_run))
		sooner(&next, first_run_tick(a));
	return next;
}

/* ---- drawing --------------------------------------------------------------------- */

static void
set_title(struct app *a)
{
	uint32_t unread = model_unread(&a->m, a->wall);
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
	    a->show_list || c == NULL || (c->unread == 0 && !a->unmark) ||
	    a->hist.want == WANT_LATEST)
		return;
	id = hist_bottom_id(&a->hist);
	if (id <= a->read_up_to)
		return;
	if (app_asked(a, a->be->mark_read(a->e, APP_TAG_NONE, c->id, id)))
		a->read_up_to = id;
	a->unmark = false;
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
	pictures_begin(a->pictures);
	draw_size(a->draw, &b.h, &cols);
	b.w = cols;
	if (b.h >= 4) {
		b.h--;
		bar_draw(a, b.h);
	}
	for (i = 0; i < a->nviews; i++)
		a->views[i]->draw(a, b);
	a->dirty = false;
	pictures_end(a->pictures, a->draw);
	draw_end(a->draw);
	mark_read(a);
	set_title(a);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backups.c — when, from what, and what came of it. The work itself:
 * backups_thread.c. */
#include "tui/engine/backups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/store/store_history.h"

#define SLICE_NS  2000000u /* of making records, then others have a turn */
#define START_MS  30000u /* after the start: what is shown comes first */
#define FAST_MS	  300u /* the same, in tests */
#define TELL_NS	  200000000u /* between two reports */
#define TIMER_MAX (24ull * 3600 * 1000)

/* One under way. Two handles of the loop point to it: it is freed when both are
 * closed. */
struct backing {
	struct engine *e; /* NULL: is closing */
	uv_async_t async; /* the thread has something to tell */
	uv_idle_t turn; /* records are made in it */
	int handles;
	bool joined, told;
	bool begun; /* the thread runs */
	uint64_t told_ns;
	struct dump *dump;
	struct buf rec;
	struct backups_work w;
};

/* ---- telling --------------------------------------------------------------------------- */

static int
fill_row(struct engine *e, struct backup_row *row,
    const struct backup_schedule *sc, bool code)
{
	char text[BACKUP_CODE_SHOWN + 1] = "";
	struct backing *b = e->backing;

	*row = (struct backup_row){
	    .every_days = sc->every_days,
	    .keep = sc->keep,
	    .last_ms = sc->last_ms,
	    .next_ms = backup_schedule_due(sc),
	    .failed_ms = sc->failed_ms,
	    .has_code = sc->has_code,
	};
	if (code && sc->has_code)
		backup_code_show(&sc->code, text);
	row->to = strdup(sc->to);
	row->credentials = strdup(sc->credentials);
	row->why = strdup(sc->why);
	row->code = strdup(text);
	sodium_memzero(text, sizeof(text));
	if (b != NULL && b->begun && !b->joined) {
		uv_mutex_lock(&b->w.lock);
		row->doing = b->w.what == BACKUP_IS_MADE && b->w.sends
				 ? BACKUP_IS_SENT
				 : b->w.what;
		row->done = b->w.done;
		row->total = b->w.total;
		uv_mutex_unlock(&b->w.lock);
	}
	return row->to != NULL && row->credentials != NULL &&
		       row->why != NULL && row->code != NULL
		   ? 0
		   : ERR_NOMEM;
}

/* text NULL: nothing has ended. */
static void
tell(struct engine *e, uint64_t tag, bool code, int err, const char *text)
{
	struct engine_event *ev = event_new(e, EV_BACKUP, tag);
	struct backup_schedule sc;
	int r;

	if (ev == NULL)
		return;
	ev->backup = calloc(1, sizeof(*ev->backup));
	r = ev->backup == NULL ? ERR_NOMEM : backup_schedule_get(e->store, &sc);
	if (r == 0) {
		r = fill_row(e, ev->backup, &sc, code);
		sodium_memzero(&sc, sizeof(sc));
	}
	ev->code = err;
	ev->text = text != NULL ? strdup(text) : NULL;
	if (r == 0 && (text == NULL || ev->text != NULL)) {
		event_post(e, ev);
		return;
	}
	engine_event_free(ev);
	if (tag != 0)
		reply_error(e, tag, r != 0 ? r : ERR_NOMEM, NULL);
}

/* ---- its end ----------------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *h)
{
	struct backing *b = h->data;

	if (--b->handles > 0)
		return;
	buf_clear(&b->rec);
	backup_plan_wipe(&b->w.plan);
	free(b);
}

/* The thread has ended, or never began. */
static void
let_go(struct backing *b)
{
	struct engine *e = b->e;

	if (b->begun)
		backups_work_join(&b->w);
	b->joined = true;
	dump_free(b->dump);
	b->dump = NULL;
	if (b->rec.p != NULL)
		sodium_memzero(b->rec.p, b->rec.len);
	e->backing = NULL;
	b->e = NULL;
	uv_close((uv_handle_t *)&b->async, on_closed);
	uv_close((uv_handle_t *)&b->turn, on_closed);
}

static void
end_words(const struct backups_work *w, char *out, size_t cap)
{
	if (w->r == ERR_CLOSED && strcmp(w->why, BACKUP_CALLED_OFF) == 0)
		snprintf(out, cap, "Called off.");
	else if (w->r != 0)
		snprintf(out, cap, "The backup %s: %s.",
		    w->what == BACKUP_IS_READ ? "is not right" : "was not made",
		    w->why);
	else if (w->what == BACKUP_IS_READ)
		snprintf(out, cap,
		    "The newest backup is whole: %" PRIu64
		    " messages in %" PRIu64 " chats.",
		    w->found.messages, w->found.chats);
	else
		snprintf(out, cap, "The backup is made: %s.", w->plan.name);
}

static void
finish(struct backing *b)
{
	struct engine *e = b->e;
	struct backups_work *w = &b->w;
	char text[BACKUP_WHY_MAX + 64];
	int err = w->r, r = 0;

	if (w->what == BACKUP_IS_MADE)
		r = backup_plan_note(&w->plan, e->store, err, w->why);
	end_words(w, text, sizeof(text));
	let_go(b); /* b may be used until its handles are closed */
	if (r == ERR_IO) {
		event_post_fatal(e, r, store_error(e->store));
		return;
	}
	tell(e, 0, false, err, text);
	backups_arm(e);
}

/* ---- feeding the thread --------------------------------------------------------------------- */

static void
on_turn(uv_idle_t *idle)
{
	struct backing *b = idle->data;
	uint64_t end = uv_hrtime() + SLICE_NS, done, total;
	bool room = true;
	int r = 0;

	while (r == 0 && room && uv_hrtime() < end) {
		r = dump_next(b->dump, &b->rec);
		dump_progress(b->dump, &done, &total);
		if (r == 0)
			r = backups_work_feed(
			    &b->w, &b->rec, done, total, &room);
	}
	if (r != 0 || !room)
		uv_idle_stop(&b->turn);
	if (r != 0) {
		backups_work_fed(&b->w, r == ERR_NOTFOUND ? 0 : r);
		dump_free(b->dump);
		b->dump = NULL;
	}
}

static void
on_async(uv_async_t *async)
{
	struct backing *b = async->data;
	bool ended, hungry;

	if (b->e == NULL)
		return;
	uv_mutex_lock(&b->w.lock);
	ended = b->w.ended;
	hungry = b->w.queued < BACKUPS_QUEUE_MAX / 2 && !b->w.stop;
	uv_mutex_unlock(&b->w.lock);
	if (ended) {
		finish(b);
		return;
	}
	if (hungry && b->dump != NULL)
		uv_idle_start(&b->turn, on_turn);
	if (uv_hrtime() - b->told_ns >= TELL_NS) {
		b->told_ns = uv_hrtime();
		tell(b->e, 0, false, 0, NULL);
	}
}

static void
on_wake(void *ctx)
{
	uv_async_send(&((struct backing *)ctx)->async);
}

/* ---- its beginning ------------------------------------------------------------------------ */

static struct backing *
backing_new(struct engine *e)
{
	struct backing *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	if (uv_async_init(&e->loop, &b->async, on_async) != 0) {
		free(b);
		return NULL;
	}
	uv_idle_init(&e->loop, &b->turn);
	b->async.data = b->turn.data = b;
	b->handles = 2;
	b->e = e;
	buf_init(&b->rec, BACKUP_RECORD_MAX);
	e->backing = b;
	return b;
}

static int
open_dump(struct engine *e, struct backing *b)
{
	struct dump_opts opts = {.now_ms = b->w.plan.now_ms};
	int r = store_history_last(e->store, &opts.until_id);

	return r == 0 ? dump_new(&b->dump, e->store, &opts) : r;
}

/* why: a sentence of BACKUP_WHY_MAX bytes, or "". */
static int
start(struct engine *e, enum backup_doing what, char *why)
{
	struct backing *b;
	int r;

	why[0] = '\0';
	if (e->backing != NULL) {
		snprintf(why, BACKUP_WHY_MAX, "one is under way already");
		return ERR_BUSY;
	}
	b = backing_new(e);
	if (b == NULL)
		return ERR_NOMEM;
	b->w.what = what;
	b->w.dir = e->dir;
	b->w.wake = on_wake;
	b->w.ctx = b;
	r = backup_plan_make(&b->w.plan, e->store, engine_now_ms(), why);
	if (r == 0 && what == BACKUP_IS_MADE)
		r = open_dump(e, b);
	if (r == 0)
		r = backups_work_start(&b->w);
	if (r != 0) {
		let_go(b);
		return r;
	}
	b->begun = true;
	if (b->dump != NULL)
		uv_idle_start(&b->turn, on_turn);
	return 0;
}

void
backups_close(struct engine *e)
{
	if (e->backing == NULL)
		return;
	backups_work_stop(&e->backing->w);
	let_go(e->backing);
}

/* ---- by itself ------------------------------------------------------------------------------ */

static void
on_due(uv_timer_t *t)
{
	struct engine *e = t->data;
	struct backup_schedule sc;
	char why[BACKUP_WHY_MAX];
	uint64_t due;

	if (e->store == NULL || e->backing != NULL ||
	    backup_schedule_get(e->store, &sc) != 0)
		return;
	due = backup_schedule_due(&sc);
	sodium_memzero(&sc, sizeof(sc));
	if (due == 0 || due > engine_now_ms() ||
	    start(e, BACKUP_IS_MADE, why) != 0)
		backups_arm(e);
	else
		tell(e, 0, false, 0, NULL);
}

void
backups_arm(struct engine *e)
{
	uint64_t now = engine_now_ms(), due, wait;
	struct backup_schedule sc;

	uv_timer_stop(&e->backup_timer);
	if (e->stopping || e->opts.offline || e->store == NULL ||
	    e->backing != NULL || !e->self.registered ||
	    backup_schedule_get(e->store, &sc) != 0)
		return;
	due = backup_schedule_due(&sc);
	sodium_memzero(&sc, sizeof(sc));
	if (due == 0)
		return;
	wait = due > now ? due - now : 0;
	if (wait < START_MS)
		wait = e->opts.fast_kdf ? FAST_MS : START_MS;
	uv_timer_start(
	    &e->backup_timer, on_due, wait < TIMER_MAX ? wait : TIMER_MAX, 0);
}

/* ---- commands --------------------------------------------------------------------------------- */

void
cmd_backup(struct engine *e, struct cmd *c)
{
	tell(e, c->tag, c->flag[0], 0, NULL);
}

static int
set_schedule(struct engine *e, const struct cmd *c, bool *fresh, char *why)
{
	struct backup_schedule sc;
	int r = backup_schedule_get(e->store, &sc);

	if (r != 0)
		return r;
	if (c->s[0] == NULL || c->s[0][0] == '\0')
		sc.to[0] = '\0';
	else
		r = backup_schedule_place(&sc, c->s[0], c->s[1], why);
	sc.every_days = c->n;
	sc.keep = (uint32_t)c->id;
	if (r == 0 && sc.to[0] != '\0' && !sc.has_code) {
		backup_code_make(&sc.code, &backup_rng_system);
		sc.has_code = *fresh = true;
	}
	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, backup_schedule_put(e->store, &sc));
	sodium_memzero(&sc, sizeof(sc));
	return r;
}

void
cmd_backup_set(struct engine *e, struct cmd *c)
{
	char why[BACKUP_WHY_MAX] = "";
	bool fresh = false;
	int r = set_schedule(e, c, &fresh, why);

	if (r != 0) {
		reply_error(e, c->tag, r, "%s", why[0] ? why : err_str(r));
		return;
	}
	backups_arm(e);
	tell(e, c->tag, fresh, 0, NULL);
}

void
cmd_backup_now(struct engine *e, struct cmd *c)
{
	char why[BACKUP_WHY_MAX];
	int r = start(e, c->flag[0] ? BACKUP_IS_READ : BACKUP_IS_MADE, why);

	if (r != 0)
		reply_error(e, c->tag, r, "%s", why[0] ? why : err_str(r));
	else
		tell(e, c->tag, false, 0, NULL);
}

/* Its end is told when it has come. */
void
cmd_backup_cancel(struct engine *e, struct cmd *c)
{
	if (e->backing != NULL)
		backups_work_stop(&e->backing->w);
	reply_done(e, c->tag);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/timer.h"

#include <stdio.h>
#include <string.h>

#include "tui/engine/draft.h"
#include "tui/engine/row.h"
#include "tui/engine/status.h"
#include "tui/store/store_action.h"
#include "tui/store/store_clock.h"

#define BATCH	 100 /* deleted in one transaction */
#define LOOK_MS	 60000 /* a machine may sleep: its clock is asked so often */
#define POST_MS	 3600000 /* the same for posts, which are looked at when shown */
#define AGAIN_MS 5000 /* after an error of ours */

/* ---- the setting -------------------------------------------------------------------- */

static const struct {
	uint32_t s;
	const char *unit;
} units[] = {
    {7 * 24 * 3600, "week"},
    {24 * 3600, "day"},
    {3600, "hour"},
    {60, "minute"},
    {1, "second"},
};

static const char *
duration(char *out, size_t cap, uint32_t s)
{
	size_t i = 0;
	uint32_t n;

	while (s % units[i].s != 0)
		i++;
	n = s / units[i].s;
	snprintf(out, cap, "%u %s%s", n, units[i].unit, n == 1 ? "" : "s");
	return out;
}

int
timer_note(struct engine *e, int64_t chat,
    const uint8_t account[static STORE_ID_LEN], uint32_t expire_s)
{
	char who[STORE_NAME_MAX], line[STORE_NAME_MAX + 96], time[32];

	account_name(e, account, who);
	if (expire_s == 0)
		snprintf(line, sizeof(line),
		    "%s turned disappearing messages off.", who);
	else
		snprintf(line, sizeof(line),
		    "%s set new messages to disappear after %s.", who,
		    duration(time, sizeof(time), expire_s));
	return note_add(e, chat, STORE_MSG_NOTE, line);
}

static int
set_timer(struct engine *e, const struct store_chat *chat,
    const struct timer_set *set, bool newer)
{
	int r = 0;

	if (newer && chat->expire_s != set->expire_s) {
		r = store_chat_set(
		    e->store, chat->id, STORE_CHAT_EXPIRE_S, set->expire_s);
		if (r == 0)
			r = timer_note(
			    e, chat->id, set->account, set->expire_s);
		if (r == 0)
			r = chat_changed(e, chat->id);
	}
	return r;
}

int
timer_take(struct engine *e, int64_t chat, const struct timer_set *set)
{
	struct store_chat row;
	bool newer = false;
	int r;

	if (set->expire_s > ENGINE_EXPIRE_MAX_S)
		return 0;
	r = store_chat_get(e->store, chat, &row);
	if (r != 0)
		return r;
	if (row.kind == STORE_CHAT_PERSON)
		r = store_clock_take(
		    e->store, row.peer, STORE_CLOCK_TIMER, set->stamp, &newer);
	if (r == 0)
		r = set_timer(e, &row, set, newer);
	store_chat_clear(&row);
	return r;
}

static int
set_now(struct engine *e, const struct store_chat *chat, uint32_t expire_s)
{
	Sotto__Content__Timer timer = SOTTO__CONTENT__TIMER__INIT;
	const struct timer_set set = {
	    .account = e->self.account, .expire_s = expire_s};
	struct draft d = {0};
	int r = store_clock_tick(e->store, chat->peer, STORE_CLOCK_TIMER,
	    engine_now_ms(), e->self.device);

	if (r == 0)
		r = store_clock_get(
		    e->store, chat->peer, STORE_CLOCK_TIMER, &timer.stamp);
	if (r == 0)
		r = set_timer(e, chat, &set, true);
	if (r != 0)
		return r;
	draft_init(&d);
	timer.expire_s = expire_s;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_TIMER;
	d.c.timer = &timer;
	return draft_send_in(e, &d, chat, 0);
}

void
cmd_set_timer(struct engine *e, struct cmd *c)
{
	struct store_chat chat;
	int r = store_chat_get(e->store, c->chat, &chat);

	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	if (chat.kind != STORE_CHAT_PERSON) {
		reply_error(e, c->tag, ERR_STATE,
		    "The timer of a group is set with its other settings.");
	} else if (may_write(e, c->tag, &chat)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, chat.expire_s != c->n
					   ? set_now(e, &chat, c->n)
					   : 0);
		if (r != 0)
			reply_error(e, c->tag, r, NULL);
		else
			reply_done(e, c->tag);
		outbox_kick(e);
	}
	store_chat_clear(&chat);
}

/* ---- when the time has come --------------------------------------------------------- */

static int
expire(struct engine *e, const struct store_messages *due)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < due->n; i++) {
		r = store_quote_forget(e->store, due->v[i].id);
		if (r == 0)
			r = store_message_delete(e->store, due->v[i].id);
		if (r == 0)
			r = message_gone(e, due->v[i].chat, due->v[i].id);
	}
	return r;
}

/* *more: there may be others that are due. */
static int
expire_some(struct engine *e, bool *more)
{
	struct store_messages due;
	int r = store_message_expired(e->store, engine_now_ms(), BATCH, &due);

	if (r != 0)
		return r;
	*more = due.n == BATCH;
	if (due.n > 0) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, expire(e, &due));
	}
	store_messages_clear(&due);
	return r;
}

static void
on_expiry(uv_timer_t *timer)
{
	timer_run(timer->data);
}

/* How long until then, at most so long; 0: never. */
static uint64_t
until(uint64_t when_ms, uint64_t most_ms)
{
	uint64_t now_ms = engine_now_ms(), ms;

	if (when_ms == 0)
		return UINT64_MAX;
	ms = when_ms > now_ms ? when_ms - now_ms : 0;
	return ms < most_ms ? ms : most_ms;
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
timer_run(struct engine *e)
{
	uint64_t next_ms = 0, post_ms = 0, wait_ms = AGAIN_MS;
	bool more = true;
	int r = 0;

	if (e->store == NULL || e->failed || e->stopping)
		return;
	while (r == 0 && more)
		r = expire_some(e, &more);
	if (r == 0)
		r = store_message_next_expiry(e->store, &next_ms);
	if (r == 0)
		r = status_expire(e, &post_ms);
	if (r == 0 && next_ms == 0 && post_ms == 0) {
		uv_timer_stop(&e->expiry);
		return;
	}
	if (r == 0)
		wait_ms =
		    sooner(until(next_ms, LOOK_MS), until(post_ms, POST_MS));
	uv_timer_start(&e->expiry, on_expiry, wait_ms, 0);
}

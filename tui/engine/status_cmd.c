/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status_cmd.c — what a person does with status posts. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/engine/compose.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/row.h"
#include "tui/engine/status.h"
#include "tui/engine/timer.h"
#include "tui/store/store_action.h"
#include "tui/store/store_sent.h"

#define GONE "That post is gone."

/* The post of a command; answered when there is none. */
static bool
get_post(struct engine *e, const struct cmd *c, struct store_status *st)
{
	int r = store_status_get(e->store, c->id, st);

	if (r == 0 && st->expires_ms > engine_now_ms())
		return true;
	if (r == 0)
		store_status_clear(st);
	if (r == 0 || r == ERR_NOTFOUND)
		reply_error(e, c->tag, ERR_NOTFOUND, GONE);
	else
		reply_error(e, c->tag, r, NULL);
	return false;
}

static bool
get_own(struct engine *e, const struct cmd *c, struct store_status *st)
{
	if (!get_post(e, c, st))
		return false;
	if (own_account(e, st->account))
		return true;
	store_status_clear(st);
	reply_error(e, c->tag, ERR_STATE, "That post is not one of yours.");
	return false;
}

static bool
get_theirs(struct engine *e, const struct cmd *c, struct store_status *st)
{
	if (!get_post(e, c, st))
		return false;
	if (!own_account(e, st->account))
		return true;
	store_status_clear(st);
	reply_error(e, c->tag, ERR_STATE, "That post is one of yours.");
	return false;
}

static void
answer(struct engine *e, const struct cmd *c, int r)
{
	if (r == 0)
		reply_done(e, c->tag);
	else
		reply_error(e, c->tag, r, NULL);
	outbox_kick(e);
}

/* ---- the list -------------------------------------------------------------------- */

/* The posts of one account among others. */
struct run {
	size_t from, n;
	uint64_t newest_ms;
	bool own;
};

static int
compare_runs(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->own != y->own)
		return x->own ? -1 : 1;
	if (x->newest_ms != y->newest_ms)
		return x->newest_ms > y->newest_ms ? -1 : 1;
	return x->from < y->from ? -1 : 1;
}

static size_t
find_runs(struct engine *e, const struct store_statuses *l, struct run *runs)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		if (i == 0 || memcmp(l->v[i].account, l->v[i - 1].account,
				  STORE_ID_LEN) != 0)
			runs[n++] = (struct run){
			    .from = i, .own = own_account(e, l->v[i].account)};
		runs[n - 1].n++;
		runs[n - 1].newest_ms = l->v[i].posted_ms;
	}
	qsort(runs, n, sizeof(*runs), compare_runs);
	return n;
}

static int
fill_rows(
    struct engine *e, struct engine_event *ev, const struct store_statuses *l)
{
	struct run *runs = calloc(l->n + 1, sizeof(*runs));
	size_t i, k, n;
	int r = 0;

	ev->statuses = calloc(l->n + 1, sizeof(*ev->statuses));
	if (runs == NULL || ev->statuses == NULL) {
		free(runs);
		return ERR_NOMEM;
	}
	n = find_runs(e, l, runs);
	for (i = 0; r == 0 && i < n; i++)
		for (k = 0; r == 0 && k < runs[i].n; k++) {
			r = status_row_from(
			    e, &ev->statuses[ev->n], &l->v[runs[i].from + k]);
			ev->n += r == 0;
		}
	free(runs);
	return r;
}

/* Tell it, or the error. */
static void
post_or_error(struct engine *e, struct engine_event *ev, int r)
{
	uint64_t tag = ev->tag;

	if (r == 0) {
		event_post(e, ev);
		return;
	}
	engine_event_free(ev);
	reply_error(e, tag, r, NULL);
}

void
cmd_statuses(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_STATUSES, c->tag);
	struct store_statuses l = {.n = 0};
	int r;

	if (ev == NULL)
		return;
	r = store_status_page(e->store, engine_now_ms(), &l);
	if (r == 0)
		r = fill_rows(e, ev, &l);
	store_statuses_clear(&l);
	post_or_error(e, ev, r);
}

/* ---- posting ----------------------------------------------------------------------- */

static int
send_post(struct engine *e, const struct store_status *st)
{
	Sotto__Content__StatusPost p = SOTTO__CONTENT__STATUS_POST__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	struct draft d = {0};

	draft_init(&d);
	memcpy(d.id, st->message_id, sizeof(d.id));
	d.c.sent_ms = st->posted_ms;
	p.kind = st->kind;
	p.text = st->text;
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_POST;
	s.post = &p;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	return status_send_add(e, &d.c, NULL, 0);
}

/* Row, audience, outbox and the answer. */
static int
add_post(struct engine *e, struct store_status *st, uint64_t tag)
{
	uint8_t(*to)[STORE_ID_LEN] = NULL;
	size_t n = 0;
	int r = status_audience_now(e, &to, &n);

	if (r == 0 && n == 0)
		r = ERR_STATE;
	if (r == 0)
		r = store_status_add(e->store, st, &st->id);
	if (r == 0)
		r = store_status_audience_put(
		    e->store, st->id, (const uint8_t(*)[STORE_ID_LEN])to, n);
	if (r == 0)
		r = send_post(e, st);
	if (r == 0)
		r = status_added(e, st->id, tag);
	free(to);
	return r;
}

void
cmd_status_post(struct engine *e, struct cmd *c)
{
	struct store_status st = {.device = e->self.device,
	    .state = STORE_STATUS_PENDING,
	    .text = c->s[0],
	    .posted_ms = engine_now_ms(),
	    .seen = true};
	int r;

	st.expires_ms = st.posted_ms + STORE_STATUS_LIFE_MS;
	memcpy(st.account, e->self.account, STORE_ID_LEN);
	randombytes_buf(st.message_id, sizeof(st.message_id));
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, add_post(e, &st, c->tag));
	if (r == 0) {
		timer_run(e);
		outbox_kick(e);
	} else if (r == ERR_STATE) {
		reply_error(e, c->tag, r,
		    "Nobody would see it. Look at who sees your posts.");
	} else if (r == ERR_FULL) {
		reply_error(e, c->tag, r,
		    "These are as many posts as there can be in a day.");
	} else if (r == ERR_RANGE) {
		reply_error(e, c->tag, r, "The post is too long.");
	} else {
		reply_error(e, c->tag, r, NULL);
	}
}

static int
retry(struct engine *e, const struct store_status *st)
{
	bool moved = false;
	int r = store_status_set_state(
	    e->store, st->id, STORE_STATUS_PENDING, &moved);

	if (r == 0)
		r = moved ? send_post(e, st) : ERR_STATE;
	return r == 0 ? status_changed(e, st->id) : r;
}

void
cmd_status_retry(struct engine *e, struct cmd *c)
{
	struct store_status st;
	int r;

	if (!get_own(e, c, &st))
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, retry(e, &st));
	store_status_clear(&st);
	if (r == ERR_STATE)
		reply_error(
		    e, c->tag, r, "Only a post that failed is sent again.");
	else
		answer(e, c, r);
}

/* ---- taking back -------------------------------------------------------------------- */

/* What says so is kept for who cannot open it; it has not a word of the post. */
static int
log_end(struct engine *e, const Sotto__Content__Content *c)
{
	struct store_sent row = {.sent_ms = engine_now_ms()};
	struct buf b;
	int r;

	memcpy(row.message_id, c->message_id.data, STORE_ID_LEN);
	memcpy(row.account, store_status_list, STORE_ID_LEN);
	buf_init(&b, CONTENT_MAX);
	r = content_seal(&b, c);
	if (r == 0) {
		row.content = b.p;
		row.len = b.len;
		r = store_sent_add(e->store, &row, false);
	}
	buf_clear(&b);
	return r;
}

static int
send_end(struct engine *e, const struct store_status *st,
    const uint8_t (*to)[STORE_ID_LEN], size_t n)
{
	Sotto__Content__StatusGone g = SOTTO__CONTENT__STATUS_GONE__INIT;
	Sotto__Content__Status s = SOTTO__CONTENT__STATUS__INIT;
	struct draft d = {0};
	int r;

	draft_init(&d);
	g.message_id = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)st->message_id};
	s.what_case = SOTTO__CONTENT__STATUS__WHAT_GONE;
	s.gone = &g;
	d.c.body_case = SOTTO__CONTENT__CONTENT__BODY_STATUS;
	d.c.status = &s;
	r = log_end(e, &d.c);
	return r == 0 ? status_send_add(e, &d.c, to, n) : r;
}

/* Also of what waits in the outbox: it may have left, and its answer be lost. */
static int
take_back(struct engine *e, const struct store_status *st)
{
	uint8_t(*to)[STORE_ID_LEN] = NULL;
	size_t n = 0;
	int r = store_status_audience(e->store, st->id, &to, &n);

	if (r == 0)
		r = status_remove(e, st->id);
	if (r == 0 && st->state != STORE_STATUS_FAILED)
		r = send_end(e, st, (const uint8_t(*)[STORE_ID_LEN])to, n);
	free(to);
	return r;
}

void
cmd_status_delete(struct engine *e, struct cmd *c)
{
	struct store_status st;
	int r;

	if (!get_own(e, c, &st))
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, take_back(e, &st));
	store_status_clear(&st);
	answer(e, c, r);
}

/* ---- seeing --------------------------------------------------------------------------- */

static int
see(struct engine *e, const struct store_status *st)
{
	bool news = false;
	int r = store_status_see(e->store, st->id, &news);

	if (r != 0 || !news)
		return r;
	r = status_changed(e, st->id);
	if (r == 0 && e->self.read_receipts)
		r = store_status_owe(e->store, st->account, st->message_id);
	return r == 0 ? status_sync_seen(e, st) : r;
}

void
cmd_status_see(struct engine *e, struct cmd *c)
{
	struct store_status st;
	int r = 0;

	if (!get_post(e, c, &st))
		return;
	if (!own_account(e, st.account)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, see(e, &st));
	}
	store_status_clear(&st);
	answer(e, c, r);
}

static int
fill_viewers(struct engine *e, struct engine_event *ev, int64_t post)
{
	struct store_viewer *v = NULL;
	char who[STORE_NAME_MAX];
	size_t i, n = 0;
	int r = store_status_views(e->store, post, &v, &n);

	if (r != 0)
		return r;
	ev->viewers = calloc(n + 1, sizeof(*ev->viewers));
	if (ev->viewers == NULL)
		r = ERR_NOMEM;
	for (i = 0; r == 0 && i < n; i++) {
		struct status_viewer_row *row = &ev->viewers[ev->n_viewers++];

		memcpy(row->account, v[i].account, STORE_ID_LEN);
		row->viewed_ms = v[i].viewed_ms;
		row->name = strdup(account_name(e, v[i].account, who));
		r = row->name == NULL ? ERR_NOMEM : 0;
	}
	free(v);
	return r;
}

void
cmd_status_viewers(struct engine *e, struct cmd *c)
{
	struct engine_event *ev;
	struct store_status st;
	int r;

	if (!get_own(e, c, &st))
		return;
	ev = event_new(e, EV_STATUS_VIEWERS, c->tag);
	if (ev != NULL) {
		ev->statuses = calloc(1, sizeof(*ev->statuses));
		r = ev->statuses == NULL
			? ERR_NOMEM
			: status_row_from(e, ev->statuses, &st);
		ev->n = r == 0;
		if (r == 0)
			r = fill_viewers(e, ev, st.id);
		post_or_error(e, ev, r);
	}
	store_status_clear(&st);
}

/* ---- answering ------------------------------------------------------------------------- */

void
cmd_status_reply(struct engine *e, struct cmd *c)
{
	struct store_quote q = {.status = true};
	const struct own_text own = {
	    .text = c->s[0], .quote = &q, .keep_draft = true};
	struct store_status st;
	int r;

	if (!get_theirs(e, c, &st))
		return;
	memcpy(q.account, st.account, STORE_ID_LEN);
	memcpy(q.message_id, st.message_id, STORE_ID_LEN);
	text_sanitize(
	    q.text, sizeof(q.text), st.text, strlen(st.text), TEXT_MULTI);
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, store_chat_open(e->store, STORE_CHAT_PERSON,
				   st.account, engine_now_ms(), &c->chat));
	store_status_clear(&st);
	if (r == 0)
		compose_send(e, c, &own);
	else
		reply_error(e, c->tag, r, NULL);
}

/* ---- people ------------------------------------------------------------------------------ */

void
cmd_status_mute(struct engine *e, struct cmd *c)
{
	struct store_contact k;
	int r = store_contact_get(e->store, c->key[0], &k);

	if (r == 0)
		r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, status_mute(e, c->key[0], c->n != 0));
	answer(e, c, r);
}

void
cmd_status_audience(struct engine *e, struct cmd *c)
{
	struct engine_event *ev = event_new(e, EV_STATUS_AUDIENCE, c->tag);

	if (ev != NULL)
		post_or_error(
		    e, ev, status_audience_row(e, &ev->status_audience));
}

void
cmd_status_set_audience(struct engine *e, struct cmd *c)
{
	int r = c->n > STATUS_ONLY ? ERR_RANGE : txn_begin(e);

	if (r == 0)
		r = txn_end(e,
		    status_set_audience(e, (enum status_mode)c->n,
			(const uint8_t(*)[STORE_ID_LEN])(const void *)c->data,
			c->data_len / STORE_ID_LEN));
	if (r != 0) {
		reply_error(e, c->tag, r, NULL);
		return;
	}
	cmd_status_audience(e, c);
	outbox_kick(e);
}

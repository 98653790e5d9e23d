/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c — posts here: as rows for a front, and their end. */
#include "tui/engine/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/row.h"

#define OTHER "A post that this version cannot show."

/* ---- rows -------------------------------------------------------------------- */

static void
wipe_string(char **s)
{
	if (*s != NULL)
		sodium_memzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void
status_row_clear(struct status_row *row)
{
	wipe_string(&row->name);
	wipe_string(&row->phone);
	wipe_string(&row->text);
}

static char *
text_of(const struct store_status *st)
{
	char *out = NULL;

	if (st->kind == STATUS_TEXT)
		return strdup(st->text);
	if (asprintf(&out, "%s%s%s", OTHER, st->text[0] != '\0' ? "\n" : "",
		st->text) < 0)
		return NULL;
	return out;
}

static int
add_author(struct engine *e, struct status_row *out)
{
	struct store_status_person p;
	struct store_contact c;
	char who[STORE_NAME_MAX];
	int r = store_status_person(e->store, out->author, &p);

	if (r == 0)
		r = store_contact_get(e->store, out->author, &c);
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	out->muted = r == 0 && p.muted;
	out->name = strdup(account_name(e, out->author, who));
	out->phone = strdup(r == 0 ? c.phone : "");
	return out->name != NULL && out->phone != NULL ? 0 : ERR_NOMEM;
}

int
status_row_from(
    struct engine *e, struct status_row *out, const struct store_status *st)
{
	int r = 0;

	*out = (struct status_row){.id = st->id,
	    .own = own_account(e, st->account),
	    .seen = st->seen,
	    .kind = st->kind == STATUS_TEXT ? STATUS_TEXT : STATUS_OTHER,
	    .posted_ms = st->posted_ms,
	    .expires_ms = st->expires_ms,
	    .state = st->state == STORE_STATUS_PENDING	? MSG_PENDING
		     : st->state == STORE_STATUS_FAILED ? MSG_FAILED
							: MSG_SENT,
	    .audience = st->audience,
	    .views = st->views,
	    .text = text_of(st)};
	memcpy(out->message_id, st->message_id, STORE_ID_LEN);
	memcpy(out->author, st->account, STORE_ID_LEN);
	if (out->text == NULL)
		r = ERR_NOMEM;
	else if (!out->own)
		r = add_author(e, out);
	if (r != 0)
		status_row_clear(out);
	return r;
}

static int
post_row(
    struct engine *e, enum engine_event_kind kind, int64_t id, uint64_t tag)
{
	struct engine_event *ev;
	struct store_status st;
	int r = store_status_get(e->store, id, &st);

	if (r != 0)
		return r;
	ev = event_new(e, kind, tag);
	if (ev == NULL) {
		store_status_clear(&st);
		return ERR_NOMEM;
	}
	ev->statuses = calloc(1, sizeof(*ev->statuses));
	r = ev->statuses == NULL ? ERR_NOMEM
				 : status_row_from(e, ev->statuses, &st);
	store_status_clear(&st);
	if (r != 0) {
		engine_event_free(ev);
		return r;
	}
	ev->n = 1;
	event_post_later(e, ev);
	return 0;
}

int
status_added(struct engine *e, int64_t id, uint64_t tag)
{
	return post_row(e, EV_STATUS_NEW, id, tag);
}

int
status_changed(struct engine *e, int64_t id)
{
	return post_row(e, EV_STATUS_CHANGED, id, 0);
}

/* ---- their end ----------------------------------------------------------------- */

/* What has not left will not. Whatever answer is still to come finds no row. */
static int
drop_row(struct engine *e, const struct store_status *st)
{
	int64_t row;
	int r;

	if (!own_account(e, st->account))
		return 0;
	r = store_outbox_find(e->store, st->message_id, &row);
	if (r == 0)
		r = store_outbox_delete(e->store, row);
	return r == ERR_NOTFOUND ? 0 : r;
}

int
status_remove(struct engine *e, int64_t id)
{
	struct engine_event *ev;
	struct store_status st;
	int r = store_status_get(e->store, id, &st);

	if (r != 0)
		return r;
	r = drop_row(e, &st);
	if (r == 0)
		r = store_status_delete(e->store, id);
	store_status_clear(&st);
	if (r != 0)
		return r;
	ev = event_new(e, EV_STATUS_GONE, 0);
	if (ev == NULL)
		return ERR_NOMEM;
	ev->msg_id = id;
	event_post_later(e, ev);
	return 0;
}

static int
expire_some(struct engine *e, uint64_t now_ms)
{
	int64_t id;
	int r = store_status_clamp(e->store, now_ms);

	while (r == 0 && (r = store_status_expired(e->store, now_ms, &id)) == 0)
		r = status_remove(e, id);
	return r == ERR_NOTFOUND ? 0 : r;
}

int
status_expire(struct engine *e, uint64_t *next_ms)
{
	uint64_t now_ms = engine_now_ms(), last_ms;
	int r = store_status_next_expiry(e->store, next_ms, &last_ms);

	/* Nothing is over, and nothing is further than it can be. */
	if (r != 0 || *next_ms == 0 ||
	    (*next_ms > now_ms && last_ms <= now_ms + STORE_STATUS_LIFE_MS))
		return r;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, expire_some(e, now_ms));
	return r == 0 ? store_status_next_expiry(e->store, next_ms, &last_ms)
		      : r;
}

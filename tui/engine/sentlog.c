/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/sentlog.h"

#include <string.h>

#include "tui/engine/content.h"
#include "tui/engine/sync.h"
#include "tui/store/store_sent.h"

/* ---- keeping -------------------------------------------------------------------- */

enum keep {
	KEEP_NOT,
	KEEP, /* as it is */
	KEEP_NEWEST, /* as it is, in the place of those about the same */
	KEEP_THAT, /* not what it said, only that it was about this */
};

/* about: an id, borrowed; len 0: nothing. */
struct plan {
	enum keep keep;
	ProtobufCBinaryData about;
};

static struct plan
plan_sync(const Sotto__Content__Sync *s)
{
	switch (s->what_case) {
	case SOTTO__CONTENT__SYNC__WHAT__NOT_SET:
		return (struct plan){.keep = KEEP_NOT};
	case SOTTO__CONTENT__SYNC__WHAT_READ:
		return (struct plan){KEEP_NEWEST, s->read->chat_account};
	case SOTTO__CONTENT__SYNC__WHAT_DRAFT:
		return (struct plan){KEEP_THAT, s->draft->chat_account};
	case SOTTO__CONTENT__SYNC__WHAT_PROFILE:
	case SOTTO__CONTENT__SYNC__WHAT_SECRET:
		return (struct plan){.keep = KEEP_THAT};
	default:
		return (struct plan){.keep = KEEP};
	}
}

static struct plan
plan_of(const Sotto__Content__Content *c)
{
	switch (c->body_case) {
	case SOTTO__CONTENT__CONTENT__BODY_EDIT: /* has what was written */
		return (struct plan){KEEP, c->edit->message_id};
	case SOTTO__CONTENT__CONTENT__BODY_RETRACT:
	case SOTTO__CONTENT__CONTENT__BODY_REACTION:
	case SOTTO__CONTENT__CONTENT__BODY_STATUS: /* which ones we saw */
		return (struct plan){.keep = KEEP};
	case SOTTO__CONTENT__CONTENT__BODY__NOT_SET:
		if (c->sync != NULL)
			return plan_sync(c->sync);
		return (struct plan){.keep = KEEP_NOT};
	default:
		return (struct plan){.keep = KEEP_NOT};
	}
}

/* What is told anew, without what it was. */
struct bare {
	Sotto__Content__Content c;
	Sotto__Content__Sync sync;
	Sotto__Content__SyncDraft draft;
	Sotto__Content__SyncProfile profile;
	Sotto__Content__SyncSecret secret;
};

static const Sotto__Content__Content *
bare_of(struct bare *b, const Sotto__Content__Content *c)
{
	b->c = *c;
	b->sync = *c->sync;
	b->c.sync = &b->sync;
	sotto__content__sync_draft__init(&b->draft);
	sotto__content__sync_profile__init(&b->profile);
	sotto__content__sync_secret__init(&b->secret);
	switch (c->sync->what_case) {
	case SOTTO__CONTENT__SYNC__WHAT_DRAFT:
		b->draft.chat_account = c->sync->draft->chat_account;
		b->sync.draft = &b->draft;
		break;
	case SOTTO__CONTENT__SYNC__WHAT_PROFILE:
		b->sync.profile = &b->profile;
		break;
	case SOTTO__CONTENT__SYNC__WHAT_SECRET:
		b->sync.secret = &b->secret;
		break;
	default:
		break;
	}
	return &b->c;
}

int
sentlog_note(struct engine *e, const Sotto__Content__Content *c,
    const uint8_t account[static STORE_ID_LEN])
{
	const struct plan plan = plan_of(c);
	struct store_sent row = {.sent_ms = engine_now_ms()};
	struct bare bare;
	struct buf b;
	int r;

	if (plan.keep == KEEP_NOT || c->group_id.len != 0)
		return 0;
	if (plan.keep == KEEP_THAT)
		c = bare_of(&bare, c);
	memcpy(row.message_id, c->message_id.data, STORE_ID_LEN);
	memcpy(row.account, account, STORE_ID_LEN);
	row.has_about = plan.about.len == STORE_ID_LEN;
	if (row.has_about)
		memcpy(row.about, plan.about.data, STORE_ID_LEN);
	buf_init(&b, CONTENT_MAX);
	r = content_seal(&b, c);
	if (r == 0) {
		row.content = b.p;
		row.len = b.len;
		r = store_sent_add(e->store, &row, plan.keep != KEEP);
	}
	buf_clear(&b);
	return r;
}

/* ---- answering ------------------------------------------------------------------- */

/* To another device of ours: the copy of what was for somebody else. */
static int
as_copy(struct buf *out, const struct store_sent *row)
{
	Sotto__Content__Sync sync = SOTTO__CONTENT__SYNC__INIT;
	Sotto__Content__Content *c = NULL, copy;
	int r = content_open(row->content, row->len, &c);

	if (r != 0)
		return r;
	copy = *c;
	copy.sync = &sync;
	copy.profile = NULL;
	copy.chat_account = (ProtobufCBinaryData){
	    STORE_ID_LEN, (uint8_t *)(uintptr_t)row->account};
	r = content_seal(out, &copy);
	content_free(c);
	return r;
}

static int
as_it_was(struct buf *out, const struct store_sent *row)
{
	return buf_put(out, row->content, row->len);
}

static int
send_again(struct engine *e, const struct repair_from *from,
    const struct store_sent *row, uint32_t times)
{
	const struct outbox_for to = {.account = from->account};
	const bool copy =
	    own_account(e, from->account) && !own_account(e, row->account);
	uint8_t id[STORE_ID_LEN];
	struct buf b;
	int r;

	buf_init(&b, CONTENT_MAX);
	r = copy ? as_copy(&b, row) : as_it_was(&b, row);
	if (r == 0) {
		repair_wire_id(id, row->message_id, times + 1);
		r = repair_under_way(e, id) ? 0 : outbox_add(e, &to, &b, id);
	}
	buf_clear(&b);
	return r;
}

/* Told as it is now, under an id of its own. *told: it is of that kind. */
static int
tell_anew(struct engine *e, const struct store_sent *row, bool *told)
{
	Sotto__Content__Content *c = NULL;
	int r = content_open(row->content, row->len, &c);

	if (r != 0)
		return r == ERR_FORMAT ? ERR_NOMEM : r; /* we made it */
	*told = c->sync != NULL && plan_of(c).keep == KEEP_THAT;
	if (*told)
		r = sync_anew(e, c->sync);
	content_free(c);
	return r;
}

static int
answer(struct engine *e, const struct repair_from *from,
    const struct store_sent *row, bool *found)
{
	uint32_t times = 0;
	bool yes, told = false;
	int r = repair_may_have(e, from, row->sent_ms, &yes);

	if (r == 0 && yes)
		r = store_again_get(e->store, row->message_id, from->account,
		    from->device, &times);
	if (r != 0 || !yes || times >= REPAIR_RESENDS_MAX)
		return r;
	r = store_again_add(e->store, row->message_id, from->account,
	    from->device, engine_now_ms());
	if (r == 0)
		r = tell_anew(e, row, &told);
	if (r == 0 && !told)
		r = send_again(e, from, row, times);
	*found = !told; /* of this id there is nothing to wait for */
	return r;
}

int
sentlog_answer(struct engine *e, const struct repair_from *from,
    const uint8_t id[static STORE_ID_LEN], bool *found)
{
	const bool own = own_account(e, from->account);
	struct store_sent row;
	int r = store_sent_get(e->store, id, own ? NULL : from->account, &row);

	*found = r == 0;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = answer(e, from, &row, found);
	store_sent_clear(&row);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_own.c — changes of our own. What a person wants is kept as an intent
 * with the entry made of it; if another entry comes first, the intent is looked
 * at again, and a new entry made. What a change obliges us to (welcomes,
 * secrets) is noted in the transaction that makes it count.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/group_int.h"
#include "tui/store/store_contact.h"

struct group_actor
group_actor_of(struct engine *e)
{
	struct group_actor me = {
	    .account = e->self.account,
	    .device = e->self.device,
	    .identity = &e->keys->identity,
	    .now_ms = engine_now_ms(),
	    .rng = &signal_rng_system,
	};
	struct store_contact us;

	if (store_contact_get(e->store, e->self.account, &us) == 0)
		me.list_version = us.list_version;
	return me;
}

/* ---- commands that wait -------------------------------------------------------- */

bool
group_wait(
    struct engine *e, const struct store_group *g, int64_t change, uint64_t tag)
{
	struct groups *gs = groups_get(e);
	size_t i;

	if (gs == NULL || !connection_online(e) || tag == 0)
		return false;
	for (i = 0; i < GROUP_WAITS; i++) {
		if (gs->waits[i].tag != 0)
			continue;
		gs->waits[i].tag = tag;
		gs->waits[i].change = change;
		memcpy(gs->waits[i].id, g->id, GROUP_ID_LEN);
		return true;
	}
	return false;
}

static void
post_error(struct engine *e, uint64_t tag, int err, const char *text)
{
	struct engine_event *ev = event_new(e, EV_ERROR, tag);

	if (ev == NULL)
		return;
	ev->code = err;
	ev->text = strdup(text);
	event_post_later(e, ev);
}

void
group_answer(struct engine *e, int64_t change, int err, const char *text)
{
	struct groups *gs = e->groups;
	uint64_t tag;
	size_t i;

	for (i = 0; gs != NULL && i < GROUP_WAITS; i++) {
		tag = gs->waits[i].tag;
		if (tag == 0 || (change != 0 && gs->waits[i].change != change))
			continue;
		gs->waits[i].tag = 0;
		if (err != 0)
			post_error(e, tag, err, text);
		else
			group_reply(e, tag, gs->waits[i].id);
	}
}

static bool
is_awaited(const struct engine *e, int64_t change)
{
	size_t i;

	for (i = 0; e->groups != NULL && i < GROUP_WAITS; i++)
		if (e->groups->waits[i].tag != 0 &&
		    e->groups->waits[i].change == change)
			return true;
	return false;
}

/* ---- keeping ---------------------------------------------------------------------- */

/* The entry for the next place, and the record behind it, into c. */
static int
make_entry(struct engine *e, const struct store_group *g,
    const struct group_intent *in, struct store_change *c, enum group_why *why)
{
	const struct group_actor me = group_actor_of(e);
	struct group_proposal p;
	int r = group_propose(g->record, g->len, &me, in, &p, why);

	if (r != 0)
		return r;
	free(c->entry);
	if (c->record != NULL)
		sodium_memzero(c->record, c->record_len);
	free(c->record);
	buf_detach(&p.entry, &c->entry, &c->entry_len);
	buf_detach(&p.record, &c->record, &c->record_len);
	group_proposal_clear(&p);
	c->version = g->version + 1;
	return 0;
}

static int
keep(struct engine *e, struct store_group *g, const struct group_intent *in,
    struct store_change *c, int64_t *id)
{
	struct buf b;
	int r = group_intent_pack(in, &b);

	if (r != 0)
		return r;
	memcpy(c->group, g->id, sizeof(c->group));
	buf_detach(&b, &c->intent, &c->intent_len);
	r = store_change_add(e->store, c, id);
	if (r != 0)
		return r;
	g->failed[0] = '\0';
	group_todo(g, STORE_GROUP_PROPOSE, 0);
	groups_wake(e);
	return group_save(e, g);
}

int
group_change_add(struct engine *e, struct store_group *g,
    const struct group_intent *in, int64_t *id, enum group_why *why)
{
	struct store_change c = {0};
	size_t waiting;
	int r = store_change_count(e->store, g->id, &waiting);

	*why = GROUP_WHY_NONE;
	/* A link is looked at anew first: its record may be old. */
	if (r == 0 && waiting == 0 && g->len > 0 && in->kind != GROUP_JOIN) {
		r = make_entry(e, g, in, &c, why);
		if (r == ERR_NOTFOUND) { /* the secret is to come */
			group_todo(g, STORE_GROUP_ASK_KEY, 0);
			r = 0;
		}
	}
	if (r == 0)
		r = keep(e, g, in, &c, id);
	store_change_clear(&c);
	return r;
}

int
group_create(struct engine *e, const struct group_intent *in,
    struct store_group *g, int64_t *id, enum group_why *why)
{
	const struct store_group none = {0};
	struct store_change c = {0};
	struct group_entry en;
	char *title;
	int r = make_entry(e, &none, in, &c, why);

	if (r == 0)
		r = group_entry_open(&en, c.entry, c.entry_len, why);
	if (r == 0) {
		r = group_begin(e, en.id, STORE_GROUP_MAKING, g);
		group_entry_clear(&en);
	}
	if (r == 0) {
		title = clean_text(in->meta.name, STORE_TEXT_MAX, TEXT_LINE);
		r = title == NULL
			? ERR_NOMEM
			: store_chat_set_title(e->store, g->chat, title);
		free(title);
	}
	if (r == 0)
		r = keep(e, g, in, &c, id);
	store_change_clear(&c);
	return r;
}

/* ---- what it obliges us to ------------------------------------------------------------ */

static int
owe(struct engine *e, const struct store_group *g, const uint8_t *accounts,
    size_t n, enum store_owed what)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++)
		r = store_owed_put(
		    e->store, g->id, accounts + i * GROUP_ACCOUNT_LEN, what);
	return r;
}

static int
owe_all(struct engine *e, const struct store_group *g, enum store_owed what)
{
	struct group_member m;
	struct group_view v;
	size_t i;
	int r = group_view_open(&v, g->record, g->len);

	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < v.pub.n_members; i++) {
		group_public_member(&v.pub, i, &m);
		r = store_owed_put(e->store, g->id, m.account, what);
	}
	group_view_clear(&v);
	return r;
}

static int
duties(struct engine *e, struct store_group *g, const struct group_entry *en,
    const struct group_intent *in)
{
	int r = 0;

	switch (en->kind) {
	case GROUP_CREATE:
		r = owe_all(e, g, STORE_OWED_WELCOME);
		break;
	case GROUP_ADD:
	case GROUP_APPROVE:
		r = owe(e, g, en->accounts, en->n_accounts, STORE_OWED_WELCOME);
		if (r == 0)
			r = owe(
			    e, g, en->admins, en->n_admins, STORE_OWED_WELCOME);
		break;
	case GROUP_REMOVE:
	case GROUP_REKEY:
		r = owe_all(e, g, STORE_OWED_SHARE);
		break;
	case GROUP_LINK:
		g->has_token = in->has_token;
		memcpy(g->token, in->token, sizeof(g->token));
		r = group_tell_token(e, g, en);
		break;
	case GROUP_PROMOTE:
		r = group_tell_token(e, g, en);
		break;
	case GROUP_JOIN:
		group_todo(g, STORE_GROUP_ASK_WELCOME, 0);
		break;
	default:
		break;
	}
	group_todo(g, STORE_GROUP_OWED, 0);
	return r;
}

/* ---- settling ----------------------------------------------------------------------------- */

/* Are there more of them? */
static int
go_on(struct engine *e, struct store_group *g)
{
	size_t n;
	int r = store_change_count(e->store, g->id, &n);

	if (r == 0 && n == 0)
		g->todo &= ~(uint32_t)STORE_GROUP_PROPOSE;
	else
		group_todo(g, STORE_GROUP_PROPOSE, 0);
	return r;
}

/* It is an entry of the chain now. */
static int
came_about(struct engine *e, struct store_group *g, struct store_change *c,
    const struct group_entry *en)
{
	struct group_intent in = {0};
	struct group_view before;
	const bool had = g->len > 0;
	struct buf rec;
	int r = group_intent_unpack(&in, c->intent, c->intent_len);

	if (r != 0)
		return r;
	r = had ? group_view_open(&before, g->record, g->len) : 0;
	if (r != 0)
		goto out;
	buf_init(&rec, GROUP_RECORD_MAX);
	r = buf_put(&rec, c->record, c->record_len);
	if (r == 0)
		r = store_change_delete(e->store, c->id);
	if (r == 0)
		r = go_on(e, g);
	g->failed[0] = '\0';
	if (r == 0 && en->kind == GROUP_JOIN)
		g->standing = STORE_GROUP_MEMBER;
	if (r == 0)
		r = group_advance(e, g, &rec);
	if (r == 0)
		r = duties(e, g, en, &in);
	if (r == 0)
		r = group_effects(e, g, had ? &before : NULL, en);
	if (r == 0)
		group_answer(e, c->id, 0, NULL);
	buf_clear(&rec);
	if (had)
		group_view_clear(&before);
out:
	group_intent_clear(&in);
	return r;
}

int
group_change_came(struct engine *e, struct store_group *g,
    const struct group_entry *en, bool *ours)
{
	struct store_change c;
	struct group_entry made;
	enum group_why why;
	int r = store_change_first(e->store, g->id, &c);

	*ours = false;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (c.entry_len > 0 && c.version == en->version &&
	    c.version == g->version + 1) {
		r = group_entry_open(&made, c.entry, c.entry_len, &why);
		if (r == 0) {
			*ours =
			    memcmp(made.hash, en->hash, GROUP_HASH_LEN) == 0;
			group_entry_clear(&made);
		}
		if (r == 0 && *ours)
			r = came_about(e, g, &c, en);
	}
	store_change_clear(&c);
	return r;
}

int
group_change_taken(
    struct engine *e, struct store_group *g, struct store_change *c)
{
	enum group_place place = GROUP_THEY_AHEAD;
	struct group_entry en;
	enum group_why why;
	int r = group_entry_open(&en, c->entry, c->entry_len, &why);

	if (r != 0)
		return r;
	if (c->version == g->version + 1) {
		r = came_about(e, g, c, &en);
	} else {
		/* It has come another way; or the relay took two. */
		r = group_compare_head(
		    g->record, g->len, en.version, en.hash, &place);
		if (r == 0 && place == GROUP_FORKED)
			r = group_alarm(e, g, GROUP_WHY_FORK, en.version);
		if (r == 0 && place == GROUP_FORKED)
			r = group_change_failed(e, g, c->id, ERR_DENIED,
			    group_why_str(GROUP_WHY_FORK));
		else if (r == 0 && place != GROUP_THEY_AHEAD)
			r = store_change_delete(e->store, c->id);
		if (r == 0)
			r = go_on(e, g);
		if (r == 0)
			r = group_save(e, g);
		if (r == 0)
			group_answer(e, c->id, 0, NULL);
	}
	group_entry_clear(&en);
	return r;
}

int
group_change_failed(struct engine *e, struct store_group *g, int64_t id,
    int err, const char *why)
{
	char line[STORE_GROUP_WHY_MAX + 64];
	int r = store_change_delete(e->store, id);

	if (r != 0)
		return r;
	text_sanitize(
	    g->failed, sizeof(g->failed), why, strlen(why), TEXT_LINE);
	if (g->standing == STORE_GROUP_MAKING ||
	    g->standing == STORE_GROUP_JOINING)
		g->standing = STORE_GROUP_FAILED;
	if (!is_awaited(e, id)) {
		snprintf(line, sizeof(line), "A change was not made: %s.",
		    g->failed);
		r = note_add(e, g->chat, STORE_MSG_NOTE, line);
	}
	if (r == 0)
		r = go_on(e, g);
	if (r == 0)
		r = group_save(e, g);
	if (r == 0)
		group_answer(e, id, err, g->failed);
	return r;
}

int
group_changes_end(struct engine *e, struct store_group *g, const char *why)
{
	struct store_change c;
	int r = 0;

	for (;;) {
		r = store_change_first(e->store, g->id, &c);
		if (r != 0)
			return r == ERR_NOTFOUND ? 0 : r;
		r = group_change_failed(e, g, c.id, ERR_DENIED, why);
		store_change_clear(&c);
		if (r != 0)
			return r;
	}
}

/* ---- the next entry to send --------------------------------------------------------------- */

/* Does the entry that was made still fit behind our record? */
static bool
still_fits(const struct store_group *g, const struct store_change *c)
{
	struct group_entry en;
	struct group_view v;
	enum group_why why;
	bool fits = g->len == 0;

	if (c->entry_len == 0 || c->version != g->version + 1)
		return false;
	if (!fits && group_view_open(&v, g->record, g->len) == 0) {
		if (group_entry_open(&en, c->entry, c->entry_len, &why) == 0) {
			fits = memcmp(en.prev, v.pub.head, GROUP_HASH_LEN) == 0;
			group_entry_clear(&en);
		}
		group_view_clear(&v);
	}
	return fits;
}

/* Another entry was first: what is left of it? ERR_DUP nothing; ERR_DENIED. */
static int
renew(struct engine *e, struct store_group *g, struct store_change *c,
    enum group_why *why)
{
	struct group_intent in = {0};
	struct buf b;
	int r = group_intent_unpack(&in, c->intent, c->intent_len);

	if (r == 0)
		r = group_rebase(g->record, g->len, e->self.account, &in, why);
	if (r == 0)
		r = make_entry(e, g, &in, c, why);
	if (r == 0)
		r = group_intent_pack(&in, &b);
	if (r == 0) {
		sodium_memzero(c->intent, c->intent_len);
		free(c->intent);
		buf_detach(&b, &c->intent, &c->intent_len);
		c->tries++;
		r = store_change_put(e->store, c);
	}
	group_intent_clear(&in);
	return r;
}

/* What came of renewing. ERR_DUP: this one is settled, look at the next. */
static int
renewed(struct engine *e, struct store_group *g, const struct store_change *c,
    int r, enum group_why why)
{
	if (r == ERR_DUP) {
		r = store_change_delete(e->store, c->id);
		if (r == 0)
			r = go_on(e, g);
		if (r == 0)
			r = group_save(e, g);
		if (r == 0)
			group_answer(e, c->id, 0, NULL);
	} else if (r == ERR_DENIED) {
		r = group_change_failed(
		    e, g, c->id, ERR_DENIED, group_why_str(why));
	} else if (r == ERR_RANGE) {
		r = group_change_failed(
		    e, g, c->id, r, "it is too long by now");
	} else {
		return r;
	}
	return r == 0 ? ERR_DUP : r;
}

int
group_change_next(
    struct engine *e, struct store_group *g, struct store_change *c)
{
	enum group_why why = GROUP_WHY_NONE;
	int r;

	for (;;) {
		r = store_change_first(e->store, g->id, c);
		if (r == ERR_NOTFOUND) {
			g->todo &= ~(uint32_t)STORE_GROUP_PROPOSE;
			return store_group_put(e->store, g) == 0 ? r : ERR_IO;
		}
		if (r != 0)
			return r;
		if (still_fits(g, c))
			return 0;
		if (c->tries >= GROUP_TRIES_MAX)
			r = group_change_failed(e, g, c->id, ERR_BUSY,
			    "others change the group all the time");
		else
			r = renewed(e, g, c, renew(e, g, c, &why), why);
		if (r == 0 && c->tries < GROUP_TRIES_MAX)
			return 0;
		store_change_clear(c);
		if (r == ERR_NOTFOUND)
			return ERR_AGAIN; /* the secret is to come */
		if (r != 0 && r != ERR_DUP)
			return r;
	}
}

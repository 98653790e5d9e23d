/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_work.c — what is to be done with the relay about groups, one request
 * at a time. What that is stands in the store (group_row.todo), so that it goes
 * on where it stopped, whenever that was.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tui/engine/group_int.h"

#define PREVIEW_PROOF_LEN crypto_sign_BYTES

/* ---- turns --------------------------------------------------------------------- */

void
groups_wake(struct engine *e)
{
	outbox_wake(e);
}

/* Passing trouble: the same again, later and later. */
static int
later(struct engine *e, const uint8_t *id, uint32_t retry_ms)
{
	struct store_group g = {0};
	uint64_t ms = retry_ms;
	int r = store_group_peek(e->store, id, &g);

	if (r != 0)
		return r;
	if (ms == 0)
		ms = (uint64_t)GROUP_AGAIN_MS
		     << (g.attempts < 8 ? g.attempts : 8);
	g.attempts++;
	g.next_ms = engine_now_ms() + ms;
	return store_group_put(e->store, &g);
}

/* The relay, not we, says so, and it will say the same again. */
static bool
final(const struct link_reply *rep)
{
	return rep->from_relay && rep->err != ERR_RATE && rep->err != ERR_IO &&
	       rep->err != ERR_BUSY && rep->err != ERR_NOMEM;
}

/* The end of every answer: r is what the transaction came to. */
static void
answered(struct engine *e, int r)
{
	struct groups *gs = e->groups;

	gs->busy = false;
	gs->change = 0;
	if (r != 0 && !e->failed) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, later(e, gs->id, 0));
	}
	if (r == 0 || !e->failed)
		groups_wake(e);
}

/* An answer that says nothing, and how to go on. */
static bool
passing(struct engine *e, const struct link_reply *rep)
{
	int r;

	if (rep->err == 0 || final(rep))
		return false;
	e->groups->busy = false;
	e->groups->change = 0;
	if (!rep->from_relay && !connection_online(e))
		return true; /* groups_online() goes on */
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, later(e, e->groups->id, rep->retry_after_ms));
	if (r == 0 || !e->failed)
		groups_wake(e);
	return true;
}

/* What an answer says, in one transaction. */
static void
take_answer(struct groups *gs, const struct link_reply *rep,
    int (*take)(struct engine *e, const struct link_reply *rep))
{
	struct engine *e = gs->e;
	int r;

	if (passing(e, rep))
		return;
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, take(e, rep));
	answered(e, r);
	if (r == 0)
		outbox_kick(e); /* messages may have waited for it */
}

static int
ask(struct engine *e, const struct store_group *g, uint16_t method,
    const ProtobufCMessage *m, link_reply_fn *cb)
{
	struct groups *gs = e->groups;
	int r = ask_relay(e, method, m, cb, gs);

	if (r == 0) {
		gs->busy = true;
		memcpy(gs->id, g->id, sizeof(gs->id));
	}
	return r;
}

/* ---- entries ---------------------------------------------------------------------- */

/* The relay has nothing for us: we are no member, it says. */
static int
not_in(struct engine *e, struct store_group *g)
{
	if (!e->drained) { /* how it came about may wait in the queue */
		g->next_ms = engine_now_ms() + GROUP_AGAIN_MS;
		return store_group_put(e->store, g);
	}
	g->todo &= ~(uint32_t)(STORE_GROUP_ENTRIES | STORE_GROUP_STATE);
	if (g->standing == STORE_GROUP_ADDED)
		g->standing = STORE_GROUP_FAILED;
	if (g->standing != STORE_GROUP_MEMBER)
		return group_save(e, g);
	g->standing = STORE_GROUP_REMOVED;
	g->todo = 0;
	return note_add(e, g->chat, STORE_MSG_NOTE,
		   "The relay says that you are not in this group any more.") ==
		       0
		   ? group_save(e, g)
		   : ERR_NOMEM;
}

/* All that the relay has was applied. */
static int
caught_up(struct engine *e, struct store_group *g, uint32_t relay_version)
{
	g->todo &= ~(uint32_t)STORE_GROUP_ENTRIES;
	g->attempts = 0;
	if (g->wanted > relay_version && g->version >= relay_version) {
		g->wanted = g->version;
		return group_alarm(e, g, GROUP_ALARM_HIDDEN, relay_version + 1);
	}
	return group_save(e, g);
}

/* Entries of an answer: hold them all, then follow. */
static int
take_entries(struct engine *e, struct store_group *g,
    const ProtobufCBinaryData *v, size_t n)
{
	size_t i;
	int r = 0;

	e->groups->from_start = true;
	for (i = 0; r == 0 && i < n; i++) {
		r = group_hold(e, g, v[i].data, v[i].len);
		if (r == 0)
			r = group_follow(e, g);
	}
	e->groups->from_start = false;
	return r;
}

static int
on_entries_in(struct engine *e, const struct link_reply *rep)
{
	Sotto__Relay__GroupEntriesResponse *res = NULL;
	struct store_group g = {0};
	int r = store_group_get(e->store, e->groups->id, &g);

	if (r != 0)
		return r;
	if (rep->err != 0) {
		r = not_in(e, &g);
		goto out;
	}
	res = sotto__relay__group_entries_response__unpack(
	    NULL, rep->len, rep->body);
	if (res == NULL) {
		r = ERR_FORMAT;
		goto out;
	}
	g.todo &= ~(uint32_t)STORE_GROUP_ENTRIES;
	if (res->more && res->n_entries > 0)
		group_todo(&g, STORE_GROUP_ENTRIES, 0);
	r = take_entries(e, &g, res->entries, res->n_entries);
	if (r == 0 && (g.todo & STORE_GROUP_HELD) == 0 &&
	    (!res->more || res->n_entries == 0))
		r = caught_up(e, &g, res->version);
	else if (r == 0)
		r = store_group_put(e->store, &g);
	sotto__relay__group_entries_response__free_unpacked(res, NULL);
out:
	store_group_clear(&g);
	return r;
}

static void
on_entries(void *ctx, const struct link_reply *rep)
{
	take_answer(ctx, rep, on_entries_in);
}

static int
ask_entries(struct engine *e, struct store_group *g)
{
	Sotto__Relay__GroupEntriesRequest req =
	    SOTTO__RELAY__GROUP_ENTRIES_REQUEST__INIT;

	req.group_id = (ProtobufCBinaryData){GROUP_ID_LEN, g->id};
	req.from_version = g->version + 1;
	return ask(e, g, METHOD_GROUP_ENTRIES, &req.base, on_entries);
}

/* ---- the record --------------------------------------------------------------------- */

/* Whether one joins or asks is for the link to say. */
static int
join_kind(struct engine *e, const struct store_group *g)
{
	struct group_intent in = {0};
	struct store_change c = {0};
	struct group_view v;
	struct buf b;
	int r = store_change_first(e->store, g->id, &c);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = group_intent_unpack(&in, c.intent, c.intent_len);
	if (r == 0)
		r = group_view_open(&v, g->record, g->len);
	if (r == 0) {
		in.kind = v.pub.link == GROUP_LINK_APPROVAL ? GROUP_REQUEST
							    : GROUP_JOIN;
		group_view_clear(&v);
		r = group_intent_pack(&in, &b);
	}
	if (r == 0) {
		sodium_memzero(c.intent, c.intent_len);
		free(c.intent);
		buf_detach(&b, &c.intent, &c.intent_len);
		c.version = 0; /* its entry is to be made */
		r = store_change_put(e->store, &c);
	}
	group_intent_clear(&in);
	store_change_clear(&c);
	return r;
}

/* By a link: start from what the relay says, and ask to be let in. */
static int
join_anew(
    struct engine *e, struct store_group *g, const uint8_t *pub, size_t len)
{
	struct buf rec;
	int r = group_from_public(pub, len, &rec);

	g->todo &= ~(uint32_t)STORE_GROUP_STATE;
	if (r == ERR_FORMAT || r == ERR_VERSION)
		return group_changes_end(
		    e, g, "the relay's record of the group is not sound");
	if (r != 0)
		return r;
	r = group_advance(e, g, &rec);
	buf_clear(&rec);
	if (r == 0)
		r = join_kind(e, g);
	if (r == 0)
		group_todo(g, STORE_GROUP_PROPOSE, 0);
	return r == 0 ? store_group_put(e->store, g) : r;
}

static int
on_state_in(struct engine *e, const struct link_reply *rep)
{
	Sotto__Relay__GroupStateResponse *res = NULL;
	struct store_group g = {0};
	int r = store_group_get(e->store, e->groups->id, &g);

	if (r != 0)
		return r;
	if (rep->err != 0) {
		g.todo &= ~(uint32_t)STORE_GROUP_STATE;
		r = g.standing == STORE_GROUP_JOINING
			? group_changes_end(
			      e, &g, "the invite link is not valid any more")
			: store_group_put(e->store, &g);
		goto out;
	}
	res = sotto__relay__group_state_response__unpack(
	    NULL, rep->len, rep->body);
	if (res == NULL)
		r = ERR_FORMAT;
	else if (g.standing == STORE_GROUP_JOINING)
		r = join_anew(e, &g, res->state.data, res->state.len);
	else
		r = group_welcome_state(e, &g, res->state.data, res->state.len);
	if (res != NULL)
		sotto__relay__group_state_response__free_unpacked(res, NULL);
out:
	store_group_clear(&g);
	return r;
}

static void
on_state(void *ctx, const struct link_reply *rep)
{
	take_answer(ctx, rep, on_state_in);
}

/* Whoever has the link may look: a signature by its token. */
static void
prove(struct engine *e, const struct store_group *g,
    uint8_t proof[static PREVIEW_PROOF_LEN])
{
	static const char label[] = "sotto group preview";
	uint8_t m[sizeof(label) + GROUP_ID_LEN + GROUP_ACCOUNT_LEN];
	uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];

	memcpy(m, label, sizeof(label));
	memcpy(m + sizeof(label), g->id, GROUP_ID_LEN);
	memcpy(m + sizeof(label) + GROUP_ID_LEN, e->self.account,
	    GROUP_ACCOUNT_LEN);
	crypto_sign_seed_keypair(pk, sk, g->token);
	crypto_sign_detached(proof, NULL, m, sizeof(m), sk);
	sodium_memzero(sk, sizeof(sk));
}

static int
ask_state(struct engine *e, struct store_group *g)
{
	Sotto__Relay__GroupStateRequest req =
	    SOTTO__RELAY__GROUP_STATE_REQUEST__INIT;
	uint8_t proof[PREVIEW_PROOF_LEN];

	req.group_id = (ProtobufCBinaryData){GROUP_ID_LEN, g->id};
	if (g->standing == STORE_GROUP_JOINING && g->has_token) {
		prove(e, g, proof);
		req.proof = (ProtobufCBinaryData){sizeof(proof), proof};
	}
	return ask(e, g, METHOD_GROUP_STATE, &req.base, on_state);
}

/* ---- own changes ----------------------------------------------------------------------- */

static int
change_refused(struct engine *e, struct store_group *g, int64_t change,
    const struct link_reply *rep)
{
	char *text;
	int r;

	if (rep->err == ERR_AGAIN) { /* it knows less than we do? */
		g->next_ms = engine_now_ms() + GROUP_AGAIN_MS;
		return store_group_put(e->store, g);
	}
	text = sentence_of(rep->text);
	r = group_change_failed(e, g, change, rep->err,
	    text != NULL && text[0] != '\0' ? text : err_str(rep->err));
	free(text);
	return r;
}

static int
change_conflict(struct engine *e, struct store_group *g,
    const Sotto__Relay__GroupChangeResponse *res)
{
	int r = take_entries(e, g, res->entries, res->n_entries);

	if (r != 0)
		return r;
	if (res->n_entries == 0 && g->standing == STORE_GROUP_JOINING) {
		group_todo(g, STORE_GROUP_STATE, 0);
	} else if (res->version > g->version) {
		g->wanted = g->wanted > res->version ? g->wanted : res->version;
		group_todo(g, STORE_GROUP_ENTRIES, 0);
	}
	return store_group_put(e->store, g);
}

static int
on_change_in(struct engine *e, const struct link_reply *rep)
{
	Sotto__Relay__GroupChangeResponse *res = NULL;
	const int64_t change = e->groups->change;
	struct store_change c = {0};
	struct store_group g = {0};
	int r = store_group_get(e->store, e->groups->id, &g);

	if (r != 0)
		return r;
	r = store_change_first(e->store, g.id, &c);
	if (r == ERR_NOTFOUND || (r == 0 && c.id != change)) {
		r = 0; /* it has come by another way */
		goto out;
	}
	if (r == 0 && rep->err != 0) {
		r = change_refused(e, &g, change, rep);
		goto out;
	}
	res = r != 0 ? NULL
		     : sotto__relay__group_change_response__unpack(
			   NULL, rep->len, rep->body);
	if (r == 0 && res == NULL)
		r = ERR_FORMAT;
	else if (r == 0 && res->conflict)
		r = change_conflict(e, &g, res);
	else if (r == 0)
		r = group_change_taken(e, &g, &c);
	if (res != NULL)
		sotto__relay__group_change_response__free_unpacked(res, NULL);
out:
	store_change_clear(&c);
	store_group_clear(&g);
	return r;
}

static void
on_change(void *ctx, const struct link_reply *rep)
{
	take_answer(ctx, rep, on_change_in);
}

static int
propose(struct engine *e, struct store_group *g)
{
	Sotto__Relay__GroupChangeRequest req =
	    SOTTO__RELAY__GROUP_CHANGE_REQUEST__INIT;
	struct store_change c = {0};
	int r = txn_begin(e);

	if (r != 0)
		return r;
	r = group_change_next(e, g, &c);
	if (r == ERR_NOTFOUND || r == ERR_AGAIN) {
		if (r == ERR_AGAIN) {
			group_todo(g, STORE_GROUP_ASK_KEY, 0);
			g->next_ms = engine_now_ms() + GROUP_AGAIN_MS;
			r = store_group_put(e->store, g);
		} else {
			r = 0;
		}
		return txn_end(e, r);
	}
	r = txn_end(e, r);
	if (r == 0) {
		req.entry = (ProtobufCBinaryData){c.entry_len, c.entry};
		r = ask(e, g, METHOD_GROUP_CHANGE, &req.base, on_change);
		if (r == 0)
			e->groups->change = c.id;
	}
	store_change_clear(&c);
	return r;
}

/* ---- a list of devices ---------------------------------------------------------------------- */

static int
follow_in(struct engine *e)
{
	struct store_group g = {0};
	int r = store_group_get(e->store, e->groups->id, &g);

	e->groups->from_start = true;
	if (r == 0)
		r = group_follow(e, &g);
	e->groups->from_start = false;
	store_group_clear(&g);
	return r;
}

static void
on_list(struct engine *e, int r)
{
	struct groups *gs = e->groups;

	if (gs == NULL || !gs->busy)
		return;
	if (r == 0 || r == ERR_NOTFOUND || r == ERR_AUTH || r == ERR_FORMAT) {
		gs->held_settled = true;
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, follow_in(e));
		gs->held_settled = false; /* the next list is asked for */
	} else if (!connection_online(e)) {
		gs->busy = false;
		return;
	}
	answered(e, r);
}

static int
fetch_list(struct engine *e, struct store_group *g)
{
	struct groups *gs = e->groups;
	int r = txn_begin(e);

	/* Which list it is that is missing, or whether any is by now. */
	gs->from_start = true;
	if (r == 0)
		r = txn_end(e, group_follow(e, g));
	gs->from_start = false;
	if (r != 0 || (g->todo & STORE_GROUP_HELD) == 0)
		return r;
	r = keys_fetch_list(e, gs->held_account, on_list);
	if (r == 0) {
		gs->busy = true;
		memcpy(gs->id, g->id, sizeof(gs->id));
	}
	return r;
}

/* ---- one group's turn -------------------------------------------------------------------------- */

/* Members are asked and given; what is left waits until *wait_ms. */
static int
papers_turn(struct engine *e, struct store_group *g, uint64_t *wait_ms)
{
	const uint32_t asks = STORE_GROUP_ASK_KEY | STORE_GROUP_ASK_WELCOME;
	bool more = false;
	int r = txn_begin(e);

	if (r != 0)
		return r;
	if ((g->todo & STORE_GROUP_OWED) != 0) {
		r = group_owed(e, g, &more);
		if (!more)
			g->todo &= ~(uint32_t)STORE_GROUP_OWED;
	}
	if (r == 0 && (g->todo & asks) != 0)
		r = group_ask(e, g, wait_ms);
	if (r == 0) {
		if (more)
			g->next_ms = engine_now_ms(); /* others first */
		else if (*wait_ms > 0)
			g->next_ms = engine_now_ms() + *wait_ms;
		r = store_group_put(e->store, g);
	}
	r = txn_end(e, r);
	if (r == 0)
		outbox_kick(e);
	return r;
}

static int
step(struct engine *e, struct store_group *g)
{
	const uint32_t papers =
	    STORE_GROUP_ASK_KEY | STORE_GROUP_ASK_WELCOME | STORE_GROUP_OWED;
	uint64_t wait_ms = 0;
	int r;

	if ((g->todo & STORE_GROUP_HELD) != 0)
		return fetch_list(e, g);
	if ((g->todo & STORE_GROUP_STATE) != 0)
		return ask_state(e, g);
	if ((g->todo & STORE_GROUP_ENTRIES) != 0)
		return ask_entries(e, g);
	if ((g->todo & STORE_GROUP_PROPOSE) != 0)
		return propose(e, g);
	if ((g->todo & papers) == 0)
		return 0;
	r = papers_turn(e, g, &wait_ms);
	return r;
}

/* ---- all of them -------------------------------------------------------------------------------- */

/* One that the relay names. */
static int
listed_one(struct engine *e, const Sotto__Relay__GroupListResponse__Group *m)
{
	struct store_group g = {0};
	int r;

	if (m->group_id.len != GROUP_ID_LEN)
		return 0;
	r = store_group_peek(e->store, m->group_id.data, &g);
	if (r == ERR_NOTFOUND) {
		r = group_begin(e, m->group_id.data, STORE_GROUP_ADDED, &g);
		if (r == 0)
			group_todo(&g, STORE_GROUP_ENTRIES, GROUP_HEARD_MS);
	} else if (r == 0 && m->version < g.version) {
		return group_relay_at(e, g.id, m->version);
	} else if (r == 0 && m->version > g.version) {
		group_todo(&g, STORE_GROUP_ENTRIES,
		    g.version == 0 ? GROUP_HEARD_MS : 0);
	}
	if (r != 0)
		return r;
	if (g.wanted < m->version)
		g.wanted = m->version;
	return store_group_put(e->store, &g);
}

static int
compare_ids(const void *a, const void *b)
{
	const Sotto__Relay__GroupListResponse__Group *const *x = a;
	const Sotto__Relay__GroupListResponse__Group *const *y = b;

	if ((*x)->group_id.len != (*y)->group_id.len)
		return (*x)->group_id.len < (*y)->group_id.len ? -1 : 1;
	return memcmp(
	    (*x)->group_id.data, (*y)->group_id.data, (*x)->group_id.len);
}

/* Those it does not name: are we out? The entry that says so may wait in the
 * queue. */
static int
unlisted(struct engine *e, const Sotto__Relay__GroupListResponse *res)
{
	Sotto__Relay__GroupListResponse__Group key, *k = &key;
	struct store_group *v = NULL;
	size_t i, n = 0;
	int r = store_group_list(e->store, &v, &n);

	sotto__relay__group_list_response__group__init(&key);
	for (i = 0; r == 0 && i < n; i++) {
		if (v[i].standing != STORE_GROUP_MEMBER)
			continue;
		key.group_id = (ProtobufCBinaryData){GROUP_ID_LEN, v[i].id};
		if (res->n_groups > 0 &&
		    bsearch(&k, res->groups, res->n_groups,
			sizeof(*res->groups), compare_ids) != NULL)
			continue;
		group_todo(&v[i], STORE_GROUP_ENTRIES, GROUP_AGAIN_MS);
		r = store_group_put(e->store, &v[i]);
	}
	free(v);
	return r;
}

static int
on_listed_in(struct engine *e, const Sotto__Relay__GroupListResponse *res)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < res->n_groups; i++)
		r = listed_one(e, res->groups[i]);
	if (res->n_groups > 0)
		qsort(res->groups, res->n_groups, sizeof(*res->groups),
		    compare_ids);
	return r == 0 ? unlisted(e, res) : r;
}

static void
on_listed(void *ctx, const struct link_reply *rep)
{
	Sotto__Relay__GroupListResponse *res = NULL;
	struct groups *gs = ctx;
	struct engine *e = gs->e;
	int r = rep->err;

	gs->busy = false;
	if (r == 0)
		res = sotto__relay__group_list_response__unpack(
		    NULL, rep->len, rep->body);
	if (res == NULL) {
		if (r == 0 || final(rep))
			gs->listed = true; /* a relay without groups */
		groups_wake(e);
		return;
	}
	r = txn_begin(e);
	if (r == 0)
		r = txn_end(e, on_listed_in(e, res));
	sotto__relay__group_list_response__free_unpacked(res, NULL);
	gs->listed = true;
	if (r == 0 || !e->failed)
		groups_wake(e);
}

static int
ask_list(struct engine *e)
{
	Sotto__Relay__GroupListRequest req =
	    SOTTO__RELAY__GROUP_LIST_REQUEST__INIT;
	int r =
	    ask_relay(e, METHOD_GROUP_LIST, &req.base, on_listed, e->groups);

	if (r == 0)
		e->groups->busy = true;
	return r;
}

uint64_t
groups_flush(struct engine *e)
{
	struct groups *gs = groups_get(e);
	uint8_t id[GROUP_ID_LEN];
	struct store_group g = {0};
	uint64_t wait_ms = 0;
	int r;

	if (gs == NULL)
		return GROUP_AGAIN_MS;
	if (gs->busy || !e->self.registered || e->failed)
		return 0;
	if (!gs->listed)
		return ask_list(e) == 0 ? 0 : GROUP_AGAIN_MS;
	r = store_group_due(e->store, engine_now_ms(), id, &wait_ms);
	if (r != 0)
		return wait_ms;
	r = store_group_get(e->store, id, &g);
	if (r == 0 && g.todo == STORE_GROUP_OWED && outbox_crowded(e)) {
		store_group_clear(&g);
		return 0; /* an answer wakes us */
	}
	if (r == 0)
		r = step(e, &g);
	store_group_clear(&g);
	if (r != 0 && !e->failed && connection_online(e)) {
		r = txn_begin(e);
		if (r == 0)
			r = txn_end(e, later(e, id, 0));
	}
	if (!gs->busy && (r == 0 || !e->failed))
		groups_wake(e);
	return 0;
}

void
groups_online(struct engine *e)
{
	struct groups *gs = groups_get(e);

	if (gs != NULL)
		gs->busy = gs->listed = false;
	/* What failed on the last connection is tried at once on this one. */
	if (store_group_retry(e->store) != 0 && !e->failed)
		reply_error(e, 0, ERR_IO, NULL);
	groups_wake(e);
}

void
groups_link_lost(struct engine *e)
{
	if (e->groups == NULL)
		return;
	e->groups->busy = false;
	group_answer(e, 0, 0, NULL); /* it waits, and goes on later */
}

bool
groups_busy(const struct engine *e)
{
	uint8_t id[GROUP_ID_LEN];
	uint64_t wait_ms;

	return e->groups != NULL &&
	       (e->groups->busy || !e->groups->listed ||
		   store_group_due(e->store, engine_now_ms(), id, &wait_ms) ==
		       0);
}

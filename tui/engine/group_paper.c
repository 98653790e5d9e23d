/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group_paper.c — what members hand each other: welcomes to start from,
 * secrets, the link's token; and how one asks for them. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/layout.h"
#include "tui/engine/devices.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_int.h"
#include "tui/store/store_status.h"

static ProtobufCBinaryData
bytes_of(const void *p, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)p};
}

/* ---- telling ------------------------------------------------------------------- */

int
group_tell(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], Sotto__Content__Content *c)
{
	const struct outbox_for whom = {.account = account};
	struct draft d = {0};

	draft_init(&d);
	c->message_id = d.c.message_id;
	c->sent_ms = d.c.sent_ms;
	c->group_id = bytes_of(id, GROUP_ID_LEN);
	d.c = *c;
	draft_introduce(e, &d);
	return draft_send(e, &d, &whom);
}

static int
tell(struct engine *e, const struct store_group *g, const uint8_t *account,
    Sotto__Content__Group *m)
{
	Sotto__Content__Content c = SOTTO__CONTENT__CONTENT__INIT;

	m->group_id = bytes_of(g->id, sizeof(g->id));
	c.body_case = SOTTO__CONTENT__CONTENT__BODY_GROUP;
	c.group = m;
	return group_tell(e, g->id, account, &c);
}

/* A welcome or a share, with the link's token for who may know it. */
static int
give(struct engine *e, const struct store_group *g, const struct group_view *v,
    const uint8_t *account, enum store_owed what)
{
	Sotto__Content__Group m = SOTTO__CONTENT__GROUP__INIT;
	struct buf b;
	int r = what == STORE_OWED_WELCOME
		    ? group_welcome(g->record, g->len, &b)
		    : group_key_share(g->record, g->len, &b);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r; /* they ask somebody else */
	if (what == STORE_OWED_WELCOME)
		m.welcome = bytes_of(b.p, b.len);
	else
		m.share = bytes_of(b.p, b.len);
	if (g->has_token && (own_account(e, account) ||
				group_public_is_admin(&v->pub, account)))
		m.link_token = bytes_of(g->token, sizeof(g->token));
	r = tell(e, g, account, &m);
	buf_clear(&b);
	return r;
}

/* *any: do we have other devices? */
static int
has_others(struct engine *e, bool *any)
{
	return devices_others(e, any);
}

int
group_owed(struct engine *e, struct store_group *g, bool *more)
{
	uint8_t account[STORE_ID_LEN];
	enum store_owed what;
	struct group_view v;
	bool others = false;
	size_t n;
	int r;

	*more = false;
	if (g->len == 0)
		return 0;
	r = has_others(e, &others);
	if (r == 0)
		r = group_view_open(&v, g->record, g->len);
	if (r != 0)
		return r;
	for (n = 0; r == 0 && n < GROUP_TURN_OWED; n++) {
		r = store_owed_take(e->store, g->id, account, &what);
		if (r != 0)
			break;
		if (own_account(e, account)
			? others
			: group_public_find(&v.pub, account, NULL))
			r = give(e, g, &v, account, what);
	}
	group_view_clear(&v);
	*more = r == 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

int
group_tell_token(struct engine *e, const struct store_group *g,
    const struct group_entry *only)
{
	Sotto__Content__Group m = SOTTO__CONTENT__GROUP__INIT;
	struct group_member who;
	struct group_view v;
	bool others = false;
	size_t i, told = 0;
	int r;

	if (!g->has_token)
		return 0;
	r = has_others(e, &others);
	if (r == 0)
		r = group_view_open(&v, g->record, g->len);
	if (r != 0)
		return r;
	m.link_token = bytes_of(g->token, sizeof(g->token));
	if (others)
		r = tell(e, g, e->self.account, &m);
	for (i = 0; r == 0 && i < v.pub.n_members && told < GROUP_TOKEN_TO;
	     i++) {
		group_public_member(&v.pub, i, &who);
		if (who.role != GROUP_ADMIN || own_account(e, who.account))
			continue;
		if (only->kind == GROUP_PROMOTE &&
		    !layout_search(only->accounts, only->n_accounts,
			GROUP_ACCOUNT_LEN, who.account, NULL))
			continue;
		r = tell(e, g, who.account, &m);
		told++;
	}
	group_view_clear(&v);
	return r;
}

int
groups_tell_own(struct engine *e)
{
	struct store_group *v = NULL;
	size_t i, n = 0;
	int r = store_group_list(e->store, &v, &n);

	for (i = 0; r == 0 && i < n; i++) {
		if (v[i].standing != STORE_GROUP_MEMBER)
			continue;
		r = store_owed_put(
		    e->store, v[i].id, e->self.account, STORE_OWED_WELCOME);
		group_todo(&v[i], STORE_GROUP_OWED, 0);
		if (r == 0)
			r = store_group_put(e->store, &v[i]);
	}
	free(v);
	groups_wake(e);
	return r;
}

/* ---- whose word counts ---------------------------------------------------------------- */

/* Did this account bring us in, by an entry that waits? */
static bool
brought_us_in(struct engine *e, const struct store_group *g,
    const uint8_t account[static STORE_ID_LEN])
{
	struct group_entry en;
	enum group_why why;
	bool did = false;
	int64_t id = 0;
	uint8_t *p;
	size_t len;

	while (
	    !did && store_entry_next(e->store, g->id, id, &id, &p, &len) == 0) {
		if (group_entry_open(&en, p, len, &why) == 0) {
			did =
			    memcmp(en.actor, account, STORE_ID_LEN) == 0 &&
			    (layout_search(en.accounts, en.n_accounts,
				 GROUP_ACCOUNT_LEN, e->self.account, NULL) ||
				layout_search(en.admins, en.n_admins,
				    GROUP_ACCOUNT_LEN, e->self.account, NULL));
			group_entry_clear(&en);
		}
		free(p);
	}
	return did;
}

static bool
may_vouch(struct engine *e, const struct store_group *g,
    const uint8_t account[static STORE_ID_LEN])
{
	struct group_view v;
	bool is;

	if (own_account(e, account))
		return true;
	if (g->len > 0 && group_view_open(&v, g->record, g->len) == 0) {
		is = group_public_find(&v.pub, account, NULL);
		group_view_clear(&v);
		if (is)
			return true;
	}
	return brought_us_in(e, g, account);
}

/* ---- welcomes ---------------------------------------------------------------------------- */

static void
settled(struct store_group *g)
{
	g->todo &= ~(uint32_t)(STORE_GROUP_STATE | STORE_GROUP_ASK_WELCOME);
	g->asked = 0;
	g->attempts = 0;
}

/* We are there already: it confirms, and may bring the secret. */
static int
confirm(struct engine *e, struct store_group *g, const uint8_t *p, size_t len)
{
	enum group_why why;
	struct buf rec;
	int r =
	    group_welcome_take(g->record, g->len, p, len, NULL, 0, &rec, &why);

	if (r == 0) {
		settled(g);
		r = group_advance(e, g, &rec);
		buf_clear(&rec);
	} else if (r == ERR_DUP) {
		settled(g);
		r = store_group_put(e->store, g);
	} else if (r == ERR_DENIED) {
		r = group_alarm(e, g, (int)why, g->version);
	} else if (r == ERR_AUTH || r == ERR_RANGE) {
		r = 0; /* not the secret the chain speaks of */
	}
	return r;
}

/* A line for who has come in. */
static int
tell_in(struct engine *e, const struct store_group *g, enum store_standing was,
    const uint8_t *from)
{
	char who[GROUP_WHO_MAX], line[GROUP_WHO_MAX + 64];

	if ((was != STORE_GROUP_ADDED && was != STORE_GROUP_ASKED &&
		was != STORE_GROUP_REMOVED && was != STORE_GROUP_LEFT) ||
	    own_account(e, from))
		return 0;
	snprintf(line, sizeof(line),
	    was == STORE_GROUP_ASKED ? "%s let you in." : "%s added you.",
	    group_who(e, from, who));
	return note_add(e, g->chat, STORE_MSG_NOTE, line);
}

static int
started(struct engine *e, struct store_group *g, struct buf *rec,
    const uint8_t *from)
{
	const enum store_standing was = g->standing;
	int r;

	settled(g);
	g->standing = STORE_GROUP_MEMBER; /* group_advance() knows better */
	if (g->alarm != 0 && g->alarm != GROUP_WHY_FORK) {
		g->alarm = 0;
		r = note_add(e, g->chat, STORE_MSG_NOTE,
		    "A member has confirmed how the group is.");
		if (r != 0)
			return r;
	}
	r = group_advance(e, g, rec);
	if (r == 0)
		r = tell_in(e, g, was, from);
	if (r == 0)
		r = store_paper_drop(e->store, g->id, STORE_PAPER_WELCOME);
	if (r == 0)
		r = group_papers(e, g);
	return r == 0 ? group_follow(e, g) : r;
}

/* The relay's record is not what the member saw. */
static int
differs(struct engine *e, struct store_group *g, const uint8_t *welcome,
    size_t welcome_len, const uint8_t *pub, size_t len)
{
	struct group_public v;
	uint8_t id[GROUP_ID_LEN];
	uint32_t seen = 0;
	int r = group_welcome_peek(welcome, welcome_len, id, &seen);

	if (r != 0)
		return r == ERR_FORMAT ? 0 : r;
	g->todo &= ~(uint32_t)STORE_GROUP_STATE;
	if (group_public_open(&v, pub, len) != 0 || v.version == seen)
		return group_alarm(e, g, GROUP_ALARM_RECORD, seen);
	if (v.version < seen)
		return group_alarm(e, g, GROUP_ALARM_HIDDEN, seen);
	/* It has moved on: follow the chain from its beginning, which the
	 * welcome confirms; or ask how it is now. */
	if (g->wanted < v.version)
		g->wanted = v.version;
	group_todo(
	    g, g->len == 0 ? STORE_GROUP_ENTRIES : STORE_GROUP_ASK_WELCOME, 0);
	return store_group_put(e->store, g);
}

int
group_welcome_state(
    struct engine *e, struct store_group *g, const uint8_t *pub, size_t len)
{
	uint8_t from[STORE_ID_LEN], *p;
	enum group_why why;
	struct buf rec;
	size_t n;
	int64_t id;
	int r = store_paper_last(
	    e->store, g->id, STORE_PAPER_WELCOME, &id, from, &p, &n);

	g->todo &= ~(uint32_t)STORE_GROUP_STATE;
	if (r != 0)
		return r == ERR_NOTFOUND ? store_group_put(e->store, g) : r;
	r = group_welcome_take(g->record, g->len, p, n, pub, len, &rec, &why);
	if (r == 0) {
		r = started(e, g, &rec, from);
		buf_clear(&rec);
	} else {
		if (r == ERR_AUTH || r == ERR_FORMAT || r == ERR_VERSION)
			r = differs(e, g, p, n, pub, len);
		else if (r == ERR_DENIED)
			r = group_alarm(e, g, (int)why, g->version);
		else if (r == ERR_DUP || r == ERR_RANGE)
			r = 0;
		/* without a record, it is to confirm the chain */
		if (r == 0 && g->len > 0)
			r = store_paper_delete(e->store, id);
		if (r == 0)
			r = store_group_put(e->store, g);
	}
	sodium_memzero(p, n);
	free(p);
	return r;
}

static int
take_welcome(struct engine *e, struct store_group *g, const uint8_t *account,
    const ProtobufCBinaryData *w)
{
	uint8_t id[GROUP_ID_LEN];
	uint32_t version;
	int r = group_welcome_peek(w->data, w->len, id, &version);

	if (r != 0 || memcmp(id, g->id, sizeof(id)) != 0)
		return r == ERR_NOMEM ? r : 0;
	if (g->len > 0 && version <= g->version)
		return confirm(e, g, w->data, w->len);
	r = store_paper_add(
	    e->store, g->id, STORE_PAPER_WELCOME, account, w->data, w->len);
	if (r != 0)
		return r;
	group_todo(g, STORE_GROUP_STATE, 0);
	return store_group_put(e->store, g);
}

/* ---- secrets ------------------------------------------------------------------------------- */

static int
take_key(struct engine *e, struct store_group *g, const uint8_t *p, size_t len)
{
	struct buf rec;
	int r = group_key_take(g->record, g->len, p, len, &rec, NULL);

	if (r == 0) {
		g->asked = 0;
		r = group_advance(e, g, &rec);
		buf_clear(&rec);
		return r;
	}
	return r == ERR_NOMEM ? r : 0; /* had it, or it is none */
}

static int
take_share(struct engine *e, struct store_group *g, const uint8_t *account,
    const ProtobufCBinaryData *s)
{
	if (g->len > 0)
		return take_key(e, g, s->data, s->len);
	return store_paper_add(
	    e->store, g->id, STORE_PAPER_SHARE, account, s->data, s->len);
}

/* One that waited. *later: it is of a version that is to come. */
static int
take_paper(struct engine *e, struct store_group *g, enum store_paper kind,
    const uint8_t *from, const uint8_t *p, size_t len, bool *later)
{
	uint8_t id[GROUP_ID_LEN];
	uint32_t version = 0;

	*later = false;
	if (!may_vouch(e, g, from))
		return 0;
	if (kind == STORE_PAPER_SHARE)
		return take_key(e, g, p, len);
	if (group_welcome_peek(p, len, id, &version) != 0)
		return 0;
	*later = version > g->version;
	return *later ? 0 : confirm(e, g, p, len);
}

static int
take_papers(struct engine *e, struct store_group *g, enum store_paper kind)
{
	uint8_t from[STORE_ID_LEN], *p;
	bool later = false;
	size_t len;
	int64_t id;
	int r = 0;

	while (r == 0 && !later) {
		r = store_paper_last(
		    e->store, g->id, kind, &id, from, &p, &len);
		if (r != 0)
			return r == ERR_NOTFOUND ? 0 : r;
		r = take_paper(e, g, kind, from, p, len, &later);
		if (r == 0 && !later)
			r = store_paper_delete(e->store, id);
		sodium_memzero(p, len);
		free(p);
	}
	return r;
}

int
group_papers(struct engine *e, struct store_group *g)
{
	int r = take_papers(e, g, STORE_PAPER_WELCOME);

	return r == 0 ? take_papers(e, g, STORE_PAPER_SHARE) : r;
}

/* ---- the link's token ------------------------------------------------------------------------ */

static int
take_token(struct engine *e, struct store_group *g, const uint8_t *account,
    const ProtobufCBinaryData *t)
{
	uint8_t key[GROUP_LINK_KEY_LEN];
	struct group_view v;
	bool fits;
	int r;

	if (t->len != GROUP_TOKEN_LEN || g->len == 0)
		return 0;
	r = group_view_open(&v, g->record, g->len);
	if (r != 0)
		return r;
	group_link_key(key, t->data);
	fits =
	    v.pub.link != GROUP_LINK_NONE &&
	    memcmp(key, v.pub.link_key, sizeof(key)) == 0 &&
	    (own_account(e, account) || group_public_is_admin(&v.pub, account));
	group_view_clear(&v);
	if (!fits)
		return 0;
	g->has_token = true;
	memcpy(g->token, t->data, sizeof(g->token));
	return group_save(e, g);
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* Whom to ask at the n-th time: admins first, then everybody. */
static bool
helper(struct engine *e, const struct group_public *v, uint32_t n,
    uint8_t out[static STORE_ID_LEN])
{
	struct group_member m;
	size_t i, k, others = 0, admins = 0;

	for (i = 0; i < v->n_members; i++) {
		group_public_member(v, i, &m);
		if (own_account(e, m.account))
			continue;
		others++;
		admins += m.role == GROUP_ADMIN;
	}
	if (others == 0)
		return false;
	k = n < admins ? n : (n - admins) % others;
	for (i = 0; i < v->n_members; i++) {
		group_public_member(v, i, &m);
		if (own_account(e, m.account) ||
		    (n < admins && m.role != GROUP_ADMIN))
			continue;
		if (k-- == 0)
			break;
	}
	memcpy(out, m.account, STORE_ID_LEN);
	return true;
}

static uint64_t
pause_ms(uint32_t asked)
{
	uint64_t ms = 10000ull << (asked < 10 ? asked : 10);

	return ms < GROUP_ASK_MAX_MS ? ms : GROUP_ASK_MAX_MS;
}

/* How long it is not yet time to ask. */
static uint64_t
ask_wait_ms(const struct store_group *g, uint64_t now_ms)
{
	uint64_t since_ms = now_ms > g->asked_ms ? now_ms - g->asked_ms : 0;
	uint64_t pause = g->asked > 0 ? pause_ms(g->asked - 1) : GROUP_KEY_MS;

	if (g->asked == 0 && (g->todo & STORE_GROUP_ASK_WELCOME) != 0)
		return 0;
	return since_ms < pause ? pause - since_ms : 0;
}

static int
ask_one(struct engine *e, struct store_group *g, const uint8_t *account)
{
	Sotto__Content__Group m = SOTTO__CONTENT__GROUP__INIT;

	m.ask_welcome = (g->todo & STORE_GROUP_ASK_WELCOME) != 0;
	m.ask_key = !m.ask_welcome;
	return tell(e, g, account, &m);
}

int
group_ask(struct engine *e, struct store_group *g, uint64_t *wait_ms)
{
	const uint64_t now_ms = engine_now_ms();
	uint8_t account[STORE_ID_LEN];
	struct group_view v;
	bool others = false, any = false;
	int r = 0;

	*wait_ms = 0;
	*wait_ms = ask_wait_ms(g, now_ms);
	if (*wait_ms > 0)
		return 0;
	if (g->len > 0) {
		r = group_view_open(&v, g->record, g->len);
		if (r != 0)
			return r;
		any = helper(e, &v.pub, g->asked, account);
		group_view_clear(&v);
	}
	if (g->asked == 0)
		r = has_others(e, &others);
	if (r == 0 && others)
		r = ask_one(e, g, e->self.account);
	if (r == 0 && any)
		r = ask_one(e, g, account);
	g->asked++;
	g->asked_ms = now_ms;
	*wait_ms = pause_ms(g->asked - 1);
	return r;
}

/* They ask. Members are given it, now and then. */
static int
asked(struct engine *e, struct store_group *g, const uint8_t *account,
    enum store_owed what)
{
	const uint64_t now_ms = engine_now_ms();
	struct group_view v;
	uint64_t last_ms;
	bool is;
	int r;

	if (g->len == 0 || g->standing != STORE_GROUP_MEMBER)
		return 0;
	r = group_view_open(&v, g->record, g->len);
	if (r != 0)
		return r;
	is =
	    own_account(e, account) || group_public_find(&v.pub, account, NULL);
	group_view_clear(&v);
	if (!is)
		return 0;
	r = store_helped_get(e->store, g->id, account, &last_ms);
	if (r != 0 || (now_ms >= last_ms && now_ms - last_ms < GROUP_HELP_MS))
		return r;
	r = store_helped_put(e->store, g->id, account, now_ms);
	if (r == 0)
		r = store_owed_put(e->store, g->id, account, what);
	group_todo(g, STORE_GROUP_OWED, 0);
	return r == 0 ? store_group_put(e->store, g) : r;
}

/* ---- what comes ----------------------------------------------------------------------------------- */

static int
take(struct engine *e, struct store_group *g, const uint8_t *account,
    const Sotto__Content__Group *m)
{
	const bool vouches = may_vouch(e, g, account);
	int r = 0;

	if (vouches && m->welcome.len > 0)
		r = take_welcome(e, g, account, &m->welcome);
	if (r == 0 && vouches && m->share.len > 0)
		r = take_share(e, g, account, &m->share);
	if (r == 0 && m->link_token.len > 0)
		r = take_token(e, g, account, &m->link_token);
	if (r == 0 && m->ask_welcome)
		r = asked(e, g, account, STORE_OWED_WELCOME);
	if (r == 0 && m->ask_key)
		r = asked(e, g, account, STORE_OWED_SHARE);
	return r;
}

int
group_content_take(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Content__Group *m)
{
	struct store_group g = {0};
	int r;

	if (m->group_id.len != GROUP_ID_LEN ||
	    memcmp(m->group_id.data, store_status_list, STORE_ID_LEN) == 0)
		return 0;
	r = store_group_get(e->store, m->group_id.data, &g);
	if (r == ERR_NOTFOUND && own_account(e, account) && m->welcome.len > 0)
		r = group_begin(e, m->group_id.data, STORE_GROUP_ADDED, &g);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = take(e, &g, account, m);
	store_group_clear(&g);
	groups_wake(e);
	return r;
}

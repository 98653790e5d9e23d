/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "tests/unit/group_help.h"

static void
fill(void *ctx, void *out, size_t n)
{
	uint8_t seed[randombytes_SEEDBYTES] = {0x67};
	uint32_t *counter = ctx;

	memcpy(seed + 1, counter, sizeof(*counter));
	(*counter)++;
	randombytes_buf_deterministic(out, n, seed);
}

static int
get_key(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	struct world *w = ctx;
	int i;

	(void)list_version;
	if (device < 1 || device > 2 || device == w->gone_device)
		return ERR_NOTFOUND;
	for (i = 0; i < WORLD_PEOPLE; i++)
		if (memcmp(w->p[i].account, account, GROUP_ACCOUNT_LEN) == 0) {
			*out = w->p[i].key[device - 1].pk;
			return 0;
		}
	return ERR_NOTFOUND;
}

struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	int i;

	assert_non_null(w);
	assert_true(sodium_init() >= 0);
	w->rng = (struct signal_rng){fill, &w->counter};
	w->keys = (struct group_keys){get_key, w};
	for (i = 0; i < WORLD_PEOPLE; i++) {
		fill(&w->counter, w->p[i].account, GROUP_ACCOUNT_LEN);
		identity_generate(&w->p[i].key[0], &w->rng);
		identity_generate(&w->p[i].key[1], &w->rng);
	}
	return w;
}

void
world_free(struct world *w)
{
	size_t i;

	for (i = 0; i < WORLD_PEOPLE; i++)
		buf_clear(&w->p[i].record);
	for (i = 0; i < w->n_entries; i++)
		buf_clear(&w->entries[i]);
	buf_clear(&w->relay);
	free(w);
}

struct group_actor
world_actor(struct world *w, int who)
{
	return (struct group_actor){
	    .account = w->p[who].account,
	    .device = 1,
	    .list_version = 7,
	    .identity = &w->p[who].key[0],
	    .now_ms = 1700000000000,
	    .rng = &w->rng,
	};
}

/* Lists live until they are used: intents of tests are short-lived. */
struct group_intent
about(struct world *w, enum group_kind kind, int a, int b)
{
	static uint8_t lists[16][2][GROUP_ACCOUNT_LEN];
	static size_t next;
	uint8_t(*list)[GROUP_ACCOUNT_LEN] = lists[next++ % 16];
	struct group_intent in = {.kind = kind, .accounts = list};

	if (a >= 0)
		memcpy(
		    list[in.n_accounts++], w->p[a].account, GROUP_ACCOUNT_LEN);
	if (b >= 0)
		memcpy(
		    list[in.n_accounts++], w->p[b].account, GROUP_ACCOUNT_LEN);
	return in;
}

struct group_intent
named(enum group_kind kind, const char *name)
{
	struct group_intent in = {.kind = kind, .fields = GROUP_F_NAME};

	snprintf(in.meta.name, sizeof(in.meta.name), "%s", name);
	return in;
}

void
put_record(struct buf *to, struct buf *from)
{
	buf_clear(to);
	*to = *from;
	buf_init(from, 0);
}

int
relay_take(struct world *w, const struct buf *entry, enum group_why *why)
{
	struct buf after;
	int r;

	r = group_public_apply(w->relay.p, w->relay.len, entry->p, entry->len,
	    &w->keys, &after, why);
	if (r != 0)
		return r;
	put_record(&w->relay, &after);
	assert_true(w->n_entries < WORLD_ENTRIES);
	buf_init(&w->entries[w->n_entries], GROUP_ENTRY_MAX);
	return buf_put(&w->entries[w->n_entries++], entry->p, entry->len);
}

int
try_act(struct world *w, int who, const struct group_intent *in,
    enum group_why *why)
{
	struct group_actor me = world_actor(w, who);
	struct buf *rec = &w->p[who].record;
	struct group_proposal made;
	int r;

	r = group_propose(rec->p, rec->len, &me, in, &made, why);
	if (r != 0)
		return r;
	r = relay_take(w, &made.entry, why);
	if (r == 0)
		put_record(rec, &made.record);
	group_proposal_clear(&made);
	return r;
}

void
act(struct world *w, int who, const struct group_intent *in)
{
	enum group_why why;
	int r = try_act(w, who, in, &why);

	if (r != 0)
		fail_msg("kind %d by %d: %s, %s", in->kind, who, err_name(r),
		    group_why_name(why));
}

void
act_not(struct world *w, int who, const struct group_intent *in,
    enum group_why expected)
{
	enum group_why why;
	int r = try_act(w, who, in, &why);

	if (r != ERR_DENIED || why != expected)
		fail_msg("kind %d by %d: %s, %s instead of %s", in->kind, who,
		    r == 0 ? "done" : err_name(r), group_why_name(why),
		    group_why_name(expected));
}

uint32_t
version_of(const struct world *w, int who)
{
	struct group_view v;
	uint32_t version;

	if (w->p[who].record.len == 0)
		return 0;
	v = look(w, who);
	version = v.pub.version;
	group_view_clear(&v);
	return version;
}

int
try_follow(struct world *w, int who, enum group_why *why)
{
	struct buf *rec = &w->p[who].record, after;
	size_t i;
	int r;

	*why = GROUP_WHY_NONE;
	for (i = version_of(w, who); i < w->n_entries; i++) {
		r = group_apply(rec->p, rec->len, w->entries[i].p,
		    w->entries[i].len, &w->keys, &after, NULL, why);
		if (r != 0)
			return r;
		put_record(rec, &after);
	}
	return 0;
}

void
follow(struct world *w, int who)
{
	enum group_why why;
	int r = try_follow(w, who, &why);

	if (r != 0)
		fail_msg("%d cannot follow: %s, %s", who, err_name(r),
		    group_why_name(why));
}

void
welcome(struct world *w, int from, int to)
{
	struct buf *rec = &w->p[to].record, told, after;
	enum group_why why;

	assert_ok(
	    group_welcome(w->p[from].record.p, w->p[from].record.len, &told));
	assert_ok(group_welcome_take(rec->p, rec->len, told.p, told.len,
	    w->relay.p, w->relay.len, &after, &why));
	put_record(rec, &after);
	buf_clear(&told);
}

int
try_share(struct world *w, int from, int to)
{
	struct buf *rec = &w->p[to].record, told, after;
	int r;

	r = group_key_share(w->p[from].record.p, w->p[from].record.len, &told);
	if (r != 0)
		return r;
	r = group_key_take(rec->p, rec->len, told.p, told.len, &after, NULL);
	if (r == 0)
		put_record(rec, &after);
	buf_clear(&told);
	return r;
}

void
share(struct world *w, int from, int to)
{
	assert_ok(try_share(w, from, to));
}

void
make_group(struct world *w, int n)
{
	struct group_intent in = named(GROUP_CREATE, "Friends");
	uint8_t list[WORLD_PEOPLE][GROUP_ACCOUNT_LEN];
	int i;

	for (i = 1; i < n; i++)
		memcpy(list[i - 1], w->p[i].account, GROUP_ACCOUNT_LEN);
	in.accounts = list;
	in.n_accounts = (size_t)n - 1;
	act(w, 0, &in);
	for (i = 1; i < n; i++)
		welcome(w, 0, i);
}

struct group_view
look(const struct world *w, int who)
{
	struct group_view v;

	assert_ok(
	    group_view_open(&v, w->p[who].record.p, w->p[who].record.len));
	return v;
}

bool
is_member(const struct world *w, int who)
{
	struct group_public v;

	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	return group_public_find(&v, w->p[who].account, NULL);
}

bool
is_admin(const struct world *w, int who)
{
	struct group_public v;

	assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
	return group_public_is_admin(&v, w->p[who].account);
}

void
assert_agree(const struct world *w, int a, int b)
{
	struct group_view x = look(w, a), y = look(w, b);
	uint8_t hx[GROUP_HASH_LEN], hy[GROUP_HASH_LEN];

	group_public_hash(&x.pub, hx);
	group_public_hash(&y.pub, hy);
	assert_int_equal(x.pub.version, y.pub.version);
	assert_memory_equal(x.pub.head, y.pub.head, GROUP_HASH_LEN);
	assert_memory_equal(hx, hy, sizeof(hx));
	assert_true(x.has_secret && y.has_secret);
	assert_true(x.meta_current && y.meta_current);
	assert_memory_equal(&x.meta, &y.meta, sizeof(x.meta));
	group_view_clear(&x);
	group_view_clear(&y);
}

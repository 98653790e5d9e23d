/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_group.c — groups: their records, entries and members. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite_group.h"

#define PROOF_LEN 64

/* ---- reading ---------------------------------------------------------------------- */

static int
load_group(struct backend *b, const struct group_id *id, int64_t *row,
    struct buf *record)
{
	sqlite3_stmt *q = sql(b, SQL_GROUP_GET);
	int r;

	buf_init(record, GROUP_PUBLIC_MAX);
	bind_blob(q, 1, id->b, sizeof(id->b));
	r = sql_step(b, q);
	if (r == ROW) {
		*row = sqlite3_column_int64(q, 0);
		r = buf_put(record, sqlite3_column_blob(q, 1),
		    (size_t)sqlite3_column_bytes(q, 1));
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

int
known_group(
    struct backend *b, const struct group_id *id, struct group_slot **out)
{
	struct buf record;
	int64_t row = 0;
	int r;

	*out = group_cache_find(&b->groups, id);
	if (*out != NULL)
		return 0;
	r = load_group(b, id, &row, &record);
	if (r != 0) {
		buf_clear(&record);
		return r;
	}
	*out = group_cache_put(&b->groups, id, row, &record);
	return 0;
}

int
member_group(struct backend *b, const struct group_id *id,
    const struct account_id *who, struct group_slot **out,
    struct group_public *g)
{
	int r;

	r = known_group(b, id, out);
	if (r == 0)
		r = group_public_open(g, (*out)->record.p, (*out)->record.len);
	if (r == 0 && !group_public_find(g, who->b, NULL))
		r = ERR_NOTFOUND;
	return r;
}

static void
members_of(const struct group_public *g, struct account_id *v)
{
	struct group_member m;
	size_t i;

	for (i = 0; i < g->n_members; i++) {
		group_public_member(g, i, &m);
		memcpy(v[i].b, m.account, sizeof(v[i].b));
	}
}

int
group_audience(
    struct backend *b, struct group_slot *s, const struct group_public *g)
{
	struct account_id v[GROUP_MEMBERS_MAX];
	struct store_place *places = NULL;
	uint8_t digest[32];
	size_t n = 0;
	int r;

	if (s->known)
		return 0;
	members_of(g, v);
	r = audience_of(b, v, g->n_members, &places, &n);
	if (r != 0)
		return r;
	audience_digest(digest, places, n);
	group_cache_know(&b->groups, s, places, n, digest);
	return 0;
}

static int
read_entries(
    struct backend *b, int64_t row, uint32_t from, struct buf *out, bool *more)
{
	sqlite3_stmt *q = sql(b, SQL_ENTRY_READ);
	uint32_t len;
	int r;

	if (out->max == 0)
		buf_init(out, STORE_ENTRIES_BYTES);
	buf_reset(out);
	*more = false;
	sqlite3_bind_int64(q, 1, row);
	bind_u64(q, 2, from);
	while ((r = sql_step(b, q)) == ROW) {
		len = (uint32_t)sqlite3_column_bytes(q, 0);
		*more = out->len + 4 + len > STORE_ENTRIES_BYTES;
		r = *more ? 0 : buf_put_u32(out, len);
		if (r == 0 && !*more)
			r = buf_put(out, sqlite3_column_blob(q, 0), len);
		if (r != 0 || *more)
			break;
	}
	sql_end(q);
	return r;
}

int
run_group_entries(struct backend *b, struct op_group_entries *o)
{
	struct group_slot *s;
	struct group_public g;
	int r;

	r = member_group(b, &o->group, &o->asker, &s, &g);
	if (r != 0)
		return r;
	o->version = g.version;
	return read_entries(b, s->row, o->from_version, &o->entries, &o->more);
}

/* Somebody who holds the invite link. */
static bool
proof_ok(const struct op_group_state *o, const struct group_public *g)
{
	static const char label[] = "sotto group preview";
	uint8_t m[sizeof(label) + GROUP_ID_LEN + GROUP_ACCOUNT_LEN];

	if (o->proof == NULL || g->link == GROUP_LINK_NONE)
		return false;
	memcpy(m, label, sizeof(label));
	memcpy(m + sizeof(label), o->group.b, GROUP_ID_LEN);
	memcpy(m + sizeof(label) + GROUP_ID_LEN, o->asker.b, GROUP_ACCOUNT_LEN);
	return crypto_sign_verify_detached(
		   o->proof, m, sizeof(m), g->link_key) == 0;
}

int
run_group_state(struct backend *b, struct op_group_state *o)
{
	struct group_slot *s;
	struct group_public g;
	int r;

	r = known_group(b, &o->group, &s);
	if (r == 0)
		r = group_public_open(&g, s->record.p, s->record.len);
	if (r == 0 && !group_public_find(&g, o->asker.b, NULL) &&
	    !group_public_asked(&g, o->asker.b) && !proof_ok(o, &g))
		r = ERR_NOTFOUND;
	if (r != 0)
		return r;
	if (o->record.max == 0)
		buf_init(&o->record, GROUP_PUBLIC_MAX);
	buf_reset(&o->record);
	return buf_put(&o->record, s->record.p, s->record.len);
}

static int
list_groups(struct backend *b, int64_t account, struct op_group_list *o)
{
	sqlite3_stmt *q = sql(b, SQL_MEMBER_GROUPS);
	int r;

	sqlite3_bind_int64(q, 1, account);
	bind_u64(q, 2, STORE_GROUP_LIST_MAX);
	while ((r = sql_step(b, q)) == ROW) {
		struct store_group *g = &o->v[o->n];

		r = col_bytes(b, q, 0, g->id.b, sizeof(g->id.b));
		if (r != 0)
			break;
		g->version = col_u32(q, 1);
		o->n++;
	}
	sql_end(q);
	return r;
}

static int
count_groups(struct backend *b, int64_t account, uint64_t *n)
{
	sqlite3_stmt *q = sql(b, SQL_MEMBER_COUNT);

	sqlite3_bind_int64(q, 1, account);
	return sql_number(b, q, n);
}

int
run_group_list(struct backend *b, struct op_group_list *o)
{
	struct cache_account *a;
	uint64_t n = 0;
	int64_t row;
	int r;

	free(o->v);
	o->v = NULL;
	o->n = 0;
	r = known_account(b, &o->account, &a);
	if (r != 0)
		return r;
	row = a->row;
	r = count_groups(b, row, &n);
	if (r != 0)
		return r;
	o->v = calloc(n + 1, sizeof(*o->v));
	return o->v == NULL ? ERR_NOMEM : list_groups(b, row, o);
}

/* ---- changing --------------------------------------------------------------------- */

struct change {
	struct op_group_change *o;
	struct group_entry e;
	int64_t row; /* 0: it is being made */
	struct buf before, after; /* records; before is a copy, or empty */
	struct account_id *concerned; /* heap; ascending */
	size_t n;
	struct store_place *to; /* heap */
	size_t n_to;
};

static void
change_clear(struct change *c)
{
	group_entry_clear(&c->e);
	buf_clear(&c->before);
	buf_clear(&c->after);
	free(c->concerned);
	free(c->to);
}

struct signer {
	struct backend *b;
	store_dev dev;
};

/* The key of the device that sends; it was checked that it is the actor's. */
static int
signer_key(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out)
{
	const struct signer *s = ctx;
	sqlite3_stmt *q = sql(s->b, SQL_DEVICE_IDENTITY);
	int r;

	(void)account;
	(void)device;
	bind_u64(q, 1, s->dev);
	r = sql_step(s->b, q);
	if (r == ROW) {
		r = identity_pk_get(out, sqlite3_column_blob(q, 0),
		    (size_t)sqlite3_column_bytes(q, 0));
		if (r != 0 || list_version > col_u32(q, 1))
			r = ERR_NOTFOUND;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
deny(struct op_group_change *o, enum group_why why)
{
	o->why = why;
	return ERR_DENIED;
}

/* Read the entry, and see that it is the sender's own. */
static int
read_change(struct backend *b, struct change *c)
{
	struct op_group_change *o = c->o;
	int r;

	r = sender_check(b, o->sender, &o->sender_account, &o->sender_device);
	if (r == ERR_DENIED)
		return deny(o, GROUP_WHY_NO_DEVICE);
	if (r == 0)
		r = group_entry_open(&c->e, o->entry, o->len, &o->why);
	if (r != 0)
		return r;
	if (memcmp(c->e.actor, o->sender_account.b, GROUP_ACCOUNT_LEN) != 0 ||
	    c->e.device != o->sender_device)
		return deny(o, GROUP_WHY_NO_DEVICE);
	memcpy(o->group.b, c->e.id, sizeof(o->group.b));
	memcpy(o->message_id, c->e.hash, sizeof(o->message_id));
	return 0;
}

static int
copy_before(struct backend *b, struct change *c)
{
	struct group_slot *s;
	int r;

	r = known_group(b, &c->o->group, &s);
	if (r == ERR_NOTFOUND)
		return 0;
	if (r != 0)
		return r;
	c->row = s->row;
	return buf_put(&c->before, s->record.p, s->record.len);
}

/* Another one was first: what a member needs to try again. */
static int
tell_conflict(struct backend *b, struct change *c)
{
	struct op_group_change *o = c->o;
	struct group_public g;
	int r;

	r = group_public_open(&g, c->before.p, c->before.len);
	if (r != 0)
		return r;
	o->version = g.version;
	if (!group_public_find(&g, o->sender_account.b, NULL))
		return ERR_EXISTS;
	r = read_entries(b, c->row, c->e.version, &o->entries, &o->more);
	return r != 0 ? r : ERR_EXISTS;
}

static int
apply(struct backend *b, struct change *c)
{
	struct signer signer = {b, c->o->sender};
	const struct group_keys keys = {signer_key, &signer};

	return group_public_apply(c->before.p, c->before.len, c->o->entry,
	    c->o->len, &keys, &c->after, &c->o->why);
}

static int
check_count(struct backend *b, const struct change *c)
{
	struct cache_account *a;
	uint64_t n = 0;
	int r;

	if (c->e.kind != GROUP_CREATE && c->e.kind != GROUP_JOIN)
		return 0;
	r = known_account(b, &c->o->sender_account, &a);
	if (r == 0)
		r = count_groups(b, a->row, &n);
	return r == 0 && n >= STORE_GROUPS_MAX ? ERR_FULL : r;
}

static int
open_both(const struct change *c, struct group_public *before,
    struct group_public *after)
{
	int r = 0;

	memset(before, 0, sizeof(*before));
	if (c->before.len > 0)
		r = group_public_open(before, c->before.p, c->before.len);
	return r != 0 ? r : group_public_open(after, c->after.p, c->after.len);
}

/* Members before and after, who is named, and who did it. */
static int
find_concerned(struct change *c)
{
	struct group_public before, after;
	struct account_id *v;
	size_t n;
	int r;

	r = open_both(c, &before, &after);
	if (r != 0)
		return r;
	n = before.n_members + after.n_members + c->e.n_accounts + 1;
	v = c->concerned = malloc(n * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	members_of(&before, v);
	members_of(&after, v + before.n_members);
	v += before.n_members + after.n_members;
	if (c->e.n_accounts > 0)
		memcpy(v, c->e.accounts, c->e.n_accounts * sizeof(*v));
	v[c->e.n_accounts] = c->o->sender_account;
	c->n = accounts_sort(c->concerned, n);
	return 0;
}

static int
member_set(struct backend *b, int64_t grp, const struct account_id *id, bool in)
{
	sqlite3_stmt *q = sql(b, in ? SQL_MEMBER_ADD : SQL_MEMBER_DEL);

	sqlite3_bind_int64(q, 1, grp);
	bind_blob(q, 2, id->b, sizeof(id->b));
	return sql_run(b, q);
}

/* Rows of group_member for those who came and went. */
static int
write_members(struct backend *b, const struct change *c)
{
	struct group_public before, after;
	bool was, is;
	size_t i;
	int r;

	r = open_both(c, &before, &after);
	for (i = 0; i < c->n && r == 0; i++) {
		was = before.n_members > 0 &&
		      group_public_find(&before, c->concerned[i].b, NULL);
		is = group_public_find(&after, c->concerned[i].b, NULL);
		if (was != is)
			r = member_set(b, c->row, &c->concerned[i], is);
	}
	return r;
}

static int
write_record(struct backend *b, struct change *c)
{
	sqlite3_stmt *q = sql(b, c->row == 0 ? SQL_GROUP_ADD : SQL_GROUP_SET);
	bool made = c->row == 0;
	int r;

	if (made) {
		bind_blob(q, 1, c->o->group.b, sizeof(c->o->group.b));
		bind_u64(q, 2, c->e.version);
		bind_blob(q, 3, c->after.p, c->after.len);
	} else {
		bind_u64(q, 1, c->e.version);
		bind_blob(q, 2, c->after.p, c->after.len);
		sqlite3_bind_int64(q, 3, c->row);
	}
	r = sql_run(b, q);
	if (r == 0 && made)
		c->row = sqlite3_last_insert_rowid(b->w);
	return r;
}

static int
write_entry(struct backend *b, const struct change *c)
{
	sqlite3_stmt *q = sql(b, SQL_ENTRY_ADD);

	sqlite3_bind_int64(q, 1, c->row);
	bind_u64(q, 2, c->e.version);
	bind_blob(q, 3, c->o->entry, c->o->len);
	return sql_run(b, q);
}

static int
drop_if_empty(struct backend *b, int64_t row)
{
	sqlite3_stmt *q = sql(b, SQL_GROUP_EMPTY);

	sqlite3_bind_int64(q, 1, row);
	return sql_run(b, q);
}

static int
write_change(struct backend *b, struct change *c)
{
	int r;

	r = write_record(b, c);
	if (r == 0)
		r = write_entry(b, c);
	if (r == 0)
		r = write_members(b, c);
	return r != 0 ? r : drop_if_empty(b, c->row);
}

/* Last: it changes memory, and what fails in it breaks the transaction. */
static int
queue_change(struct backend *b, const struct change *c)
{
	struct op_group_change *o = c->o;
	struct fan_in in = {
	    .row = {.sent_ms = b->now_ms,
		.sender_account = &o->sender_account,
		.sender_device = o->sender_device,
		.type = STORE_TYPE_GROUP_ENTRY,
		.len = (uint32_t)o->len,
		.message_id = o->message_id,
		.body = o->entry},
	    .to = c->to,
	    .n = c->n_to,
	    .but = o->sender,
	    .group = &o->group,
	};

	o->server_ms = b->now_ms;
	o->version = c->e.version;
	return fan_rows(b, &in, &o->fan);
}

static int
make_change(struct backend *b, struct change *c)
{
	int r;

	r = check_count(b, c);
	if (r == 0)
		r = find_concerned(c);
	if (r == 0)
		r = audience_of(b, c->concerned, c->n, &c->to, &c->n_to);
	if (r == 0)
		r = fan_alloc(&c->o->fan, c->n_to);
	if (r == 0)
		r = guard_begin(b);
	if (r != 0)
		return r;
	r = guard_end(b, write_change(b, c));
	/* The next one who asks reads it from where it is now. */
	group_cache_drop(&b->groups, &c->o->group);
	return r != 0 ? r : queue_change(b, c);
}

static int
take_change(struct backend *b, struct change *c)
{
	int r;

	r = read_change(b, c);
	if (r == 0)
		r = copy_before(b, c);
	if (r == 0)
		r = apply(b, c);
	if (r == 0)
		return make_change(b, c);
	if (r == ERR_EXISTS)
		return tell_conflict(b, c);
	if (r == ERR_DUP) {
		c->o->version = c->e.version;
		c->o->server_ms = b->now_ms;
		r = 0;
	}
	return r;
}

int
run_group_change(struct backend *b, struct op_group_change *o)
{
	struct change c = {.o = o};
	int r;

	o->sender_device = 0;
	o->why = GROUP_WHY_NONE;
	o->version = 0;
	o->more = false;
	buf_init(&c.before, GROUP_PUBLIC_MAX);
	buf_init(&c.after, GROUP_PUBLIC_MAX);
	if (o->entries.max > 0)
		buf_reset(&o->entries);
	r = fan_alloc(&o->fan, 0);
	if (r == 0)
		r = take_change(b, &c);
	change_clear(&c);
	return r;
}

/* ---- accounts that go --------------------------------------------------------------- */

#define LEAVE_PIECE 256

/* Some of the groups it is in; how many there were, or an error. */
static int
leave_some(struct backend *b, int64_t account)
{
	sqlite3_stmt *q = sql(b, SQL_MEMBER_GROUPS);
	sqlite3_stmt *gone = sql(b, SQL_MEMBER_GONE);
	struct group_id id[LEAVE_PIECE];
	int64_t row[LEAVE_PIECE];
	int i, n = 0, r;

	sqlite3_bind_int64(q, 1, account);
	bind_u64(q, 2, LEAVE_PIECE);
	while ((r = sql_step(b, q)) == ROW && n < LEAVE_PIECE) {
		r = col_bytes(b, q, 0, id[n].b, sizeof(id[n].b));
		if (r != 0)
			break;
		row[n++] = sqlite3_column_int64(q, 2);
	}
	sql_end(q);
	for (i = 0; i < n && r == 0; i++) {
		sqlite3_bind_int64(gone, 1, row[i]);
		sqlite3_bind_int64(gone, 2, account);
		r = sql_run(b, gone);
		if (r == 0)
			r = drop_if_empty(b, row[i]);
		group_cache_drop(&b->groups, &id[i]);
	}
	return r != 0 ? r : n;
}

int
groups_leave(struct backend *b, int64_t account)
{
	int r;

	while ((r = leave_some(b, account)) > 0)
		;
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_account.c — who there is: accounts, devices, and what the writer
 * keeps of them in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- numbers ----------------------------------------------------------------- */

int
phone_number(const char *phone, uint64_t *digits)
{
	uint64_t v = 0;
	size_t n;

	if (phone[0] != '+' || phone[1] < '1' || phone[1] > '9')
		return ERR_FORMAT;
	for (n = 1; phone[n] != '\0'; n++) {
		if (phone[n] < '0' || phone[n] > '9' || n >= STORE_PHONE_MAX)
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(phone[n] - '0');
	}
	*digits = v;
	return 0;
}

void
phone_text(uint64_t digits, char out[static STORE_PHONE_MAX + 1])
{
	snprintf(out, STORE_PHONE_MAX + 1, "+%llu", (unsigned long long)digits);
}

/* ---- accounts ---------------------------------------------------------------- */

static int
account_columns(struct backend *b, sqlite3_stmt *q, struct account_row *out)
{
	memset(out, 0, sizeof(*out));
	out->row = sqlite3_column_int64(q, 0);
	out->digits = col_u64(q, 2);
	phone_text(out->digits, out->a.phone);
	out->a.created_ms = col_u64(q, 3);
	out->a.banned = sqlite3_column_int(q, 4) != 0;
	return col_bytes(b, q, 1, out->a.id.b, sizeof(out->a.id.b));
}

int
account_find(struct backend *b, const char *phone, const struct account_id *id,
    struct account_row *out)
{
	sqlite3_stmt *q;
	uint64_t digits;
	int r;

	if (phone != NULL) {
		if (phone_number(phone, &digits) != 0)
			return ERR_FORMAT;
		q = sql(b, SQL_ACCOUNT_BY_PHONE);
		bind_u64(q, 1, digits);
	} else {
		q = sql(b, SQL_ACCOUNT_BY_ID);
		bind_blob(q, 1, id->b, sizeof(id->b));
	}
	r = sql_step(b, q);
	if (r == ROW)
		r = account_columns(b, q, out);
	else if (r == 0)
		r = ERR_NOTFOUND;
	sql_end(q);
	return r;
}

int
run_lookup(struct backend *b, struct op_lookup *o)
{
	struct account_row row;
	size_t i;
	int r;

	if (o->n > STORE_LOOKUP_MAX)
		return ERR_RANGE;
	for (i = 0; i < o->n; i++) {
		struct store_lookup *l = &o->v[i];

		r = account_find(b, l->phone, NULL, &row);
		l->found = r == 0 && !row.a.banned;
		if (l->found)
			l->account = row.a.id;
		if (r != 0 && r != ERR_NOTFOUND && r != ERR_FORMAT)
			return r;
	}
	return 0;
}

/* ---- what the writer remembers ----------------------------------------------- */

static int
load_devices(
    struct backend *b, int64_t account, struct cache_device *v, uint32_t *n)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICES);
	int r;

	*n = 0;
	sqlite3_bind_int64(q, 1, account);
	while ((r = sql_step(b, q)) == ROW && *n < STORE_DEVICE_MAX)
		v[(*n)++] = (struct cache_device){
		    .dev = col_u64(q, 0),
		    .device_id = col_u32(q, 1),
		    .registration_id = col_u32(q, 2),
		    .listed = sqlite3_column_int(q, 3) != 0,
		};
	sql_end(q);
	return r < 0 ? r : 0;
}

int
known_account(
    struct backend *b, const struct account_id *id, struct cache_account **out)
{
	struct cache_device v[STORE_DEVICE_MAX];
	struct cache_account a = {0};
	struct account_row row;
	uint32_t n;
	int r;

	*out = cache_account(&b->cache, id);
	if (*out != NULL)
		return 0;
	r = account_find(b, NULL, id, &row);
	if (r == 0)
		r = load_devices(b, row.row, v, &n);
	if (r != 0)
		return r;
	a.id = *id;
	a.row = row.row;
	a.banned = row.a.banned;
	*out = cache_add(&b->cache, &a, v, n);
	return 0;
}

static int
account_of(struct backend *b, store_dev dev, struct account_id *id)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_ACCOUNT);
	int r;

	bind_u64(q, 1, dev);
	r = sql_step(b, q);
	if (r == ROW)
		r = col_bytes(b, q, 0, id->b, sizeof(id->b));
	else if (r == 0)
		r = ERR_NOTFOUND;
	sql_end(q);
	return r;
}

int
known_device(struct backend *b, store_dev dev, struct cache_device **out)
{
	struct cache_account *a;
	struct account_id id;
	int r;

	*out = cache_device(&b->cache, dev);
	if (*out != NULL)
		return 0;
	r = account_of(b, dev, &id);
	if (r == 0)
		r = known_account(b, &id, &a);
	if (r != 0)
		return r;
	*out = cache_device(&b->cache, dev);
	return *out != NULL ? 0 : ERR_NOTFOUND;
}

static int
load_queue(struct backend *b, struct cache_device *d)
{
	const struct hot_device *h = hot_find(&b->hot, d->dev);
	sqlite3_stmt *state = sql(b, SQL_STATE_GET);
	sqlite3_stmt *last = sql(b, SQL_SETTLED_LAST);
	uint64_t seq = 0;
	int r;

	d->last_seq = d->settled = 0;
	bind_u64(state, 1, d->dev);
	r = sql_step(b, state);
	if (r == ROW) {
		d->last_seq = col_u64(state, 0);
		d->settled = col_u64(state, 1);
		r = 0;
	}
	sql_end(state);
	if (r == 0 && d->settled > 0) {
		bind_u64(last, 1, d->dev);
		r = sql_number(b, last, &seq);
	}
	if (seq > d->last_seq)
		d->last_seq = seq;
	if (h != NULL && hot_at(&b->hot, h->last)->seq > d->last_seq)
		d->last_seq = hot_at(&b->hot, h->last)->seq;
	d->queue_known = r == 0;
	return r;
}

int
known_queue(struct backend *b, store_dev dev, struct cache_device **out)
{
	int r;

	r = known_device(b, dev, out);
	if (r != 0 || (*out)->queue_known)
		return r;
	return load_queue(b, *out);
}

uint64_t
queue_length(struct backend *b, const struct cache_device *d)
{
	const struct hot_device *h = hot_find(&b->hot, d->dev);

	return d->settled + (h == NULL ? 0 : h->live);
}

void
account_changed(struct backend *b, const struct account_id *id)
{
	struct cache_account *a = cache_account(&b->cache, id);

	if (a != NULL)
		cache_drop(&b->cache, a);
	group_cache_changed(&b->groups, id);
}

int
fresh_erase(struct backend *b, store_dev dev)
{
	const struct hot_device *d = hot_find(&b->hot, dev);
	sqlite3_stmt *q = sql(b, SQL_FRESH_DEL);
	const struct hot_row *row;
	int r = 0;

	row = d == NULL ? NULL : hot_at(&b->hot, d->first);
	for (; row != NULL && r == 0; row = hot_at(&b->hot, row->next)) {
		bind_u64(q, 1, row->seq);
		r = sql_run(b, q);
		if (r == 0)
			r = shared_release(b, row->shared);
	}
	return r;
}

void
fresh_forget(struct backend *b, const struct store_devs *gone)
{
	size_t i;

	for (i = 0; i < gone->n; i++)
		hot_ack(&b->hot, gone->v[i], UINT64_MAX);
}

/* ---- questions --------------------------------------------------------------- */

int
run_account_get(struct backend *b, struct op_account_get *o)
{
	struct cache_account *a;
	struct account_row row;
	int r;

	r = account_find(b, o->phone, &o->id, &row);
	if (r == 0)
		r = known_account(b, &row.a.id, &a);
	if (r != 0)
		return r;
	o->account = row.a;
	o->account.devices = a->n;
	return 0;
}

static int
count_of(struct backend *b, enum sql which, store_dev dev, uint32_t *n)
{
	sqlite3_stmt *q = sql(b, which);
	uint64_t v;
	int r;

	bind_u64(q, 1, dev);
	r = sql_number(b, q, &v);
	if (r == 0)
		*n = (uint32_t)v;
	return r;
}

int
run_keys_count(struct backend *b, struct op_keys_count *o)
{
	int r;

	r = count_of(b, SQL_ONE_TIME_COUNT, o->dev, &o->one_time_left);
	if (r == 0)
		r = count_of(b, SQL_KYBER_COUNT, o->dev, &o->kyber_left);
	return r;
}

static int
find_live_key(struct backend *b, struct op_device_by_key *o)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_BY_KEY);
	int r;

	bind_blob(q, 1, o->noise_pk, sizeof(o->noise_pk));
	r = sql_step(b, q);
	if (r == ROW) {
		r = col_bytes(b, q, 0, o->account.b, sizeof(o->account.b));
		o->revoked = false;
		o->banned = sqlite3_column_int(q, 1) != 0;
		o->device_id = col_u32(q, 2);
		o->registration_id = col_u32(q, 3);
		o->dev = col_u64(q, 4);
		o->listed = sqlite3_column_int(q, 5) != 0;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
find_revoked_key(struct backend *b, struct op_device_by_key *o)
{
	sqlite3_stmt *q = sql(b, SQL_REVOKED_BY_KEY);
	int r;

	bind_blob(q, 1, o->noise_pk, sizeof(o->noise_pk));
	r = sql_step(b, q);
	if (r == ROW) {
		r = col_bytes(b, q, 0, o->account.b, sizeof(o->account.b));
		o->revoked = true;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

int
run_device_by_key(struct backend *b, struct op_device_by_key *o)
{
	struct cache_device *d;
	int r;

	r = find_live_key(b, o);
	if (r == ERR_NOTFOUND)
		return find_revoked_key(b, o);
	if (r == 0)
		r = count_of(b, SQL_ONE_TIME_COUNT, o->dev, &o->one_time_left);
	if (r == 0)
		r = count_of(b, SQL_KYBER_COUNT, o->dev, &o->kyber_left);
	if (r == 0)
		r = known_queue(b, o->dev, &d);
	if (r == 0)
		o->queued = queue_length(b, d);
	return r;
}

/* ---- device lists ------------------------------------------------------------ */

/* What is published now; list is filled when it is not NULL. */
static int
list_get(
    struct backend *b, int64_t account, uint32_t *version, struct buf *list)
{
	sqlite3_stmt *q = sql(b, SQL_LIST_GET);
	int r;

	sqlite3_bind_int64(q, 1, account);
	r = sql_step(b, q);
	if (r == ROW) {
		*version = col_u32(q, 0);
		buf_reset(list);
		r = buf_put(list, sqlite3_column_blob(q, 1),
		    (size_t)sqlite3_column_bytes(q, 1));
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

int
run_devices(struct backend *b, struct op_devices *o)
{
	struct cache_account *a;
	struct cache_device *d;
	uint32_t version;
	size_t i;
	int r;

	r = known_account(b, &o->account, &a);
	if (r == 0 && a->banned)
		r = ERR_NOTFOUND;
	if (r != 0)
		return r;
	if (o->device_list.max == 0)
		buf_init(&o->device_list, STORE_DEVICE_LIST_MAX);
	r = list_get(b, a->row, &version, &o->device_list);
	if (r != 0)
		return r;
	d = cache_devices(&b->cache, a);
	o->n = 0;
	for (i = 0; i < a->n; i++)
		if (d[i].listed)
			o->v[o->n++] = (struct store_device){
			    .device_id = d[i].device_id,
			    .registration_id = d[i].registration_id,
			    .dev = d[i].dev,
			};
	return 0;
}

static int
list_devices(
    struct backend *b, int64_t account, const struct op_device_list_set *o)
{
	sqlite3_stmt *unlist = sql(b, SQL_UNLIST);
	sqlite3_stmt *q = sql(b, SQL_LIST_DEVICE);
	size_t i;
	int r;

	sqlite3_bind_int64(unlist, 1, account);
	r = sql_run(b, unlist);
	for (i = 0; r == 0 && i < o->n; i++) {
		sqlite3_bind_int64(q, 1, account);
		bind_u64(q, 2, o->v[i].device_id);
		bind_blob(q, 3, o->v[i].identity_pk, STORE_IDENTITY_PK_LEN);
		r = sql_run(b, q);
	}
	return r;
}

static int
list_set(struct backend *b, int64_t account, const struct op_device_list_set *o)
{
	sqlite3_stmt *q = sql(b, SQL_LIST_SET);
	int r;

	r = list_devices(b, account, o);
	if (r != 0)
		return r;

	bind_u64(q, 1, o->version);
	bind_blob(q, 2, o->list, o->len);
	sqlite3_bind_int64(q, 3, account);
	return sql_run(b, q);
}

int
run_device_list_set(struct backend *b, struct op_device_list_set *o)
{
	struct cache_account *a;
	uint32_t version;
	struct buf now;
	int r;

	if (o->len == 0 || o->len > STORE_DEVICE_LIST_MAX ||
	    o->n > STORE_DEVICE_MAX)
		return ERR_RANGE;
	r = known_account(b, &o->account, &a);
	if (r != 0)
		return r;
	buf_init(&now, STORE_DEVICE_LIST_MAX);
	r = list_get(b, a->row, &version, &now);
	if (r == 0 && o->version > version)
		r = list_set(b, a->row, o);
	else if (r == 0 && (o->version != version || now.len != o->len ||
			       memcmp(now.p, o->list, o->len) != 0))
		r = ERR_STATE;
	buf_clear(&now);
	account_changed(b, &o->account);
	return r;
}

/* ---- bans and the end of accounts -------------------------------------------- */

static int
devs_of(struct backend *b, const struct account_id *id, struct store_devs *out)
{
	struct cache_account *a;
	struct cache_device *d;
	size_t i;
	int r;

	r = known_account(b, id, &a);
	if (r != 0)
		return r;
	d = cache_devices(&b->cache, a);
	for (i = 0; i < a->n; i++)
		out->v[i] = d[i].dev;
	out->n = a->n;
	return 0;
}

int
run_account_ban(struct backend *b, struct op_account_ban *o)
{
	sqlite3_stmt *q = sql(b, SQL_ACCOUNT_BAN);
	struct account_row row;
	int r;

	r = account_find(b, o->phone, &o->id, &row);
	if (r == 0)
		r = devs_of(b, &row.a.id, &o->gone);
	if (r != 0)
		return r;
	sqlite3_bind_int(q, 1, o->ban);
	sqlite3_bind_int64(q, 2, row.row);
	account_changed(b, &row.a.id);
	return sql_run(b, q);
}

int
run_account_delete(struct backend *b, struct op_account_delete *o)
{
	sqlite3_stmt *attempts = sql(b, SQL_OTP_DEL_PHONE);
	sqlite3_stmt *moves = sql(b, SQL_OTP_DEL_ACCOUNT);
	sqlite3_stmt *account = sql(b, SQL_ACCOUNT_DEL);
	struct account_row row;
	size_t i;
	int r;

	r = account_find(b, o->phone, &o->id, &row);
	if (r == 0 && o->both && memcmp(&row.a.id, &o->id, sizeof(o->id)) != 0)
		r = ERR_DENIED;
	if (r == 0)
		r = devs_of(b, &row.a.id, &o->gone);
	for (i = 0; r == 0 && i < o->gone.n; i++)
		r = device_erase(b, o->gone.v[i]);
	if (r == 0)
		r = groups_leave(b, row.row);
	if (r != 0)
		return r;
	bind_u64(attempts, 1, row.digits);
	r = sql_run(b, attempts);
	bind_blob(moves, 1, row.a.id.b, sizeof(row.a.id.b));
	if (r == 0)
		r = sql_run(b, moves);
	if (r != 0)
		return r;
	account_changed(b, &row.a.id);
	fresh_forget(b, &o->gone);
	sqlite3_bind_int64(account, 1, row.row);
	return sql_run(b, account); /* all else goes by its foreign keys */
}

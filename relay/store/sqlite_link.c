/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_link.c — how a device is linked, and what an account has of them. */
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- the number for a new one ------------------------------------------------------- */

struct linking {
	struct account_id account;
	int64_t row; /* of the account */
	uint32_t device_id;
	uint64_t expires_ms;
};

/* ERR_NOTFOUND nobody waits for that key. */
static int
linking_get(struct backend *b, const uint8_t pk[static STORE_NOISE_PK_LEN],
    struct linking *out)
{
	sqlite3_stmt *q = sql(b, SQL_LINKING_GET);
	int r;

	bind_blob(q, 1, pk, STORE_NOISE_PK_LEN);
	r = sql_step(b, q);
	if (r == ROW) {
		out->device_id = col_u32(q, 1);
		out->expires_ms = col_u64(q, 2);
		out->row = sqlite3_column_int64(q, 3);
		r = col_bytes(b, q, 0, out->account.b, sizeof(out->account.b));
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
linking_put(struct backend *b, const struct op_link_reserve *o, int64_t account)
{
	sqlite3_stmt *q = sql(b, SQL_LINKING_PUT);

	bind_blob(q, 1, o->noise_pk, sizeof(o->noise_pk));
	sqlite3_bind_int64(q, 2, account);
	bind_u64(q, 3, o->device_id);
	bind_u64(q, 4, o->expires_ms);
	return sql_run(b, q);
}

/* The account whose first device this is. */
static int
account_of_primary(
    struct backend *b, store_dev dev, struct account_id *id, int64_t *row)
{
	struct cache_device *d;
	int r;

	r = known_device(b, dev, &d);
	if (r != 0)
		return r;
	if (d->device_id != 1)
		return ERR_DENIED;
	*id = b->cache.accounts[d->account].id;
	*row = b->cache.accounts[d->account].row;
	return 0;
}

int
run_link_reserve(struct backend *b, struct op_link_reserve *o)
{
	struct account_id id;
	struct linking old;
	int64_t row;
	int r;

	r = account_of_primary(b, o->primary, &id, &row);
	if (r == 0)
		r = noise_key_free(b, o->noise_pk, NULL);
	if (r != 0)
		return r;
	r = linking_get(b, o->noise_pk, &old);
	if (r == 0 && old.row == row)
		o->device_id = old.device_id;
	else if (r == 0 || r == ERR_NOTFOUND)
		r = next_device(b, row, &o->device_id);
	return r != 0 ? r : linking_put(b, o, row);
}

/* ---- the device itself -------------------------------------------------------------- */

static int
finish(
    struct backend *b, struct op_link_finish *o, const struct linking *linking)
{
	const struct device_in in = {
	    .account = linking->row,
	    .device_id = linking->device_id,
	    .registration_id = o->registration_id,
	    .noise_pk = o->noise_pk,
	    .identity_pk = o->identity_pk,
	    .keys = &o->keys,
	};
	sqlite3_stmt *q = sql(b, SQL_LINKING_DEL);
	int r;

	r = noise_key_free(b, o->noise_pk, NULL);
	if (r == ERR_EXISTS)
		r = ERR_NOTFOUND; /* it has become a device meanwhile */
	if (r == 0)
		r = device_insert(b, &in, &o->dev);
	if (r != 0)
		return r;
	bind_blob(q, 1, o->noise_pk, sizeof(o->noise_pk));
	return sql_run(b, q);
}

int
run_link_finish(struct backend *b, struct op_link_finish *o)
{
	struct linking linking;
	int r;

	r = keys_check(&o->keys, true);
	if (r == 0)
		r = linking_get(b, o->noise_pk, &linking);
	if (r == 0 && linking.expires_ms <= b->now_ms)
		r = ERR_EXPIRED;
	if (r == 0)
		r = guard_begin(b);
	if (r != 0)
		return r;
	r = guard_end(b, finish(b, o, &linking));
	account_changed(b, &linking.account);
	o->account = linking.account;
	o->device_id = linking.device_id;
	return r;
}

/* ---- what there is ------------------------------------------------------------------- */

int
run_own_devices(struct backend *b, struct op_own_devices *o)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_OWN);
	struct cache_account *a;
	int r;

	o->n = 0;
	r = known_account(b, &o->account, &a);
	if (r != 0)
		return r;
	sqlite3_bind_int64(q, 1, a->row);
	while ((r = sql_step(b, q)) == ROW && o->n < STORE_DEVICE_MAX)
		o->v[o->n++] = (struct store_own_device){
		    .device_id = col_u32(q, 0),
		    .registration_id = col_u32(q, 1),
		    .added_ms = col_u64(q, 2),
		    .seen_ms = col_u64(q, 3),
		    .listed = sqlite3_column_int(q, 4) != 0,
		};
	sql_end(q);
	return r < 0 ? r : 0;
}

int
run_device_seen(struct backend *b, struct op_device_seen *o)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_SEEN);

	bind_u64(q, 1, b->now_ms);
	bind_u64(q, 2, o->dev);
	bind_u64(q, 3, STORE_SEEN_MS);
	return sql_run(b, q);
}

/* ---- what its first device decides --------------------------------------------------- */

int
run_pin_set(struct backend *b, struct op_pin_set *o)
{
	sqlite3_stmt *q = sql(b, SQL_PIN_SET);
	struct account_id id;
	int64_t row;
	int r;

	r = account_of_primary(b, o->primary, &id, &row);
	if (r != 0)
		return r;
	if (o->has_pin)
		bind_blob(q, 1, o->hash, sizeof(o->hash));
	else
		sqlite3_bind_null(q, 1);
	sqlite3_bind_int64(q, 2, row);
	return sql_run(b, q);
}

static int
phone_set(struct backend *b, int64_t account, uint64_t phone)
{
	sqlite3_stmt *q = sql(b, SQL_ACCOUNT_PHONE);

	bind_u64(q, 1, phone);
	sqlite3_bind_int64(q, 2, account);
	return sql_run(b, q); /* ERR_EXISTS: numbers are unique */
}

int
run_account_move(struct backend *b, struct op_account_move *o)
{
	struct otp_row otp = {0};
	struct account_id id;
	int64_t row;
	int r;

	r = account_of_primary(b, o->primary, &id, &row);
	o->gone = r == ERR_NOTFOUND;
	if (r != 0)
		return r;
	r = otp_try(b, o->token, o->code_hash, &id, &otp);
	if (r == 0 || r == ERR_AUTH)
		o->attempts_left = otp.attempts_left;
	if (r == 0)
		r = phone_set(b, row, otp.phone);
	return r != 0 ? r : otp_forget(b, otp.phone);
}

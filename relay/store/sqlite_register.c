/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sqlite_register.c — codes, invites used, and how devices come and go. */
#include <sodium.h>
#include <string.h>

#include "relay/store/sqlite.h"

/* ---- invites, as registration sees them -------------------------------------- */

/* ERR_NOTFOUND, ERR_EXPIRED, ERR_FULL, or 0: it can be used now. */
static int
invite_check(struct backend *b, const char *token)
{
	sqlite3_stmt *q = sql(b, SQL_INVITE_GET);
	uint64_t expires;
	int r;

	bind_text(q, 1, token);
	r = sql_step(b, q);
	if (r == ROW) {
		expires = col_u64(q, 2);
		r = 0;
		if (expires != 0 && expires <= b->now_ms)
			r = ERR_EXPIRED;
		else if (col_u64(q, 1) >= col_u64(q, 0))
			r = ERR_FULL;
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
invite_use(struct backend *b, const char *token)
{
	sqlite3_stmt *q = sql(b, SQL_INVITE_USE);
	int r;

	if (token[0] == '\0')
		return 0;
	r = invite_check(b, token);
	if (r == ERR_NOTFOUND || r == ERR_EXPIRED)
		r = ERR_FULL; /* it was good when the code was asked for */
	if (r != 0)
		return r;
	bind_text(q, 1, token);
	return sql_run(b, q);
}

/* ---- attempts ---------------------------------------------------------------- */

static int
otp_trim(struct backend *b, uint64_t phone)
{
	sqlite3_stmt *q = sql(b, SQL_OTP_TRIM);

	bind_u64(q, 1, phone);
	bind_u64(q, 2, STORE_OTP_PER_PHONE);
	return sql_run(b, q);
}

static int
otp_add(struct backend *b, const struct op_otp_put *o, uint64_t phone)
{
	sqlite3_stmt *q = sql(b, SQL_OTP_ADD);

	bind_blob(q, 1, o->token, sizeof(o->token));
	bind_u64(q, 2, phone);
	bind_text(q, 3, o->invite);
	bind_blob(q, 4, o->code_hash, sizeof(o->code_hash));
	bind_u64(q, 5, o->expires_ms);
	bind_u64(q, 6, o->attempts);
	if (o->moves)
		bind_blob(q, 7, o->account.b, sizeof(o->account.b));
	else
		sqlite3_bind_null(q, 7);
	return sql_run(b, q);
}

int
run_otp_put(struct backend *b, struct op_otp_put *o)
{
	struct account_row row;
	uint64_t phone;
	int r;

	if (o->attempts == 0)
		return ERR_RANGE;
	r = phone_number(o->phone, &phone);
	if (r == 0 && o->invite[0] != '\0')
		r = invite_check(b, o->invite);
	if (r != 0)
		return r;
	r = account_find(b, o->phone, NULL, &row);
	if (r == 0 && row.a.banned)
		return ERR_DENIED;
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	r = otp_add(b, o, phone);
	return r != 0 ? r : otp_trim(b, phone);
}

static int
otp_get(struct backend *b, const uint8_t token[static STORE_TOKEN_LEN],
    struct otp_row *out)
{
	sqlite3_stmt *q = sql(b, SQL_OTP_GET);
	int r;

	bind_blob(q, 1, token, STORE_TOKEN_LEN);
	r = sql_step(b, q);
	if (r == ROW) {
		out->row = sqlite3_column_int64(q, 0);
		out->phone = col_u64(q, 1);
		col_text(q, 2, out->invite, sizeof(out->invite));
		r = col_bytes(b, q, 3, out->code_hash, sizeof(out->code_hash));
		out->expires_ms = col_u64(q, 4);
		out->attempts_left = col_u32(q, 5);
		out->moves = sqlite3_column_type(q, 6) != SQLITE_NULL;
		if (r == 0 && out->moves)
			r = col_bytes(
			    b, q, 6, out->account.b, sizeof(out->account.b));
	} else if (r == 0) {
		r = ERR_NOTFOUND;
	}
	sql_end(q);
	return r;
}

static int
otp_row_run(struct backend *b, enum sql which, int64_t row)
{
	sqlite3_stmt *q = sql(b, which);

	sqlite3_bind_int64(q, 1, row);
	return sql_run(b, q);
}

/* Codes that were sent to this number are worth nothing any more. */
int
otp_forget(struct backend *b, uint64_t phone)
{
	sqlite3_stmt *q = sql(b, SQL_OTP_DEL_PHONE);

	bind_u64(q, 1, phone);
	return sql_run(b, q);
}

/* Attempts of another purpose, or of somebody else, are none. */
static bool
otp_is_for(const struct otp_row *o, const struct account_id *moves)
{
	if (moves == NULL)
		return !o->moves;
	return o->moves && memcmp(&o->account, moves, sizeof(*moves)) == 0;
}

int
otp_try(struct backend *b, const uint8_t token[static STORE_TOKEN_LEN],
    const uint8_t code_hash[static STORE_CODE_HASH_LEN],
    const struct account_id *moves, struct otp_row *o)
{
	int r;

	r = otp_get(b, token, o);
	if (r == 0 && !otp_is_for(o, moves))
		r = ERR_NOTFOUND;
	if (r != 0)
		return r;
	if (o->expires_ms <= b->now_ms)
		return ERR_EXPIRED;
	if (sodium_memcmp(o->code_hash, code_hash, STORE_CODE_HASH_LEN) == 0)
		return 0;
	o->attempts_left--;
	r = otp_row_run(
	    b, o->attempts_left > 0 ? SQL_OTP_WRONG : SQL_OTP_DEL, o->row);
	return r != 0 ? r : ERR_AUTH;
}

int
run_otp_check(struct backend *b, struct op_otp_check *o)
{
	struct otp_row otp = {0};
	int r;

	r = otp_try(b, o->token, o->code_hash, NULL, &otp);
	if (r == 0 || r == ERR_AUTH)
		o->attempts_left = otp.attempts_left;
	if (r != 0)
		return r;
	phone_text(otp.phone, o->phone);
	memcpy(o->invite, otp.invite, sizeof(o->invite));
	return otp_row_run(b, SQL_OTP_DEL, otp.row);
}

/* ---- devices come and go ----------------------------------------------------- */

/* The key may be bound to a new device of that account: it is no live device
 * of another one (of the same it is about to go). */
int
noise_key_free(struct backend *b, const uint8_t pk[static STORE_NOISE_PK_LEN],
    const struct account_id *mine)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_BY_KEY);
	struct account_id id;
	int r;

	bind_blob(q, 1, pk, STORE_NOISE_PK_LEN);
	r = sql_step(b, q);
	if (r == ROW) {
		r = col_bytes(b, q, 0, id.b, sizeof(id.b));
		if (r == 0 &&
		    (mine == NULL || memcmp(&id, mine, sizeof(id)) != 0))
			r = ERR_EXISTS;
	}
	sql_end(q);
	return r;
}

/* The device goes, its Noise key stays known as revoked. fresh_forget() is the
 * caller's, when it is sure. */
static int
device_remove(struct backend *b, store_dev dev)
{
	sqlite3_stmt *add = sql(b, SQL_REVOKED_ADD);
	sqlite3_stmt *del = sql(b, SQL_DEVICE_DEL);
	int r;

	r = device_erase(b, dev);
	if (r != 0)
		return r;
	bind_u64(add, 1, b->now_ms);
	bind_u64(add, 2, dev);
	r = sql_run(b, add);
	if (r != 0)
		return r;
	bind_u64(del, 1, dev);
	return sql_run(b, del);
}

int
device_insert(struct backend *b, const struct device_in *d, store_dev *dev)
{
	sqlite3_stmt *del = sql(b, SQL_REVOKED_DEL);
	sqlite3_stmt *add = sql(b, SQL_DEVICE_ADD);
	int r;

	bind_blob(del, 1, d->noise_pk, STORE_NOISE_PK_LEN);
	r = sql_run(b, del);
	if (r != 0)
		return r;
	sqlite3_bind_int64(add, 1, d->account);
	bind_u64(add, 2, d->device_id);
	bind_u64(add, 3, d->registration_id);
	bind_blob(add, 4, d->noise_pk, STORE_NOISE_PK_LEN);
	bind_blob(add, 5, d->identity_pk, STORE_IDENTITY_PK_LEN);
	bind_u64(add, 6, b->now_ms);
	sqlite3_bind_int(add, 7, d->listed);
	r = sql_run(b, add);
	if (r != 0)
		return r;
	*dev = (store_dev)sqlite3_last_insert_rowid(b->w);
	return keys_write(b, *dev, d->keys);
}

/* ---- register ---------------------------------------------------------------- */

static int
account_create(
    struct backend *b, uint64_t phone, struct op_register *o, int64_t *row)
{
	sqlite3_stmt *q = sql(b, SQL_ACCOUNT_ADD);
	int r;

	bind_blob(q, 1, o->new_account.b, sizeof(o->new_account.b));
	bind_u64(q, 2, phone);
	bind_u64(q, 3, b->now_ms);
	r = sql_run(b, q);
	if (r != 0)
		return r;
	*row = sqlite3_last_insert_rowid(b->w);
	o->account = o->new_account;
	return 0;
}

/* All devices of the account that was go; ERR_DUP when nobody could tell the
 * new first device from the old one. */
static int
account_replace(
    struct backend *b, const struct account_row *old, struct op_register *o)
{
	sqlite3_stmt *q = sql(b, SQL_ACCOUNT_RENEW);
	struct cache_account *a;
	struct cache_device *d;
	size_t i;
	int r;

	r = known_account(b, &old->a.id, &a);
	if (r != 0)
		return r;
	d = cache_devices(&b->cache, a);
	for (i = 0; i < a->n; i++) {
		if (d[i].device_id == 1 &&
		    d[i].registration_id == o->registration_id)
			return ERR_DUP;
		r = device_remove(b, d[i].dev);
		if (r != 0)
			return r;
		o->gone.v[o->gone.n++] = d[i].dev;
	}
	bind_u64(q, 1, b->now_ms);
	sqlite3_bind_int64(q, 2, old->row);
	o->account = old->a.id;
	o->replaced = true;
	return sql_run(b, q);
}

static int
account_make(struct backend *b, const struct otp_row *otp,
    struct op_register *o, int64_t *row)
{
	struct account_row old;
	char phone[STORE_PHONE_MAX + 1];
	int r;

	phone_text(otp->phone, phone);
	r = account_find(b, phone, NULL, &old);
	if (r != 0 && r != ERR_NOTFOUND)
		return r;
	if (r == 0 && old.a.banned)
		return ERR_DENIED;
	if (r == ERR_NOTFOUND) {
		r = noise_key_free(b, o->noise_pk, NULL);
		return r != 0 ? r : account_create(b, otp->phone, o, row);
	}
	*row = old.row;
	r = noise_key_free(b, o->noise_pk, &old.a.id);
	return r != 0 ? r : account_replace(b, &old, o);
}

static int
register_all(
    struct backend *b, const struct otp_row *otp, struct op_register *o)
{
	struct device_in in = {
	    .device_id = 1,
	    .listed = true,
	    .registration_id = o->registration_id,
	    .noise_pk = o->noise_pk,
	    .identity_pk = o->identity_pk,
	    .keys = &o->keys,
	};
	int r;

	r = invite_use(b, otp->invite);
	if (r == 0)
		r = account_make(b, otp, o, &in.account);
	if (r == 0)
		r = device_insert(b, &in, &o->dev);
	if (r == 0)
		r = otp_forget(b, otp->phone);
	o->device_id = 1;
	return r;
}

/* The number's account, when there is one, lets this code in. */
static int
lock_of(struct backend *b, const struct otp_row *otp, struct op_register *o)
{
	char phone[STORE_PHONE_MAX + 1];
	struct account_row row;
	int r;

	phone_text(otp->phone, phone);
	r = account_find(b, phone, NULL, &row);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	return lock_check(b, &row, o->has_pin ? o->pin_hash : NULL, &o->lock);
}

int
run_register(struct backend *b, struct op_register *o)
{
	struct otp_row otp = {0};
	int r;

	o->gone.n = 0;
	o->replaced = false;
	memset(&o->lock, 0, sizeof(o->lock));
	r = keys_check(&o->keys, true);
	if (r != 0)
		return r;
	r = otp_try(b, o->token, o->code_hash, NULL, &otp);
	if (r == 0 || r == ERR_AUTH)
		o->attempts_left = otp.attempts_left;
	if (r == 0)
		r = lock_of(b, &otp, o);
	if (r == 0)
		r = guard_begin(b);
	if (r != 0)
		return r;
	r = guard_end(b, register_all(b, &otp, o));
	if (r == 0 && o->replaced) {
		account_changed(b, &o->account);
		fresh_forget(b, &o->gone);
	}
	return r;
}

/* ---- one device more or less ------------------------------------------------- */

int
next_device(struct backend *b, int64_t account, uint32_t *id)
{
	sqlite3_stmt *q = sql(b, SQL_DEVICE_NEXT);
	uint64_t v;
	int r;

	sqlite3_bind_int64(q, 1, account);
	r = sql_number(b, q, &v);
	if (r == ERR_NOTFOUND)
		return ERR_FULL;
	if (r == 0)
		*id = (uint32_t)v;
	return r;
}

int
run_device_revoke(struct backend *b, struct op_device_revoke *o)
{
	struct store_devs gone = {.n = 1};
	struct cache_account *a;
	struct cache_device *d;
	size_t i;
	int r;

	r = known_account(b, &o->account, &a);
	if (r != 0)
		return r;
	d = cache_devices(&b->cache, a);
	for (i = 0; i < a->n && d[i].device_id != o->device_id; i++)
		;
	if (i == a->n)
		return ERR_NOTFOUND;
	o->dev = gone.v[0] = d[i].dev;
	r = device_remove(b, o->dev);
	account_changed(b, &o->account);
	if (r == 0)
		fresh_forget(b, &gone);
	return r;
}

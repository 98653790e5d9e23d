/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_contact.c — other accounts and their devices. */
#include "tui/store/store_contact.h"

#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

#define CONTACT_COLUMNS                                                        \
	"account, phone, phone_known, name, profile_name, identity, trust,"    \
	" key_changed_ms, verified_ms, list_version, seen_ms, blocked,"        \
	" created_ms"

static void
read_contact(struct query *q, struct store_contact *k)
{
	int c = 0;

	memset(k, 0, sizeof(*k));
	q_get_bytes(q, c++, k->account, sizeof(k->account));
	q_get_text(q, c++, k->phone, sizeof(k->phone));
	k->phone_known = q_get_int(q, c++) != 0;
	q_get_text(q, c++, k->name, sizeof(k->name));
	q_get_text(q, c++, k->profile_name, sizeof(k->profile_name));
	k->has_identity = !q_is_null(q, c);
	if (k->has_identity)
		q_get_bytes(q, c, k->identity, sizeof(k->identity));
	c++;
	k->trust = q_get_int(q, c++);
	k->key_changed_ms = q_get_time(q, c++);
	k->verified_ms = q_get_time(q, c++);
	k->list_version = (uint32_t)q_get_int(q, c++);
	k->seen_ms = q_get_time(q, c++);
	k->blocked = q_get_int(q, c++) != 0;
	k->created_ms = q_get_time(q, c);
}

int
store_contact_put(struct store *s, const struct store_contact *k)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT INTO contact(account, phone, phone_known, name,"
	    " profile_name, trust, key_changed_ms, verified_ms, seen_ms,"
	    " blocked, created_ms, identity)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	    " ON CONFLICT(account) DO UPDATE SET phone = ?2,"
	    " phone_known = ?3, name = ?4, profile_name = ?5, trust = ?6,"
	    " key_changed_ms = ?7, verified_ms = ?8, seen_ms = ?9,"
	    " blocked = ?10, created_ms = ?11, identity = ?12");
	q_blob(&q, k->account, sizeof(k->account));
	q_text(&q, k->phone);
	q_int(&q, k->phone_known);
	q_text(&q, k->name);
	q_text(&q, k->profile_name);
	q_int(&q, k->trust);
	q_time(&q, k->key_changed_ms);
	q_time(&q, k->verified_ms);
	q_time(&q, k->seen_ms);
	q_int(&q, k->blocked);
	q_time(&q, k->created_ms);
	if (k->has_identity)
		q_blob(&q, k->identity, sizeof(k->identity));
	return q_run(&q);
}

/* The first row of a query over CONTACT_COLUMNS. */
static int
first_contact(struct query *q, struct store_contact *out)
{
	struct store *s = q->s;
	struct store_contact k;
	bool found = q_row(q);
	int r;

	if (found)
		read_contact(q, &k);
	r = q_end(q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such contact");
	if (r == 0)
		*out = k;
	return r;
}

int
store_contact_get(struct store *s, const uint8_t account[static STORE_ID_LEN],
    struct store_contact *out)
{
	struct query q;

	q_begin(
	    &q, s, "SELECT " CONTACT_COLUMNS " FROM contact WHERE account = ?");
	q_blob(&q, account, STORE_ID_LEN);
	return first_contact(&q, out);
}

int
store_contact_by_phone(
    struct store *s, const char *phone, struct store_contact *out)
{
	struct query q;

	q_begin(&q, s,
	    "SELECT " CONTACT_COLUMNS " FROM contact WHERE phone = ?"
	    " ORDER BY phone_known DESC, created_ms DESC, rowid DESC"
	    " LIMIT 1");
	q_text(&q, phone);
	return first_contact(&q, out);
}

int
store_contact_list(struct store *s, struct store_contact **v, size_t *n)
{
	struct store_contact *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(
	    &q, s, "SELECT " CONTACT_COLUMNS " FROM contact ORDER BY account");
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r == 0)
			read_contact(&q, &rows[len++]);
	}
	r = q_end(&q);
	if (r != 0) {
		free(rows);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

int
store_contact_set_seen(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint64_t seen_ms)
{
	struct query q;

	q_begin(&q, s, "UPDATE contact SET seen_ms = ? WHERE account = ?");
	q_time(&q, seen_ms);
	q_blob(&q, account, STORE_ID_LEN);
	return q_run_one(&q);
}

/* Lists only ever grow in version: an older one would bring back a device
 * that was removed. */
int
store_contact_put_device_list(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t version, const void *p,
    size_t len)
{
	struct store_contact k;
	struct query q;
	int r;

	if (len > STORE_DEVICE_LIST_MAX)
		return store_fail(s, ERR_RANGE, "the device list is too long");
	r = store_contact_get(s, account, &k);
	if (r != 0)
		return r;
	if (version < k.list_version)
		return store_fail(s, ERR_STATE, "the device list is older");
	q_begin(&q, s,
	    "UPDATE contact SET list_version = ?, device_list = ?"
	    " WHERE account = ?");
	q_int(&q, version);
	q_blob(&q, p, len);
	q_blob(&q, account, STORE_ID_LEN);
	return q_run_one(&q);
}

int
store_contact_get_device_list(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint8_t **p, size_t *len)
{
	uint8_t *list = NULL;
	size_t n = 0;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT device_list FROM contact"
	    " WHERE account = ? AND device_list IS NOT NULL");
	q_blob(&q, account, STORE_ID_LEN);
	found = q_row(&q);
	if (found)
		list = q_dup_blob(&q, 0, &n);
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no device list");
	if (r != 0) {
		free(list);
		return r;
	}
	*p = list;
	*len = n;
	return 0;
}

/* ---- devices ------------------------------------------------------------------ */

#define DEVICE_COLUMNS                                                         \
	"account, device, identity, registration_id, active, added_ms"

static void
read_device(struct query *q, struct store_device *d)
{
	memset(d, 0, sizeof(*d));
	q_get_bytes(q, 0, d->account, sizeof(d->account));
	d->device = (uint32_t)q_get_int(q, 1);
	q_get_bytes(q, 2, d->identity, sizeof(d->identity));
	d->registration_id = (uint32_t)q_get_int(q, 3);
	d->active = q_get_int(q, 4) != 0;
	d->added_ms = q_get_time(q, 5);
}

int
store_device_put(struct store *s, const struct store_device *d)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR REPLACE INTO device(" DEVICE_COLUMNS ")"
	    " VALUES(?, ?, ?, ?, ?, ?)");
	q_blob(&q, d->account, sizeof(d->account));
	q_int(&q, d->device);
	q_blob(&q, d->identity, sizeof(d->identity));
	q_int(&q, d->registration_id);
	q_int(&q, d->active);
	q_time(&q, d->added_ms);
	return q_run(&q);
}

int
store_device_get(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, struct store_device *out)
{
	struct store_device d;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT " DEVICE_COLUMNS " FROM device"
	    " WHERE account = ? AND device = ?");
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	found = q_row(&q);
	if (found)
		read_device(&q, &d);
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "no such device");
	if (r == 0)
		*out = d;
	return r;
}

int
store_device_list(struct store *s, const uint8_t account[static STORE_ID_LEN],
    struct store_device **v, size_t *n)
{
	struct store_device *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT " DEVICE_COLUMNS " FROM device"
	    " WHERE account = ? ORDER BY device");
	q_blob(&q, account, STORE_ID_LEN);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r == 0)
			read_device(&q, &rows[len++]);
	}
	r = q_end(&q);
	if (r != 0) {
		free(rows);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

int
store_device_delete(struct store *s, const uint8_t account[static STORE_ID_LEN],
    uint32_t device)
{
	static const char *const sql[] = {
	    "DELETE FROM device WHERE account = ? AND device = ?",
	    "DELETE FROM session WHERE account = ? AND device = ?"};
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(sql) && r == 0; i++) {
		q_begin(&q, s, sql[i]);
		q_blob(&q, account, STORE_ID_LEN);
		q_int(&q, device);
		r = q_run(&q);
	}
	return tx_leave(s, &tx, r);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_store_rows.c — account, contacts, sessions, pre-keys, outbox, settings. */
#include "common/buf.h"
#include "tests/unit/store_help.h"
#include "tui/store/query.h"
#include "tui/store/store_account.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_due.h"
#include "tui/store/store_outbox.h"
#include "tui/store/store_prekey.h"
#include "tui/store/store_repair.h"
#include "tui/store/store_session.h"
#include "tui/store/store_setting.h"

/* ---- account -------------------------------------------------------------------- */

static void
test_store_account__comes_back_as_it_was(void **state)
{
	struct store_account a, b;

	assert_err(store_account_get(store_of(state), &a), ERR_NOTFOUND);
	memset(&a, 0, sizeof(a));
	snprintf(a.phone, sizeof(a.phone), "+4915112345");
	snprintf(a.name, sizeof(a.name), "Ann \xc3\x84");
	snprintf(a.relay_uri, sizeof(a.relay_uri), "sotto://x:1/#k");
	snprintf(a.relay_name, sizeof(a.relay_name), "home");
	memset(a.account, 1, sizeof(a.account));
	memset(a.relay_key, 2, sizeof(a.relay_key));
	memset(a.noise_secret, 3, sizeof(a.noise_secret));
	memset(a.noise_public, 4, sizeof(a.noise_public));
	memset(a.identity_secret, 5, sizeof(a.identity_secret));
	memset(a.identity_public, 6, sizeof(a.identity_public));
	a.registered = true;
	a.has_relay_key = true;
	a.device = 127;
	a.registration_id = 0x3ffe;
	assert_ok(store_account_put(store_of(state), &a));
	store_reopen(state);
	memset(&b, 0xee, sizeof(b));
	assert_ok(store_account_get(store_of(state), &b));
	assert_memory_equal(&a, &b, sizeof(a));
	/* Put again: still one row; no relay key. */
	a.has_relay_key = false;
	memset(a.relay_key, 0, sizeof(a.relay_key));
	memset(a.name, 0, sizeof(a.name));
	assert_ok(store_account_put(store_of(state), &a));
	assert_ok(store_account_get(store_of(state), &b));
	assert_memory_equal(&a, &b, sizeof(a));
	store_account_clear(&b);
	assert_int_equal(b.noise_secret[0], 0);
}

/* ---- contacts ------------------------------------------------------------------- */

static struct store_contact
contact(unsigned n, const char *phone)
{
	struct store_contact c;

	memset(&c, 0, sizeof(c));
	memcpy(c.account, id_of(n).b, STORE_ID_LEN);
	snprintf(c.phone, sizeof(c.phone), "%s", phone);
	c.created_ms = 1000 + n;
	return c;
}

static void
test_store_contact__put_get_replace_list(void **state)
{
	struct store_contact c = contact(1, "+491"), d, *v;
	struct store *s = store_of(state);
	size_t n;

	assert_err(store_contact_get(s, c.account, &d), ERR_NOTFOUND);
	snprintf(c.name, sizeof(c.name), "Bea");
	snprintf(c.profile_name, sizeof(c.profile_name), "b");
	c.has_identity = true;
	memset(c.identity, 9, sizeof(c.identity));
	c.trust = STORE_TRUST_VERIFIED;
	c.verified_ms = 5;
	c.key_changed_ms = 6;
	c.seen_ms = 7;
	c.blocked = true;
	c.phone_known = true;
	assert_ok(store_contact_put(s, &c));
	assert_ok(store_contact_get(s, c.account, &d));
	assert_memory_equal(&c, &d, sizeof(c));
	c.trust = STORE_TRUST_CHANGED;
	c.has_identity = false;
	memset(c.identity, 0, sizeof(c.identity));
	assert_ok(store_contact_put(s, &c));
	assert_ok(store_contact_get(s, c.account, &d));
	assert_memory_equal(&c, &d, sizeof(c));
	assert_ok(store_contact_set_seen(s, c.account, 99));
	assert_err(store_contact_set_seen(s, id_of(2).b, 99), ERR_NOTFOUND);
	for (unsigned i = 2; i < 20; i++) {
		d = contact(i, "+499");
		assert_ok(store_contact_put(s, &d));
	}
	assert_ok(store_contact_list(s, &v, &n));
	assert_int_equal(n, 19);
	assert_int_equal(v[0].seen_ms, 99);
	assert_memory_equal(v[18].account, id_of(19).b, STORE_ID_LEN);
	free(v);
}

/* A number moves to another account; one that the relay confirmed wins. */
static void
test_store_contact_by_phone__known_then_latest(void **state)
{
	struct store_contact a = contact(1, "+49111");
	struct store_contact b = contact(2, "+49111");
	struct store_contact c = contact(3, "+49111"), got;
	struct store *s = store_of(state);

	assert_err(store_contact_by_phone(s, "+49111", &got), ERR_NOTFOUND);
	assert_ok(store_contact_put(s, &a));
	assert_ok(store_contact_put(s, &b));
	assert_ok(store_contact_by_phone(s, "+49111", &got));
	assert_memory_equal(got.account, b.account, STORE_ID_LEN);
	a.phone_known = true;
	assert_ok(store_contact_put(s, &a));
	assert_ok(store_contact_put(s, &c));
	assert_ok(store_contact_by_phone(s, "+49111", &got));
	assert_memory_equal(got.account, a.account, STORE_ID_LEN);
}

static void
test_store_contact_device_list__never_goes_back(void **state)
{
	struct store_contact c = contact(1, "+491"), d;
	struct store *s = store_of(state);
	uint8_t *p = NULL;
	size_t len = 0;

	assert_err(store_contact_put_device_list(s, c.account, 1, "one", 3),
	    ERR_NOTFOUND);
	assert_ok(store_contact_put(s, &c));
	assert_err(store_contact_get_device_list(s, c.account, &p, &len),
	    ERR_NOTFOUND);
	assert_ok(store_contact_put_device_list(s, c.account, 5, "five", 4));
	assert_err(store_contact_put_device_list(s, c.account, 4, "four", 4),
	    ERR_STATE);
	assert_err(store_contact_put_device_list(
		       s, c.account, 6, "x", STORE_DEVICE_LIST_MAX + 1),
	    ERR_RANGE);
	assert_ok(store_contact_put(s, &c)); /* leaves the list */
	assert_ok(store_contact_get_device_list(s, c.account, &p, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(p, "five", 4);
	free(p);
	assert_ok(store_contact_get(s, c.account, &d));
	assert_int_equal(d.list_version, 5);
}

static void
test_store_device__put_get_list_delete(void **state)
{
	struct store_device d = {.registration_id = 7, .active = true}, e, *v;
	struct store *s = store_of(state);
	struct buf b;
	size_t n;

	buf_init(&b, 100);
	memcpy(d.account, id_of(1).b, STORE_ID_LEN);
	memset(d.identity, 3, sizeof(d.identity));
	for (uint32_t i = 3; i > 0; i--) {
		d.device = i;
		d.added_ms = i;
		assert_ok(store_device_put(s, &d));
	}
	d.active = false;
	assert_ok(store_device_put(s, &d)); /* replaces device 1 */
	assert_ok(store_device_get(s, d.account, 1, &e));
	assert_false(e.active);
	assert_int_equal(e.registration_id, 7);
	assert_int_equal(e.added_ms, 1);
	assert_memory_equal(e.identity, d.identity, sizeof(d.identity));
	assert_ok(store_session_put(s, d.account, 2, "r", 1, 1));
	assert_ok(store_session_put(s, d.account, 3, "r", 1, 1));
	assert_ok(store_device_list(s, d.account, &v, &n));
	assert_int_equal(n, 3);
	assert_int_equal(v[0].device, 1);
	assert_int_equal(v[2].device, 3);
	free(v);
	assert_ok(store_device_delete(s, d.account, 2));
	assert_ok(store_device_delete(s, d.account, 2));
	assert_err(store_device_get(s, d.account, 2, &e), ERR_NOTFOUND);
	assert_err(store_session_get(s, d.account, 2, &b), ERR_NOTFOUND);
	assert_ok(store_session_get(s, d.account, 3, &b));
	buf_clear(&b);
	assert_ok(store_device_list(s, id_of(8).b, &v, &n));
	assert_int_equal(n, 0);
	free(v);
}

/* ---- sessions ------------------------------------------------------------------- */

static void
test_store_session__put_get_replace_delete(void **state)
{
	struct store *s = store_of(state);
	struct id16 a = id_of(1), b = id_of(2);
	uint32_t devices[2] = {0, 0};
	uint8_t *big = malloc(300000);
	struct buf out;
	size_t n = 9;

	assert_non_null(big);
	memset(big, 0x5a, 300000);
	buf_init(&out, 300000);
	assert_err(store_session_get(s, a.b, 1, &out), ERR_NOTFOUND);
	assert_ok(store_session_put(s, a.b, 1, "one", 3, 1));
	assert_ok(store_session_put(s, a.b, 1, big, 300000, 2));
	assert_ok(store_session_put(s, a.b, 4, "", 0, 2));
	assert_ok(store_session_put(s, a.b, 9, "nine", 4, 2));
	assert_ok(store_session_put(s, b.b, 1, "b", 1, 2));
	assert_ok(store_session_get(s, a.b, 1, &out));
	assert_int_equal(out.len, 300000);
	assert_memory_equal(out.p, big, 300000);
	buf_reset(&out);
	assert_ok(store_session_get(s, a.b, 4, &out));
	assert_int_equal(out.len, 0);
	buf_clear(&out);
	buf_init(&out, 2);
	assert_err(store_session_get(s, a.b, 9, &out), ERR_FULL);
	buf_clear(&out);
	assert_ok(store_session_devices(s, a.b, devices, 2, &n));
	assert_int_equal(n, 3);
	assert_int_equal(devices[0], 1);
	assert_int_equal(devices[1], 4);
	assert_ok(store_session_delete(s, a.b, 1));
	assert_ok(store_session_delete(s, a.b, 1));
	buf_init(&out, 10);
	assert_err(store_session_get(s, a.b, 1, &out), ERR_NOTFOUND);
	assert_ok(store_session_get(s, b.b, 1, &out));
	buf_clear(&out);
	free(big);
}

/* ---- pre-keys ------------------------------------------------------------------- */

static int
put_key(struct store *s, enum store_prekey_kind kind, uint32_t id, bool last,
    uint64_t ms, const char *record)
{
	struct store_prekey k = {
	    .kind = kind, .id = id, .last_resort = last, .created_ms = ms};

	return store_prekey_put(s, &k, record, strlen(record));
}

static void
test_store_prekey__a_key_is_spent_once(void **state)
{
	struct store *s = store_of(state);
	struct store_prekey k;
	struct buf b;

	buf_init(&b, 100);
	assert_ok(put_key(s, STORE_PREKEY_ONE_TIME, 0, false, 5, "zero"));
	assert_ok(put_key(s, STORE_PREKEY_ONE_TIME, 1, false, 5, "one"));
	assert_ok(put_key(s, STORE_PREKEY_SIGNED, 1, false, 5, "signed"));
	assert_err(
	    put_key(s, STORE_PREKEY_SIGNED, 1, false, 5, "x"), ERR_EXISTS);
	assert_ok(store_prekey_get(s, STORE_PREKEY_ONE_TIME, 1, &k, &b));
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.p, "one", 3);
	assert_int_equal(k.created_ms, 5);
	assert_false(k.uploaded);
	assert_ok(store_prekey_delete(s, STORE_PREKEY_ONE_TIME, 1));
	assert_err(
	    store_prekey_delete(s, STORE_PREKEY_ONE_TIME, 1), ERR_NOTFOUND);
	assert_err(store_prekey_get(s, STORE_PREKEY_ONE_TIME, 1, NULL, &b),
	    ERR_NOTFOUND);
	assert_ok(store_prekey_get(s, STORE_PREKEY_SIGNED, 1, NULL, &b));
	buf_clear(&b);
}

static void
test_store_prekey_next_id__spent_numbers_do_not_come_back(void **state)
{
	struct store *s = store_of(state);
	uint32_t id = 77;

	assert_ok(store_prekey_next_id(s, STORE_PREKEY_ONE_TIME, &id));
	assert_int_equal(id, 1);
	assert_ok(put_key(s, STORE_PREKEY_ONE_TIME, 9, false, 1, "x"));
	assert_ok(put_key(s, STORE_PREKEY_ONE_TIME, 4, false, 1, "x"));
	assert_ok(store_prekey_delete(s, STORE_PREKEY_ONE_TIME, 9));
	assert_ok(store_prekey_next_id(s, STORE_PREKEY_ONE_TIME, &id));
	assert_int_equal(id, 10);
	assert_ok(store_prekey_next_id(s, STORE_PREKEY_KYBER, &id));
	assert_int_equal(id, 1);
	assert_ok(put_key(s, STORE_PREKEY_KYBER, UINT32_MAX, false, 1, "x"));
	assert_err(store_prekey_next_id(s, STORE_PREKEY_KYBER, &id), ERR_FULL);
}

static void
test_store_prekey__newest_used_uploaded_expired(void **state)
{
	struct store *s = store_of(state);
	struct store_prekey k, *v;
	struct buf b;
	size_t n;

	buf_init(&b, 100);
	assert_err(
	    store_prekey_newest(s, STORE_PREKEY_SIGNED, &k, &b), ERR_NOTFOUND);
	assert_ok(put_key(s, STORE_PREKEY_SIGNED, 1, false, 10, "s1"));
	assert_ok(put_key(s, STORE_PREKEY_SIGNED, 2, false, 20, "s2"));
	assert_ok(put_key(s, STORE_PREKEY_KYBER, 1, true, 10, "k1"));
	assert_ok(put_key(s, STORE_PREKEY_KYBER, 2, true, 20, "k2"));
	assert_ok(put_key(s, STORE_PREKEY_KYBER, 3, false, 30, "k3"));
	assert_ok(store_prekey_newest(s, STORE_PREKEY_SIGNED, &k, &b));
	assert_int_equal(k.id, 2);
	assert_ok(store_prekey_newest(s, STORE_PREKEY_KYBER, &k, &b));
	assert_int_equal(k.id, 2);
	assert_true(k.last_resort);
	assert_memory_equal(b.p, "s2k2", 4);
	buf_clear(&b);
	assert_ok(store_prekey_used(s, STORE_PREKEY_KYBER, 2, 55));
	assert_err(
	    store_prekey_used(s, STORE_PREKEY_KYBER, 8, 5), ERR_NOTFOUND);
	assert_ok(store_prekey_uploaded(s, STORE_PREKEY_KYBER));
	assert_ok(put_key(s, STORE_PREKEY_KYBER, 4, false, 30, "k4"));
	assert_ok(store_prekey_list(s, STORE_PREKEY_KYBER, false, &v, &n));
	assert_int_equal(n, 4);
	assert_int_equal(v[1].used_ms, 55);
	free(v);
	assert_ok(store_prekey_list(s, STORE_PREKEY_KYBER, true, &v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].id, 4);
	free(v);
	/* Old ones go, the newest of each kind and one-time keys stay. */
	assert_ok(store_prekey_expire(s, 1000));
	assert_ok(store_prekey_list(s, STORE_PREKEY_KYBER, false, &v, &n));
	assert_int_equal(n, 3);
	assert_int_equal(v[0].id, 2);
	free(v);
	assert_ok(store_prekey_list(s, STORE_PREKEY_SIGNED, false, &v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].id, 2);
	free(v);
}

static void
test_store_prekey_spend_last_resort__one_handshake_once(void **state)
{
	struct store *s = store_of(state);
	uint8_t key[STORE_PUB_LEN] = {5, 1, 2};

	assert_ok(store_prekey_spend_last_resort(s, 1, 2, key));
	assert_err(store_prekey_spend_last_resort(s, 1, 2, key), ERR_DUP);
	assert_ok(store_prekey_spend_last_resort(s, 1, 3, key));
	key[2] = 9;
	assert_ok(store_prekey_spend_last_resort(s, 1, 2, key));
}

/* ---- receipts that are owed ------------------------------------------------------ */

static void
put_receipt_row(
    struct store *s, unsigned id, unsigned account, int line, uint32_t device)
{
	struct store_outgoing o = {.line = line,
	    .device = device,
	    .request = (uint8_t *)"x",
	    .len = 1};
	int64_t row;

	memcpy(o.message_id, id_of(id).b, STORE_ID_LEN);
	memcpy(o.account, id_of(account).b, STORE_ID_LEN);
	assert_ok(store_outbox_add(s, &o, &row));
}

static void
test_store_due__is_taken_once_by_kind_and_age(void **state)
{
	uint8_t ids[8][STORE_ID_LEN], who[STORE_ID_LEN];
	struct store *s = store_of(state);
	enum store_due_kind kind;
	size_t n;

	assert_err(store_due_account(s, who), ERR_NOTFOUND);
	assert_ok(store_due_put(s, id_of(1).b, id_of(11).b, 0));
	assert_ok(store_due_put(s, id_of(1).b, id_of(12).b, STORE_DUE_READ));
	assert_ok(store_due_put(s, id_of(1).b, id_of(13).b, 0));
	assert_ok(store_due_put(s, id_of(1).b, id_of(14).b, 0));
	/* read says delivered, and nothing takes it back */
	assert_ok(store_due_put(s, id_of(1).b, id_of(14).b, STORE_DUE_READ));
	assert_ok(store_due_put(s, id_of(1).b, id_of(12).b, 0));
	store_reopen(state);
	s = store_of(state);
	assert_ok(store_due_account(s, who));
	assert_memory_equal(who, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_due_take(s, who, &kind, ids, 1, &n));
	assert_int_equal(n, 1);
	assert_int_equal(kind, STORE_DUE_DELIVERED);
	assert_memory_equal(ids[0], id_of(11).b, STORE_ID_LEN);
	assert_ok(store_due_take(s, who, &kind, ids, 8, &n));
	assert_int_equal(n, 2);
	assert_int_equal(kind, STORE_DUE_READ);
	assert_memory_equal(ids[0], id_of(12).b, STORE_ID_LEN);
	assert_memory_equal(ids[1], id_of(14).b, STORE_ID_LEN);
	assert_ok(store_due_take(s, who, &kind, ids, 8, &n));
	assert_int_equal(n, 1);
	assert_ok(store_due_take(s, who, &kind, ids, 8, &n));
	assert_int_equal(n, 0);
}

static void
test_store_due_account__passes_those_whose_line_is_busy(void **state)
{
	uint8_t who[STORE_ID_LEN];
	struct store *s = store_of(state);
	int64_t row;

	assert_ok(store_due_put(s, id_of(1).b, id_of(11).b, 0));
	assert_ok(store_due_put(s, id_of(2).b, id_of(12).b, 0));
	put_receipt_row(s, 21, 1, STORE_LINE_RECEIPT, 0);
	put_receipt_row(s, 22, 2, STORE_LINE_NONE, 0);
	put_receipt_row(s, 23, 2, STORE_LINE_RETRY, 1);
	assert_ok(store_due_account(s, who));
	assert_memory_equal(who, id_of(2).b, STORE_ID_LEN);
	assert_ok(store_due_drop(s, who));
	assert_err(store_due_account(s, who), ERR_NOTFOUND);
	assert_ok(store_outbox_find(s, id_of(21).b, &row));
	assert_ok(store_outbox_delete(s, row));
	assert_ok(store_due_account(s, who));
	assert_memory_equal(who, id_of(1).b, STORE_ID_LEN);
}

/* ---- repair ------------------------------------------------------------------------ */

static void
put_unreadable(struct store *s, unsigned account, uint32_t device, unsigned id)
{
	struct store_unreadable u = {.device = device, .first_ms = id};

	memcpy(u.account, id_of(account).b, STORE_ID_LEN);
	memcpy(u.message_id, id_of(id).b, STORE_ID_LEN);
	assert_ok(store_unreadable_add(s, &u, 2));
}

static void
test_store_unreadable__is_asked_for_a_device_at_a_time(void **state)
{
	struct store *s = store_of(state);
	uint8_t ids[4][STORE_ID_LEN];
	struct store_asking a, b;
	uint64_t some, all;
	uint32_t asked;
	bool had;
	size_t n;

	assert_err(store_unreadable_device(s, NULL, &a), ERR_NOTFOUND);
	put_unreadable(s, 1, 1, 11);
	put_unreadable(s, 1, 1, 11);
	put_unreadable(s, 1, 1, 12);
	put_unreadable(s, 1, 2, 13);
	put_unreadable(s, 2, 1, 11);
	assert_ok(store_unreadable_count(s, id_of(1).b, &some, &all));
	assert_int_equal(some, 3);
	assert_int_equal(all, 4);
	assert_ok(store_unreadable_device(s, NULL, &a));
	assert_memory_equal(a.account, id_of(1).b, STORE_ID_LEN);
	assert_int_equal(a.device, 1);
	assert_ok(store_unreadable_device(s, &a, &b));
	assert_int_equal(b.device, 2);
	put_receipt_row(s, 21, 1, STORE_LINE_RETRY, 2);
	assert_ok(store_unreadable_device(s, &a, &b)); /* it waits its turn */
	assert_memory_equal(b.account, id_of(2).b, STORE_ID_LEN);
	assert_ok(store_unreadable_take(s, &a, 500, ids, 1, &n, &asked));
	assert_int_equal(n, 1);
	assert_int_equal(asked, 1);
	assert_memory_equal(ids[0], id_of(11).b, STORE_ID_LEN);
	assert_ok(store_unreadable_take(s, &a, 600, ids, 4, &n, &asked));
	assert_int_equal(n, 1);
	assert_ok(store_unreadable_take(s, &a, 600, ids, 4, &n, &asked));
	assert_int_equal(n, 0);
	/* again: only the one that was asked for before 600, less than twice */
	assert_ok(store_unreadable_again(s, id_of(1).b, 1, 1, 600));
	assert_ok(store_unreadable_take(s, &a, 700, ids, 4, &n, &asked));
	assert_int_equal(n, 0);
	assert_ok(store_unreadable_again(s, NULL, 0, 2, 600));
	assert_ok(store_unreadable_take(s, &a, 700, ids, 4, &n, &asked));
	assert_int_equal(n, 1);
	assert_int_equal(asked, 2);
	assert_ok(store_unreadable_remove(s, id_of(1).b, id_of(11).b, &had));
	assert_true(had);
	assert_ok(store_unreadable_remove(s, id_of(1).b, id_of(11).b, &had));
	assert_false(had);
	assert_ok(store_unreadable_prune(s, 13));
	assert_ok(store_unreadable_count(s, id_of(1).b, &some, &all));
	assert_int_equal(some, 1);
	assert_int_equal(all, 1);
}

static void
test_store_repair__counts(void **state)
{
	struct store *s = store_of(state);
	struct store_repair rp;
	uint32_t times = 9;
	int64_t chat = chat_with(s, 1), m;

	m = add_text(s, chat, STORE_OUT, 1, 1, "one");
	assert_ok(store_resent_get(s, m, 1, &times));
	assert_int_equal(times, 0);
	assert_ok(store_resent_add(s, m, 1));
	assert_ok(store_resent_add(s, m, 1));
	assert_ok(store_resent_get(s, m, 1, &times));
	assert_int_equal(times, 2);
	assert_ok(store_resent_get(s, m, 2, &times));
	assert_int_equal(times, 0);
	assert_ok(store_repair_get(s, id_of(1).b, 1, &rp));
	assert_int_equal(rp.renewed_ms, 0);
	rp = (struct store_repair){1, 2, 3, 4};
	assert_ok(store_repair_put(s, id_of(1).b, 1, &rp));
	rp.asks = 5;
	assert_ok(store_repair_put(s, id_of(1).b, 1, &rp));
	assert_ok(store_repair_get(s, id_of(1).b, 1, &rp));
	assert_int_equal(rp.renewed_ms, 1);
	assert_int_equal(rp.asks, 5);
	assert_int_equal(rp.answers, 3);
	assert_int_equal(rp.since_ms, 4);
}

static void
test_store_session_bound__the_least_used_go(void **state)
{
	struct store *s = store_of(state);
	uint8_t record[100] = {0};
	uint32_t left[8];
	size_t n;

	for (uint32_t d = 1; d <= 5; d++)
		assert_ok(store_session_put(
		    s, id_of(1).b, d, record, sizeof(record), 10 - d));
	assert_ok(
	    store_session_put(s, id_of(2).b, 1, record, sizeof(record), 1));
	assert_ok(store_session_bound(s, id_of(1).b, 5, 500));
	assert_ok(store_session_devices(s, id_of(1).b, left, 8, &n));
	assert_int_equal(n, 5);
	assert_ok(store_session_bound(s, id_of(1).b, 5, 300));
	assert_ok(store_session_devices(s, id_of(1).b, left, 8, &n));
	assert_int_equal(n, 3);
	assert_int_equal(left[0], 1);
	assert_int_equal(left[1], 2);
	assert_int_equal(left[2], 5);
	assert_ok(store_session_bound(s, id_of(1).b, 5, 1));
	assert_ok(store_session_devices(s, id_of(1).b, left, 8, &n));
	assert_int_equal(n, 1);
	assert_ok(store_session_devices(s, id_of(2).b, left, 8, &n));
	assert_int_equal(n, 1);
}

/* ---- outbox --------------------------------------------------------------------- */

static void
test_store_outbox__keeps_bytes_and_order(void **state)
{
	struct store *s = store_of(state);
	struct store_outgoing o = {.message = 3, .created_ms = 8}, got;
	uint8_t request[] = {0, 1, 2, 0, 255};
	uint64_t n = 0, next = 0;
	int64_t a, b, c, id;

	assert_ok(store_outbox_stat(s, &n, &next));
	assert_int_equal(n, 0);
	assert_true(next == UINT64_MAX);
	o.request = request;
	o.len = sizeof(request);
	memcpy(o.message_id, id_of(1).b, 16);
	assert_ok(store_outbox_add(s, &o, &a));
	assert_err(store_outbox_add(s, &o, &b), ERR_EXISTS);
	memcpy(o.message_id, id_of(2).b, 16);
	o.message = 0;
	o.next_ms = 500;
	assert_ok(store_outbox_add(s, &o, &b));
	memcpy(o.message_id, id_of(3).b, 16);
	o.next_ms = 0;
	assert_ok(store_outbox_add(s, &o, &c));
	store_reopen(state);
	s = store_of(state);
	assert_ok(store_outbox_next(s, 0, 100, &got));
	assert_int_equal(got.id, a);
	assert_int_equal(got.message, 3);
	assert_int_equal(got.len, sizeof(request));
	assert_memory_equal(got.request, request, sizeof(request));
	assert_memory_equal(got.message_id, id_of(1).b, 16);
	store_outgoing_clear(&got);
	assert_ok(store_outbox_next(s, a, 100, &got)); /* b is not due */
	assert_int_equal(got.id, c);
	store_outgoing_clear(&got);
	assert_ok(store_outbox_next(s, a, UINT64_MAX, &got));
	assert_int_equal(got.id, b);
	store_outgoing_clear(&got);
	assert_err(store_outbox_next(s, c, UINT64_MAX, &got), ERR_NOTFOUND);
	assert_ok(store_outbox_failed(s, a, 300));
	assert_ok(store_outbox_failed(s, a, 400));
	assert_ok(store_outbox_replace(s, a, "new", 3));
	assert_ok(store_outbox_get(s, a, &got));
	assert_int_equal(got.attempts, 2);
	assert_int_equal(got.next_ms, 400);
	assert_memory_equal(got.request, "new", 3);
	store_outgoing_clear(&got);
	assert_ok(store_outbox_drop_message(s, 0)); /* receipts stay */
	assert_ok(store_outbox_drop_message(s, 77));
	assert_ok(store_outbox_delete(s, c));
	assert_ok(store_outbox_stat(s, &n, &next));
	assert_int_equal(n, 2);
	assert_int_equal(next, 400);
	assert_ok(store_outbox_find(s, id_of(2).b, &id));
	assert_int_equal(id, b);
	assert_err(store_outbox_find(s, id_of(3).b, &id), ERR_NOTFOUND);
	assert_err(store_outbox_delete(s, c), ERR_NOTFOUND);
	assert_err(store_outbox_failed(s, c, 1), ERR_NOTFOUND);
	assert_err(store_outbox_replace(s, c, "x", 1), ERR_NOTFOUND);
	assert_err(store_outbox_get(s, c, &got), ERR_NOTFOUND);
	/* Ids do not come back. */
	assert_ok(store_outbox_add(s, &o, &id));
	assert_true(id > c);
}

/* ---- settings, and shapes on disk ------------------------------------------------ */

static void
test_store_setting__texts_and_numbers(void **state)
{
	struct store *s = store_of(state);
	int64_t n = 1;
	char *v;

	assert_ok(store_setting_get_int(s, "cursor", -5, &n));
	assert_int_equal(n, -5);
	assert_ok(store_setting_put_int(s, "cursor", INT64_MIN));
	assert_ok(store_setting_get_int(s, "cursor", 0, &n));
	assert_true(n == INT64_MIN);
	assert_ok(store_setting_put(s, "cursor", "12x"));
	assert_err(store_setting_get_int(s, "cursor", 0, &n), ERR_FORMAT);
	assert_ok(store_setting_put(s, "cursor", ""));
	assert_ok(store_setting_get(s, "cursor", &v));
	assert_string_equal(v, "");
	free(v);
	assert_ok(store_setting_put(s, "cursor", NULL));
	assert_err(store_setting_get(s, "cursor", &v), ERR_NOTFOUND);
}

/* What another version, or damage, may have left. */
static void
test_store_rows__odd_shapes_are_malformed_not_believed(void **state)
{
	struct store *s = store_of(state);
	struct store_contact c = contact(1, "+491"), *v = NULL;
	size_t n = 0;

	assert_ok(store_contact_put(s, &c));
	assert_ok(store_exec(s, "UPDATE contact SET identity = x'0011'"));
	c.created_ms = 12345;
	assert_err(store_contact_get(s, id_of(1).b, &c), ERR_FORMAT);
	assert_int_equal(c.created_ms, 12345); /* unchanged */
	assert_non_null(strstr(store_error(s), "identity"));
	assert_err(store_contact_list(s, &v, &n), ERR_FORMAT);
	assert_null(v);
	assert_ok(store_exec(s, "UPDATE contact SET identity = NULL,"
				" seen_ms = -1"));
	assert_err(store_contact_get(s, id_of(1).b, &c), ERR_FORMAT);
	assert_ok(store_exec(s, "UPDATE contact SET seen_ms = 0,"
				" phone = printf('%050d', 1)"));
	assert_err(store_contact_get(s, id_of(1).b, &c), ERR_FORMAT);
	c.seen_ms = UINT64_MAX;
	assert_err(store_contact_put(s, &c), ERR_RANGE);
}

/* ---- memory --------------------------------------------------------------------- */

static int
use_rows(void *arg)
{
	struct store *s = arg;
	struct store_outgoing o = {.request = NULL};
	struct store_contact *v = NULL;
	struct store_device *d = NULL;
	struct store_prekey *k = NULL;
	uint8_t *list = NULL;
	char *text = NULL;
	struct buf b;
	size_t n;
	int r;

	buf_init(&b, 100);
	r = store_contact_list(s, &v, &n);
	if (r == 0)
		r = store_device_list(s, id_of(1).b, &d, &n);
	if (r == 0)
		r = store_prekey_list(s, STORE_PREKEY_SIGNED, false, &k, &n);
	if (r == 0)
		r = store_contact_get_device_list(s, id_of(1).b, &list, &n);
	if (r == 0)
		r = store_setting_get(s, "a", &text);
	if (r == 0)
		r = store_outbox_next(s, 0, 10, &o);
	if (r == 0)
		r = store_session_get(s, id_of(1).b, 1, &b);
	free(v);
	free(d);
	free(k);
	free(list);
	free(text);
	store_outgoing_clear(&o);
	buf_clear(&b);
	return r;
}

static void
test_store_rows__run_out_of_memory_cleanly(void **state)
{
	struct store *s = store_of(state);
	struct store_contact c;
	struct store_device d = {.device = 1};
	struct store_outgoing o = {.request = NULL};
	uint8_t one = 1;
	int64_t id;

	for (unsigned i = 1; i < 12; i++) {
		c = contact(i, "+49");
		assert_ok(store_contact_put(s, &c));
	}
	memcpy(d.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_device_put(s, &d));
	assert_ok(put_key(s, STORE_PREKEY_SIGNED, 1, false, 1, "x"));
	assert_ok(store_contact_put_device_list(s, id_of(1).b, 1, "l", 1));
	assert_ok(store_setting_put(s, "a", "b"));
	assert_ok(store_session_put(s, id_of(1).b, 1, "r", 1, 1));
	o.request = &one;
	o.len = 1;
	assert_ok(store_outbox_add(s, &o, &id));
	assert_true(alloc_sweep(use_rows, s) >= 8);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_new, fixture_end)
	const struct CMUnitTest tests[] = {
	    T(test_store_account__comes_back_as_it_was),
	    T(test_store_contact__put_get_replace_list),
	    T(test_store_contact_by_phone__known_then_latest),
	    T(test_store_contact_device_list__never_goes_back),
	    T(test_store_device__put_get_list_delete),
	    T(test_store_session__put_get_replace_delete),
	    T(test_store_prekey__a_key_is_spent_once),
	    T(test_store_prekey_next_id__spent_numbers_do_not_come_back),
	    T(test_store_prekey__newest_used_uploaded_expired),
	    T(test_store_prekey_spend_last_resort__one_handshake_once),
	    T(test_store_outbox__keeps_bytes_and_order),
	    T(test_store_due__is_taken_once_by_kind_and_age),
	    T(test_store_due_account__passes_those_whose_line_is_busy),
	    T(test_store_unreadable__is_asked_for_a_device_at_a_time),
	    T(test_store_repair__counts),
	    T(test_store_session_bound__the_least_used_go),
	    T(test_store_setting__texts_and_numbers),
	    T(test_store_rows__odd_shapes_are_malformed_not_believed),
	    T(test_store_rows__run_out_of_memory_cleanly),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}

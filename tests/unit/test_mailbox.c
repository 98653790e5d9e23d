/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mailboxes of linkings, with a clock of the test's own. */
#include <sodium.h>

#include "relay/link/mailbox.h"
#include "tests/unit/test.h"

static struct mailboxes *boxes;

static int
setup(void **state)
{
	(void)state;
	return mailboxes_new(&boxes);
}

static int
teardown(void **state)
{
	(void)state;
	mailboxes_free(boxes);
	return 0;
}

static struct noise_public keys[MAILBOX_MANY + 2];

static struct mailbox_side
who(unsigned i, bool device)
{
	memset(keys[i].b, 0, sizeof(keys[i].b));
	memcpy(keys[i].b, &i, sizeof(i));
	return (struct mailbox_side){
	    .key = &keys[i], .device = device, .place = {.loop = (uint16_t)i}};
}

static int
put(const struct mailbox_id *id, const struct mailbox_side *s, uint64_t now,
    size_t len, uint32_t *number)
{
	static const uint8_t bytes[MAILBOX_BLOB_MAX + 1];
	struct route_place to;

	return mailbox_put(boxes, id, s, now, bytes, len, &to, number);
}

struct seen {
	uint32_t first, last;
	size_t bytes;
};

static void
note(void *arg, uint32_t number, const uint8_t *blob, size_t len)
{
	struct seen *s = arg;

	(void)blob;
	if (s->first == 0)
		s->first = number;
	s->last = number;
	s->bytes += len;
}

static void
test_mailbox__ten_minutes(void **state)
{
	struct mailbox_side new = who(1, false), old = who(2, true);
	struct noise_public key;
	struct mailbox_id id;
	uint64_t left = 0;
	uint32_t n = 0;
	struct seen s = {0};

	(void)state;
	assert_ok(mailbox_open(boxes, &new, 1000, &id));
	assert_ok(put(&id, &old, 1001, 10, &n));
	assert_int_equal(n, 1);
	assert_ok(mailbox_owner(boxes, &id, &old, 1002, &key, &left));
	assert_memory_equal(&key, new.key, sizeof(key));
	assert_int_equal(left, MAILBOX_LIFE_MS - 2);
	assert_err(
	    mailbox_owner(boxes, &id, &new, 1002, &key, &left), ERR_NOTFOUND);
	assert_int_equal(mailboxes_count(boxes, 999 + MAILBOX_LIFE_MS), 1);
	assert_int_equal(mailboxes_count(boxes, 1000 + MAILBOX_LIFE_MS), 0);
	assert_err(
	    put(&id, &old, 1000 + MAILBOX_LIFE_MS, 10, &n), ERR_NOTFOUND);
	assert_err(mailbox_attach(boxes, &id, &new, 0, 1000 + MAILBOX_LIFE_MS,
		       &left, note, &s),
	    ERR_NOTFOUND);
	assert_int_equal(s.last, 0);
}

static void
test_mailbox__tells_again_what_came_after(void **state)
{
	struct mailbox_side new = who(1, false), old = who(2, true);
	struct seen s = {0};
	struct mailbox_id id;
	uint64_t left;
	uint32_t n, i;

	(void)state;
	assert_ok(mailbox_open(boxes, &new, 1000, &id));
	for (i = 1; i <= 5; i++) {
		assert_ok(put(&id, &old, 1001, i, &n));
		assert_int_equal(n, i);
	}
	assert_ok(mailbox_attach(boxes, &id, &new, 3, 1002, &left, note, &s));
	assert_int_equal(s.first, 4);
	assert_int_equal(s.last, 5);
	assert_int_equal(s.bytes, 9);
	s = (struct seen){0};
	assert_ok(mailbox_attach(
	    boxes, &id, &new, UINT32_MAX, 1002, &left, note, &s));
	assert_int_equal(s.last, 0);
}

static void
test_mailbox__bounds(void **state)
{
	struct mailbox_side new = who(1, false), old = who(2, true), s;
	struct mailbox_id id, other;
	uint32_t n, i;

	(void)state;
	assert_ok(mailbox_open(boxes, &new, 1000, &id));
	assert_err(put(&id, &old, 1001, 0, &n), ERR_RANGE);
	assert_err(put(&id, &old, 1001, MAILBOX_BLOB_MAX + 1, &n), ERR_RANGE);
	assert_err(put(&id, &new, 1001, 1, &n), ERR_STATE);
	for (i = 0; i < MAILBOX_BLOBS; i++)
		assert_ok(put(&id, &old, 1001, 1, &n));
	assert_err(put(&id, &old, 1001, 1, &n), ERR_FULL);
	assert_ok(put(&id, &new, 1001, 1, &n)); /* each its own */
	/* The same key has one mailbox. */
	assert_ok(mailbox_open(boxes, &new, 1002, &other));
	assert_err(put(&id, &old, 1003, 1, &n), ERR_NOTFOUND);
	assert_int_equal(mailboxes_count(boxes, 1003), 1);
	for (i = 2; i < MAILBOX_MANY + 1; i++) {
		s = who(i, false);
		assert_ok(mailbox_open(boxes, &s, 1004, &other));
	}
	s = who(MAILBOX_MANY + 1, false);
	assert_err(mailbox_open(boxes, &s, 1005, &other), ERR_FULL);
	/* Time makes room. */
	assert_ok(mailbox_open(boxes, &s, 1002 + MAILBOX_LIFE_MS, &other));
}

static int
step_new(void *arg)
{
	struct mailboxes *m;
	int r = mailboxes_new(&m);

	(void)arg;
	if (r == 0)
		mailboxes_free(m);
	return r;
}

static int
step_put(void *arg)
{
	struct mailbox_side old = who(2, true);
	uint32_t n;

	return put(arg, &old, 1001, 8, &n);
}

static void
test_mailbox__out_of_memory(void **state)
{
	struct mailbox_side new = who(1, false);
	struct mailbox_id id;

	(void)state;
	assert_true(alloc_sweep(step_new, NULL) >= 2);
	assert_ok(mailbox_open(boxes, &new, 1000, &id));
	assert_true(alloc_sweep(step_put, &id) >= 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_mailbox__ten_minutes),
	    T(test_mailbox__tells_again_what_came_after),
	    T(test_mailbox__bounds),
	    T(test_mailbox__out_of_memory),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

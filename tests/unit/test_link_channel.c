/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/link/link.h"
#include "tests/unit/test.h"

static const uint8_t mailbox[LINK_MAILBOX_LEN] = "mailbox of tests";

struct pair {
	struct link_channel trusted, fresh;
	struct link_offer offer;
	struct buf msg, got;
};

static void
pair_init(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->msg, 65536);
	buf_init(&p->got, 65536);
	assert_ok(link_ask(&p->fresh, mailbox, &noise_rng_system, &p->offer));
	assert_ok(link_answer(&p->trusted, &p->offer, &noise_rng_system));
}

static void
pair_clear(struct pair *p)
{
	link_clear(&p->trusted);
	link_clear(&p->fresh);
	buf_clear(&p->msg);
	buf_clear(&p->got);
}

/* One message; what arrived is what was written. */
static void
pass(struct pair *p, struct link_channel *from, struct link_channel *to,
    const char *text)
{
	buf_reset(&p->msg);
	buf_reset(&p->got);
	assert_ok(link_write(from, text, strlen(text), &p->msg));
	assert_ok(link_read(to, p->msg.p, p->msg.len, &p->got));
	assert_int_equal(p->got.len, strlen(text));
	if (p->got.len > 0)
		assert_memory_equal(p->got.p, text, p->got.len);
}

static void
shake(struct pair *p)
{
	pass(p, &p->trusted, &p->fresh, "who are you");
	pass(p, &p->fresh, &p->trusted, "a laptop");
}

static void
test_link__both_see_one_code_and_talk(void **state)
{
	char a[LINK_CODE_LEN + 1], b[LINK_CODE_LEN + 1];
	struct pair p;
	int i;

	(void)state;
	pair_init(&p);
	assert_err(link_code(&p.trusted, a), ERR_STATE);
	shake(&p);
	assert_ok(link_code(&p.trusted, a));
	assert_ok(link_code(&p.fresh, b));
	assert_string_equal(a, b);
	assert_int_equal(strspn(a, "0123456789"), LINK_CODE_LEN);
	for (i = 0; i < 3; i++) {
		pass(&p, &p.trusted, &p.fresh, "grant");
		pass(&p, &p.trusted, &p.fresh, "");
		pass(&p, &p.fresh, &p.trusted, "done");
	}
	pair_clear(&p);
}

static void
test_link__codes_differ_from_linking_to_linking(void **state)
{
	char seen[8][LINK_CODE_LEN + 1];
	struct pair p;
	size_t i, equal = 0;

	(void)state;
	for (i = 0; i < 8; i++) {
		pair_init(&p);
		shake(&p);
		assert_ok(link_code(&p.fresh, seen[i]));
		equal += i > 0 && strcmp(seen[i], seen[0]) == 0;
		pair_clear(&p);
	}
	assert_true(equal < 2);
}

/* Whoever reads the code, or runs the relay, can answer first; then the two
 * people see no common code: the trusted device shows none. */
static void
test_link__a_stranger_between_gives_no_common_code(void **state)
{
	char a[LINK_CODE_LEN + 1];
	struct link_channel stranger = {0};
	struct pair p;

	(void)state;
	pair_init(&p);
	assert_ok(link_answer(&stranger, &p.offer, &noise_rng_system));
	pass(&p, &stranger, &p.fresh, "who are you");
	pass(&p, &p.fresh, &stranger, "a laptop");
	assert_ok(link_code(&p.fresh, a));
	/* What the new device said to the stranger is of no use. */
	buf_reset(&p.got);
	buf_reset(&p.msg);
	assert_ok(link_write(&p.trusted, "x", 1, &p.msg));
	buf_reset(&p.msg);
	assert_ok(link_write(&p.fresh, mailbox, sizeof(mailbox), &p.msg));
	assert_ok(link_write(&p.fresh, mailbox, sizeof(mailbox), &p.msg));
	assert_err(link_read(&p.trusted, p.msg.p, p.msg.len, &p.got), ERR_AUTH);
	assert_int_equal(p.got.len, 0);
	assert_err(link_code(&p.trusted, a), ERR_STATE);
	assert_err(link_write(&p.trusted, "x", 1, &p.msg), ERR_STATE);
	link_clear(&stranger);
	pair_clear(&p);
}

static void
test_link__another_offer_or_mailbox_is_refused(void **state)
{
	struct link_offer other;
	struct link_channel l = {0};
	struct pair p;

	(void)state;
	pair_init(&p);
	other = p.offer;
	other.mailbox[3] ^= 1;
	assert_ok(link_answer(&l, &other, &noise_rng_system));
	assert_ok(link_write(&l, "x", 1, &p.msg));
	assert_err(link_read(&p.fresh, p.msg.p, p.msg.len, &p.got), ERR_AUTH);
	link_clear(&l);
	pair_clear(&p);
}

static void
test_link__turns_and_lengths(void **state)
{
	static uint8_t big[LINK_PAYLOAD_MAX + 1];
	struct pair p;

	(void)state;
	pair_init(&p);
	assert_err(link_write(&p.fresh, "x", 1, &p.msg), ERR_STATE);
	assert_err(link_write(&p.trusted, big, sizeof(big), &p.msg), ERR_RANGE);
	shake(&p);
	buf_reset(&p.msg);
	buf_reset(&p.got);
	assert_ok(link_write(&p.trusted, big, LINK_PAYLOAD_MAX, &p.msg));
	assert_ok(link_read(&p.fresh, p.msg.p, p.msg.len, &p.got));
	assert_int_equal(p.got.len, LINK_PAYLOAD_MAX);
	/* a replay ends it */
	buf_reset(&p.got);
	assert_err(link_read(&p.fresh, p.msg.p, p.msg.len, &p.got), ERR_AUTH);
	assert_err(link_read(&p.fresh, p.msg.p, p.msg.len, &p.got), ERR_STATE);
	assert_err(link_write(&p.fresh, "x", 1, &p.msg), ERR_STATE);
	pair_clear(&p);
}

static void
test_link__every_changed_byte_is_refused(void **state)
{
	struct pair p;
	size_t i, n;

	(void)state;
	pair_init(&p);
	assert_ok(link_write(&p.trusted, "x", 1, &p.msg));
	n = p.msg.len;
	pair_clear(&p);
	for (i = 0; i < n; i++) {
		pair_init(&p);
		assert_ok(link_write(&p.trusted, "x", 1, &p.msg));
		p.msg.p[i] ^= 0x04;
		assert_true(
		    link_read(&p.fresh, p.msg.p, p.msg.len, &p.got) != 0);
		assert_int_equal(p.got.len, 0);
		pair_clear(&p);
	}
}

/* A full buffer changes nothing: the same message is written again. */
static void
test_link__no_room_changes_nothing(void **state)
{
	struct buf small;
	struct pair p;

	(void)state;
	pair_init(&p);
	shake(&p);
	buf_init(&small, 8);
	assert_err(link_write(&p.trusted, "grant", 5, &small), ERR_FULL);
	pass(&p, &p.trusted, &p.fresh, "grant");
	buf_reset(&p.msg);
	assert_ok(link_write(&p.trusted, "123456789", 9, &p.msg));
	assert_err(link_read(&p.fresh, p.msg.p, p.msg.len, &small), ERR_FULL);
	buf_reset(&p.got);
	assert_ok(link_read(&p.fresh, p.msg.p, p.msg.len, &p.got));
	buf_clear(&small);
	pair_clear(&p);
}

static int
link_once(void *arg)
{
	struct pair p = {0};
	int r;

	(void)arg;
	buf_init(&p.msg, 65536);
	buf_init(&p.got, 65536);
	r = link_ask(&p.fresh, mailbox, &noise_rng_system, &p.offer);
	if (r == 0)
		r = link_answer(&p.trusted, &p.offer, &noise_rng_system);
	if (r == 0)
		r = link_write(&p.trusted, "hello", 5, &p.msg);
	if (r == 0)
		r = link_read(&p.fresh, p.msg.p, p.msg.len, &p.got);
	buf_reset(&p.msg);
	if (r == 0)
		r = link_write(&p.fresh, "hello", 5, &p.msg);
	if (r == 0)
		r = link_read(&p.trusted, p.msg.p, p.msg.len, &p.got);
	pair_clear(&p);
	return r;
}

static void
test_link__out_of_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(link_once, NULL) > 0);
}

static void
test_link_bond__binds_every_field(void **state)
{
	struct identity_key_pair primary, companion;
	uint8_t sig[SIGNATURE_LEN];
	struct link_bond b = {.device = 2}, c;

	(void)state;
	identity_generate(&primary, &signal_rng_system);
	identity_generate(&companion, &signal_rng_system);
	memset(b.account, 7, sizeof(b.account));
	b.primary = primary.pk;
	b.companion = companion.pk;
	link_bond_sign(sig, &b, &companion, &signal_rng_system);
	assert_ok(link_bond_verify(sig, &b));
	c = b;
	c.device = 3;
	assert_err(link_bond_verify(sig, &c), ERR_AUTH);
	c = b;
	c.account[15] ^= 1;
	assert_err(link_bond_verify(sig, &c), ERR_AUTH);
	c = b;
	c.primary = companion.pk;
	assert_err(link_bond_verify(sig, &c), ERR_AUTH);
	c = b;
	c.companion = primary.pk;
	assert_err(link_bond_verify(sig, &c), ERR_AUTH);
	sig[0] ^= 1;
	assert_err(link_bond_verify(sig, &b), ERR_AUTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link__both_see_one_code_and_talk),
	    cmocka_unit_test(test_link__codes_differ_from_linking_to_linking),
	    cmocka_unit_test(
		test_link__a_stranger_between_gives_no_common_code),
	    cmocka_unit_test(test_link__another_offer_or_mailbox_is_refused),
	    cmocka_unit_test(test_link__turns_and_lengths),
	    cmocka_unit_test(test_link__every_changed_byte_is_refused),
	    cmocka_unit_test(test_link__no_room_changes_nothing),
	    cmocka_unit_test(test_link__out_of_memory),
	    cmocka_unit_test(test_link_bond__binds_every_field),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

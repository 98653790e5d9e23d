/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/kdf.h"
#include "common/signal/pb.h"
#include "common/signal/sender_key.h"
#include "tests/unit/test.h"

static const struct sender_key_name NAME = {
    .account = {1, 2, 3},
    .device = 1,
    .distribution = {{0xd1, 0xd2}},
};

struct member {
	struct buf record;
};

struct sent {
	struct buf ct;
	char text[32];
};

static void
commit(struct member *m, struct sender_key_result *r)
{
	buf_clear(&m->record);
	m->record = r->record;
	buf_init(&r->record, 0);
	sender_key_result_clear(r);
}

/* The sender's key as it is now, and the members take it. */
static struct buf
distribute(struct member *from)
{
	struct sender_key_result r;
	struct buf skdm;

	assert_ok(sender_key_distribute(
	    &NAME, from->record.p, from->record.len, &signal_rng_system, &r));
	skdm = r.bytes;
	buf_init(&r.bytes, 0);
	commit(from, &r);
	return skdm;
}

static void
take(struct member *m, const struct buf *skdm)
{
	struct sender_key_result r;

	assert_ok(sender_key_process(
	    &NAME, m->record.p, m->record.len, skdm->p, skdm->len, &r));
	commit(m, &r);
}

static struct sent
say(struct member *from, const char *text)
{
	struct sender_key_result r;
	struct sent s;

	assert_ok(sender_key_encrypt(&NAME, from->record.p, from->record.len,
	    (const uint8_t *)text, strlen(text), &signal_rng_system, &r));
	snprintf(s.text, sizeof(s.text), "%s", text);
	s.ct = r.bytes;
	buf_init(&r.bytes, 0);
	commit(from, &r);
	return s;
}

static void
hear(struct member *m, const struct sent *s)
{
	struct sender_key_result r;

	assert_ok(sender_key_decrypt(
	    &NAME, m->record.p, m->record.len, s->ct.p, s->ct.len, &r));
	assert_int_equal(r.bytes.len, strlen(s->text));
	if (r.bytes.len > 0)
		assert_memory_equal(r.bytes.p, s->text, r.bytes.len);
	commit(m, &r);
}

static void
hear_not(struct member *m, const uint8_t *p, size_t len, int code)
{
	struct sender_key_result r, was;

	memset(&r, 0x5a, sizeof(r));
	memcpy(&was, &r, sizeof(r));
	assert_err(
	    sender_key_decrypt(&NAME, m->record.p, m->record.len, p, len, &r),
	    code);
	assert_memory_equal(&r, &was, sizeof(r));
}

static void
test_sender_key__order_does_not_matter_and_repeats_are_refused(void **state)
{
	struct member a = {{0}}, b = {{0}}, c = {{0}};
	struct buf skdm = distribute(&a), late;
	struct sent s[6];
	int i;

	take(&b, &skdm);
	for (i = 0; i < 6; i++) {
		s[i] = say(&a, i == 2 ? "" : "to all of you");
		if (i == 3) { /* c joins: what is past stays closed */
			late = distribute(&a);
			take(&c, &late);
			buf_clear(&late);
		}
	}
	hear(&b, &s[5]);
	for (i = 0; i < 5; i++)
		hear(&b, &s[4 - i]);
	for (i = 0; i < 6; i++)
		hear_not(&b, s[i].ct.p, s[i].ct.len, ERR_DUP);
	for (i = 0; i < 4; i++)
		hear_not(&c, s[i].ct.p, s[i].ct.len, ERR_DUP);
	hear(&c, &s[4]);
	hear(&c, &s[5]);
	for (i = 0; i < 6; i++)
		buf_clear(&s[i].ct);
	buf_clear(&skdm);
	buf_clear(&a.record);
	buf_clear(&b.record);
	buf_clear(&c.record);
}

static void
test_sender_key__every_flipped_bit_is_refused(void **state)
{
	struct member a = {{0}}, b = {{0}};
	struct buf skdm = distribute(&a), was;
	struct sender_key_result r;
	struct sent s = {.text = ""};
	size_t i;
	int code;

	take(&b, &skdm);
	s = say(&a, "hello, everybody");
	buf_init(&was, SENDER_KEY_RECORD_MAX);
	assert_ok(buf_put(&was, b.record.p, b.record.len));
	for (i = 0; i < 8 * s.ct.len; i++) {
		s.ct.p[i / 8] ^= (uint8_t)(1 << i % 8);
		code = sender_key_decrypt(
		    &NAME, b.record.p, b.record.len, s.ct.p, s.ct.len, &r);
		assert_true(code < 0);
		s.ct.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < s.ct.len; i++) {
		code = sender_key_decrypt(
		    &NAME, b.record.p, b.record.len, s.ct.p, i, &r);
		assert_true(code < 0);
	}
	assert_memory_equal(was.p, b.record.p, was.len);
	hear(&b, &s);
	buf_clear(&was);
	buf_clear(&s.ct);
	buf_clear(&skdm);
	buf_clear(&a.record);
	buf_clear(&b.record);
}

/* Move the sender's chain n messages on without sending them. */
static struct sent
say_after(struct member *a, uint32_t n, const char *text)
{
	Sotto__Signal__SenderKeyRecord *pb;
	struct chain_key key;

	pb = sotto__signal__sender_key_record__unpack(
	    NULL, a->record.len, a->record.p);
	assert_non_null(pb);
	memcpy(key.b, pb->states[0]->chain_key.data, sizeof(key.b));
	pb->states[0]->iteration += n;
	while (n-- > 0)
		kdf_chain_step(NULL, &key, &key);
	memcpy(pb->states[0]->chain_key.data, key.b, sizeof(key.b));
	buf_clear(&a->record);
	a->record.max = SENDER_KEY_RECORD_MAX;
	assert_ok(buf_reserve(
	    &a->record, sotto__signal__sender_key_record__get_packed_size(pb)));
	a->record.len = sotto__signal__sender_key_record__pack(pb, a->record.p);
	sotto__signal__sender_key_record__free_unpacked(pb, NULL);
	return say(a, text);
}

static void
test_sender_key__limits_of_jump_and_late_messages(void **state)
{
	struct member a = {{0}}, b = {{0}}, was;
	struct buf skdm = distribute(&a);
	struct sent first, second, far;

	take(&b, &skdm);
	was = b; /* as the record was when the key came */
	first = say(&a, "first");
	second = say(&a, "second");
	far = say_after(&a, SENDER_KEY_SKIPPED_MAX - 1, "2001 later");
	buf_init(&b.record, SENDER_KEY_RECORD_MAX);
	assert_ok(buf_put(&b.record, was.record.p, was.record.len));
	hear(&b, &far);
	hear(&b, &second);
	hear_not(&b, first.ct.p, first.ct.len, ERR_DUP);
	buf_clear(&far.ct);
	/* from iteration 2002 on */
	far = say_after(&a, SENDER_KEY_JUMP_MAX - SENDER_KEY_SKIPPED_MAX - 2,
	    "25000 ahead of the beginning");
	hear(&was, &far);
	buf_clear(&far.ct);
	far = say_after(&a, SENDER_KEY_JUMP_MAX + 1, "one too many");
	hear_not(&was, far.ct.p, far.ct.len, ERR_RANGE);
	buf_clear(&first.ct);
	buf_clear(&second.ct);
	buf_clear(&far.ct);
	buf_clear(&skdm);
	buf_clear(&a.record);
	buf_clear(&b.record);
	buf_clear(&was.record);
}

static void
test_sender_key__five_keys_of_a_sender_and_not_one_more(void **state)
{
	struct member a, b = {{0}};
	struct sent s[6];
	struct buf skdm;
	int i;

	for (i = 0; i < 6; i++) {
		memset(&a, 0, sizeof(a)); /* rotated */
		skdm = distribute(&a);
		take(&b, &skdm);
		s[i] = say(&a, "kept");
		buf_clear(&skdm);
		buf_clear(&a.record);
	}
	hear_not(&b, s[0].ct.p, s[0].ct.len, ERR_NOTFOUND);
	for (i = 5; i > 0; i--)
		hear(&b, &s[i]);
	for (i = 0; i < 6; i++)
		buf_clear(&s[i].ct);
	buf_clear(&b.record);
}

/* The same distribution message again must not roll the chain back. */
static void
test_sender_key_process__a_repeat_changes_nothing(void **state)
{
	struct member a = {{0}}, b = {{0}};
	struct buf skdm = distribute(&a);
	struct sent s;

	take(&b, &skdm);
	s = say(&a, "once");
	hear(&b, &s);
	take(&b, &skdm);
	hear_not(&b, s.ct.p, s.ct.len, ERR_DUP);
	buf_clear(&s.ct);
	buf_clear(&skdm);
	buf_clear(&a.record);
	buf_clear(&b.record);
}

/* The distribution message of one key, with the chain id of another. */
static void
same_chain_id(struct buf *skdm, const struct buf *other)
{
	Sotto__Signal__SenderKeyDistributionMessage *a, *b;

	a = sotto__signal__sender_key_distribution_message__unpack(
	    NULL, skdm->len - 1, skdm->p + 1);
	b = sotto__signal__sender_key_distribution_message__unpack(
	    NULL, other->len - 1, other->p + 1);
	assert_non_null(a);
	assert_non_null(b);
	a->chain_id = b->chain_id;
	skdm->len = 1;
	assert_ok(pb_pack(skdm, &a->base));
	sotto__signal__sender_key_distribution_message__free_unpacked(a, NULL);
	sotto__signal__sender_key_distribution_message__free_unpacked(b, NULL);
}

static void
test_sender_key_process__a_chain_id_again_with_another_key(void **state)
{
	struct member a = {{0}}, again = {{0}}, b = {{0}};
	struct buf skdm = distribute(&a), other = distribute(&again);
	struct sent s = say(&a, "x");

	take(&b, &skdm);
	same_chain_id(&other, &skdm);
	take(&b, &other); /* replaces the first */
	hear_not(&b, s.ct.p, s.ct.len, ERR_AUTH);
	take(&b, &skdm); /* and back */
	hear(&b, &s);
	buf_clear(&s.ct);
	buf_clear(&skdm);
	buf_clear(&other);
	buf_clear(&a.record);
	buf_clear(&again.record);
	buf_clear(&b.record);
}

static void
test_sender_key__names_are_not_mixed_up(void **state)
{
	struct sender_key_name other[3] = {NAME, NAME, NAME};
	struct member a = {{0}}, b = {{0}};
	struct buf skdm = distribute(&a);
	struct sender_key_result r;
	struct distribution_id id;
	struct sent s;
	size_t i;

	other[0].device = 2;
	other[1].account[15] = 1;
	other[2].distribution.b[15] = 1;
	take(&b, &skdm);
	s = say(&a, "x");
	for (i = 0; i < 3; i++) {
		int want = i < 2 ? ERR_STATE : ERR_FORMAT;

		assert_err(sender_key_decrypt(&other[i], b.record.p,
			       b.record.len, s.ct.p, s.ct.len, &r),
		    want);
		assert_err(sender_key_process(&other[i], b.record.p,
			       b.record.len, skdm.p, skdm.len, &r),
		    want);
		assert_err(sender_key_encrypt(&other[i], a.record.p,
			       a.record.len, s.ct.p, 1, &signal_rng_system, &r),
		    ERR_STATE);
	}
	/* a key of somebody else's signs nothing here */
	assert_err(sender_key_encrypt(&NAME, b.record.p, b.record.len, s.ct.p,
		       1, &signal_rng_system, &r),
	    ERR_STATE);
	assert_err(sender_key_distribute(
		       &NAME, b.record.p, b.record.len, &signal_rng_system, &r),
	    ERR_STATE);
	assert_err(sender_key_encrypt(
		       &NAME, NULL, 0, s.ct.p, 1, &signal_rng_system, &r),
	    ERR_NOTFOUND);
	assert_ok(sender_key_message_peek(s.ct.p, s.ct.len, &id));
	assert_memory_equal(&id, &NAME.distribution, sizeof(id));
	memset(&id, 0, sizeof(id));
	assert_ok(sender_key_distribution_peek(skdm.p, skdm.len, &id));
	assert_memory_equal(&id, &NAME.distribution, sizeof(id));
	buf_clear(&s.ct);
	buf_clear(&skdm);
	buf_clear(&a.record);
	buf_clear(&b.record);
}

static void
test_sender_key__malformed(void **state)
{
	struct member a = {{0}};
	struct buf skdm = distribute(&a);
	struct sender_key_result r;
	struct distribution_id id;
	uint8_t *big = calloc(1, SENDER_KEY_CIPHERTEXT_MAX + 1);
	size_t n;

	assert_non_null(big);
	for (n = 0; n < skdm.len; n++)
		assert_true(
		    sender_key_process(&NAME, NULL, 0, skdm.p, n, &r) < 0);
	assert_err(sender_key_process(
		       &NAME, (const uint8_t *)"junk", 4, skdm.p, skdm.len, &r),
	    ERR_FORMAT);
	assert_err(sender_key_process(&NAME, NULL, 0, big,
		       SENDER_KEY_DISTRIBUTION_MAX + 1, &r),
	    ERR_RANGE);
	skdm.p[0] = 0x43;
	assert_err(
	    sender_key_distribution_peek(skdm.p, skdm.len, &id), ERR_VERSION);
	assert_err(
	    sender_key_message_peek(big, SENDER_KEY_CIPHERTEXT_MAX + 1, &id),
	    ERR_RANGE);
	assert_err(sender_key_message_peek(big, 64, &id), ERR_RANGE);
	assert_err(sender_key_message_peek(big, 100, &id), ERR_VERSION);
	big[0] = 0x33;
	assert_err(sender_key_message_peek(big, 100, &id), ERR_FORMAT);
	assert_err(sender_key_encrypt(&NAME, a.record.p, a.record.len, big,
		       SENDER_KEY_PLAINTEXT_MAX + 1, &signal_rng_system, &r),
	    ERR_RANGE);
	a.record.p[1] = 9; /* format */
	assert_err(sender_key_encrypt(&NAME, a.record.p, a.record.len, big, 1,
		       &signal_rng_system, &r),
	    ERR_VERSION);
	free(big);
	buf_clear(&skdm);
	buf_clear(&a.record);
}

static int
whole_group(void *arg)
{
	struct sender_key_result a = {0}, b = {0}, m = {0}, pt = {0};
	int r;

	r = sender_key_distribute(&NAME, NULL, 0, &signal_rng_system, &a);
	if (r == 0)
		r = sender_key_process(
		    &NAME, NULL, 0, a.bytes.p, a.bytes.len, &b);
	if (r == 0)
		r = sender_key_encrypt(&NAME, a.record.p, a.record.len,
		    (const uint8_t *)"x", 1, &signal_rng_system, &m);
	if (r == 0)
		r = sender_key_decrypt(&NAME, b.record.p, b.record.len,
		    m.bytes.p, m.bytes.len, &pt);
	sender_key_result_clear(&a);
	sender_key_result_clear(&b);
	sender_key_result_clear(&m);
	sender_key_result_clear(&pt);
	return r;
}

static void
test_sender_key__allocation_failures(void **state)
{
	assert_true(alloc_sweep(whole_group, NULL) > 9);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_sender_key__order_does_not_matter_and_repeats_are_refused),
	    T(test_sender_key__every_flipped_bit_is_refused),
	    T(test_sender_key__limits_of_jump_and_late_messages),
	    T(test_sender_key__five_keys_of_a_sender_and_not_one_more),
	    T(test_sender_key_process__a_repeat_changes_nothing),
	    T(test_sender_key_process__a_chain_id_again_with_another_key),
	    T(test_sender_key__names_are_not_mixed_up),
	    T(test_sender_key__malformed),
	    T(test_sender_key__allocation_failures),
	};

	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

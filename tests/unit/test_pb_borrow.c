/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pb_borrow.c — records read in place: as protobuf-c reads them, whatever
 * was done to them. */
#include "tests/fuzz/pb_same.h"
#include "tests/fuzz/signal_pair.h"
#include "tests/unit/test.h"

static const ProtobufCMessageDescriptor *const session =
    &sotto__signal__session__descriptor;
static const ProtobufCMessageDescriptor *const outer =
    &sotto__signal__session_record__descriptor;

/* A record of people who have met. */
static void
record_make(struct buf *out)
{
	struct fuzz_pair p;

	fuzz_pair_init(&p, true);
	buf_init(out, SESSION_RECORD_MAX);
	assert_ok(buf_put(out, p.bob_record.p, p.bob_record.len));
	buf_clear(&p.alice_record);
	buf_clear(&p.bob_record);
}

static void
test_pb_borrow__reads_what_protobuf_c_wrote(void **state)
{
	ProtobufCMessage *m;
	Sotto__Signal__SessionRecord *rec;
	struct pb_mem mem;
	struct buf b;
	bool taken;

	(void)state;
	record_make(&b);
	assert_true(pb_same(outer, b.p, b.len, &taken));
	assert_true(taken);
	assert_ok(pb_borrow(&mem, outer, b.p, b.len, &m));
	rec = (Sotto__Signal__SessionRecord *)m;
	assert_true(rec->has_current);
	assert_true(rec->current.data > b.p); /* in place */
	assert_true(rec->current.data < b.p + b.len);
	assert_true(
	    pb_same(session, rec->current.data, rec->current.len, &taken));
	assert_true(taken);
	pb_free(&mem, m);
	buf_clear(&b);
}

/* Thousands of damaged ones: the same meaning, or refused by both. */
static void
test_pb_borrow__means_the_same_after_any_damage(void **state)
{
	unsigned took = 0, refused = 0, i, k;
	ProtobufCMessage *m;
	Sotto__Signal__SessionRecord *rec;
	struct pb_mem mem;
	struct buf b;
	uint8_t *copy;
	size_t len;
	bool taken;

	(void)state;
	record_make(&b);
	assert_ok(pb_borrow(&mem, outer, b.p, b.len, &m));
	rec = (Sotto__Signal__SessionRecord *)m;
	copy = malloc(b.len);
	assert_non_null(copy);
	for (i = 0; i < 20000; i++) {
		const bool whole = i % 2 == 0;

		len = whole ? b.len : rec->current.len;
		memcpy(copy, whole ? b.p : rec->current.data, len);
		for (k = 0; k <= i % 3; k++) /* mostly where tags are */
			copy[randombytes_uniform(
			    i % 5 == 0 ? (uint32_t)len : 64)] ^=
			    (uint8_t)(1u << randombytes_uniform(8));
		if (i % 7 == 0)
			len = randombytes_uniform((uint32_t)len);
		assert_true(
		    pb_same(whole ? outer : session, copy, len, &taken));
		took += taken;
		refused += !taken;
	}
	assert_true(took > 100);
	assert_true(refused > 100);
	free(copy);
	pb_free(&mem, m);
	buf_clear(&b);
}

static void
test_pb_borrow__each_way_to_be_wrong(void **state)
{
	static const struct {
		const char *hex;
		int r;
	} v[] = {
	    {"0801", 0}, /* format alone */
	    {"", ERR_FORMAT}, /* required, and not there */
	    {"1200", ERR_FORMAT}, {"08", ERR_FORMAT}, /* cut */
	    {"0880", ERR_FORMAT}, {"080112", ERR_FORMAT},
	    {"08011205aabb", ERR_FORMAT}, /* longer than there is */
	    {"080112ffffffffffffffffff01", ERR_FORMAT},
	    {"0880808080808080808001", 0}, /* ten bytes are a number */
	    {"088080808080808080808001", ERR_FORMAT}, /* eleven are not */
	    {"0a0101", ERR_FORMAT}, /* another kind of field */
	    {"08011001", ERR_FORMAT}, {"0d01000000", ERR_FORMAT},
	    {"0801a0060b", 0}, /* not known: each kind */
	    {"0801a1060102030405060708", 0},
	    {"0801a10601020304050607", ERR_FORMAT}, {"0801a20603010203", 0},
	    {"0801a50601020304", 0}, {"0801a506010203", ERR_FORMAT},
	    {"0801a306a406", ERR_FORMAT}, /* a group */
	    {"0801a606", ERR_FORMAT}, /* no kind at all */
	    {"08010001", ERR_FORMAT}, /* number 0 */
	    {"888080800001", 0}, /* five bytes are a tag */
	    {"88808080800001", ERR_FORMAT},
	    {"0801128280808000aabb", 0}, /* or a length */
	    {"080112828080808000aabb", ERR_FORMAT},
	    {"080108011202aabb1202ccdd", 0}, /* the last counts */
	    {"1202aabb0801", 0}, /* any order */
	    {"08011a001a001a001a001a00", 0}, /* several */
	    {"08011801", ERR_FORMAT}, /* a number among several */
	};
	ProtobufCMessage *m;
	struct pb_mem mem;
	uint8_t in[64];
	size_t i, len;
	bool taken;

	(void)state;
	for (i = 0; i < ARRAY_LEN(v); i++) {
		len = hex_bytes(v[i].hex, in, sizeof(in));
		assert_err(pb_borrow(&mem, outer, in, len, &m), v[i].r);
		assert_true((m != NULL) == (v[i].r == 0));
		pb_free(&mem, m);
		assert_true(pb_same(outer, in, len, &taken));
	}
}

/* A message in two parts is one; each part has all that is required. */
static void
test_pb_borrow__parts_of_a_message(void **state)
{
	const ProtobufCMessageDescriptor *type =
	    &sotto__signal__scannable_fingerprint__descriptor;
	uint8_t in[64];
	size_t len;
	bool taken;

	(void)state;
	len = hex_bytes("0802 1203 0a01aa 1203 0a01bb 1a03 0a01cc", in, 64);
	assert_true(pb_same(type, in, len, &taken));
	assert_true(taken);
	len = hex_bytes("0802 1203 0a01aa 1200 1a03 0a01cc", in, 64);
	assert_true(pb_same(type, in, len, &taken));
	assert_false(taken);
	len = hex_bytes("0802 1001 1a03 0a01cc", in, 64);
	assert_true(pb_same(type, in, len, &taken));
	assert_false(taken);
}

/* Many small parts of a small message do not take much memory. */
static void
test_pb_borrow__memory_is_bounded(void **state)
{
	uint8_t in[4096] = {0x08, 0x01};
	ProtobufCMessage *m;
	struct pb_mem mem;
	size_t i;

	(void)state;
	for (i = 2; i < sizeof(in); i += 2)
		in[i] = 0x1a; /* archived, empty */
	assert_err(pb_borrow(&mem, outer, in, sizeof(in), &m), ERR_RANGE);
	assert_null(m);
	for (i = 2; i < sizeof(in); i += 2)
		in[i] = 0x20; /* not known */
	assert_ok(pb_borrow(&mem, outer, in, sizeof(in), &m));
	pb_free(&mem, m);
}

/* Nor do many messages in one, each as short as it can be. */
static void
test_pb_borrow__messages_inside_are_bounded(void **state)
{
	static const uint8_t chain[] = {
	    0x7a, 6, 0x0a, 0, 0x12, 0, 0x18, 0}; /* Session.receiving */
	uint8_t in[500 * sizeof(chain)];
	ProtobufCMessage *m;
	struct pb_mem mem;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in); i += sizeof(chain))
		memcpy(in + i, chain, sizeof(chain));
	assert_err(pb_borrow(&mem, &sotto__signal__session__descriptor, in,
		       sizeof(in), &m),
	    ERR_RANGE);
	assert_null(m);
}

struct bytes {
	uint8_t p[256];
	size_t len;
};

/* Decoded by us, then by protobuf-c with the same memory. */
static int
view_step(void *arg)
{
	const struct bytes *in = arg;
	ProtobufCMessage *m;
	struct pb_mem mem;
	int r = pb_borrow(&mem, outer, in->p, in->len, &m);

	pb_free(&mem, m);
	if (r != 0)
		return r;
	r = pb_unpack(&mem, outer, in->p, in->len, &m);
	assert_true((m == NULL) == (r != 0));
	pb_free(&mem, m);
	return r;
}

/* A message that fits into the first piece asks for none; a larger one for a
 * block, once. */
static void
test_pb_borrow__every_allocation_fails_once(void **state)
{
	struct bytes small = {{0x08, 0x01, 0x1a, 0x00}, 4};
	struct bytes many = {{0x08, 0x01}, 256};
	size_t i;

	(void)state;
	assert_int_equal(alloc_sweep(view_step, &small), 0);
	for (i = 2; i < many.len; i += 2)
		many.p[i] = 0x1a;
	assert_int_equal(alloc_sweep(view_step, &many), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pb_borrow__reads_what_protobuf_c_wrote),
	    cmocka_unit_test(test_pb_borrow__means_the_same_after_any_damage),
	    cmocka_unit_test(test_pb_borrow__each_way_to_be_wrong),
	    cmocka_unit_test(test_pb_borrow__parts_of_a_message),
	    cmocka_unit_test(test_pb_borrow__memory_is_bounded),
	    cmocka_unit_test(test_pb_borrow__messages_inside_are_bounded),
	    cmocka_unit_test(test_pb_borrow__every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that somebody damaged: each field of bytes in turn is one byte
 * short, each limit is passed by one, and nothing that reads them believes it.
 * And undamaged ones: what pb_put.h writes is what protobuf-c would.
 */
#include "common/proto/signal.pb-c.h"
#include "common/signal/sender_key.h"
#include "tests/fuzz/pb_same.h"
#include "tests/unit/session_pair.h"

static const struct sender_key_name NAME = {
    .account = {1}, .device = 2, .distribution = {{3}}};

/* Reads the record; an error, or 0 with nothing left to clear. */
typedef int load_fn(const uint8_t *p, size_t len);

static int
load_session(const uint8_t *p, size_t len)
{
	struct state s;
	int r = state_load(&s, p, len);

	if (r == 0)
		state_clear(&s);
	return r;
}

static int
load_spqr(const uint8_t *p, size_t len)
{
	struct spqr q;
	int r = spqr_load(&q, p, len);

	if (r == 0)
		spqr_clear(&q);
	return r;
}

static int
load_sender_key(const uint8_t *p, size_t len)
{
	struct sender_key_result made;
	int r = sender_key_distribute(&NAME, p, len, &signal_rng_system, &made);

	if (r == 0)
		sender_key_result_clear(&made);
	return r;
}

static int
load_distribution(const uint8_t *p, size_t len)
{
	struct sender_key_result made;
	uint8_t msg[SENDER_KEY_DISTRIBUTION_MAX] = {0x33};
	int r;

	memcpy(msg + 1, p, len);
	r = sender_key_process(&NAME, NULL, 0, msg, len + 1, &made);
	if (r == 0)
		sender_key_result_clear(&made);
	return r;
}

static int
load_group_message(const uint8_t *p, size_t len)
{
	uint8_t msg[1024] = {0x33};
	struct distribution_id id;

	memcpy(msg + 1, p, len);
	return sender_key_message_peek(msg, 1 + len + SIGNATURE_LEN, &id);
}

static int
load_signed(const uint8_t *p, size_t len)
{
	struct signed_pre_key k;

	return signed_pre_key_unpack(&k, p, len);
}

static int
load_one_time(const uint8_t *p, size_t len)
{
	struct one_time_pre_key k;

	return one_time_pre_key_unpack(&k, p, len);
}

static int
load_kyber(const uint8_t *p, size_t len)
{
	struct kyber_pre_key k;

	return kyber_pre_key_unpack(&k, p, len);
}

/* ---- field by field ------------------------------------------------------- */

static int
load_packed(load_fn *load, const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *p = malloc(n);
	int r;

	assert_non_null(p);
	protobuf_c_message_pack(m, p);
	r = load(p, n);
	free(p);
	return r;
}

static int spoil(load_fn *load, const ProtobufCMessage *whole,
    ProtobufCMessage *m, const char *but);

/* Of one sub-message, or of several. */
static int
spoil_children(load_fn *load, const ProtobufCMessage *whole,
    ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const char *but)
{
	ProtobufCMessage *one, **several;
	size_t i, n;
	int spoilt = 0;

	if (f->label != PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&one, (char *)m + f->offset, sizeof(one));
		return one != NULL ? spoil(load, whole, one, but) : 0;
	}
	memcpy(&several, (char *)m + f->offset, sizeof(several));
	memcpy(&n, (char *)m + f->quantifier_offset, sizeof(n));
	for (i = 0; i < n; i++)
		spoilt += spoil(load, whole, several[i], but);
	return spoilt;
}

static int
spoil_field(load_fn *load, const ProtobufCMessage *whole, ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f, const char *but)
{
	ProtobufCBinaryData *bytes;

	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return spoil_children(load, whole, m, f, but);
	if (f->type != PROTOBUF_C_TYPE_BYTES ||
	    f->label == PROTOBUF_C_LABEL_REPEATED || strcmp(f->name, but) == 0)
		return 0;
	bytes = (void *)((char *)m + f->offset);
	if (bytes->len == 0)
		return 0;
	bytes->len--;
	assert_err(load_packed(load, whole), ERR_FORMAT);
	bytes->len++;
	return 1;
}

/* Every field of bytes in it, and in what is in it, except those named `but`;
 * how many there were. */
static int
spoil(load_fn *load, const ProtobufCMessage *whole, ProtobufCMessage *m,
    const char *but)
{
	unsigned i;
	int spoilt = 0;

	for (i = 0; i < m->descriptor->n_fields; i++)
		spoilt +=
		    spoil_field(load, whole, m, &m->descriptor->fields[i], but);
	return spoilt;
}

/* The record is read as it is, and not with any of its `want` fields short. */
static void
each_field(load_fn *load, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, const char *but, int want)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, len, p);

	assert_non_null(m);
	assert_ok(load_packed(load, m));
	assert_err(load((const uint8_t *)"\x0f", 1), ERR_FORMAT);
	assert_int_equal(spoil(load, m, m, but), want);
	assert_ok(load_packed(load, m));
	protobuf_c_message_free_unpacked(m, NULL);
}

/* ---- sessions ------------------------------------------------------------- */

/* Bob's session with late messages; Alice's that waits for an answer. */
static void
test_signal_records__every_field_of_a_session(void **state)
{
	ProtobufCBinaryData s;
	struct record rec;
	struct peer a, b;

	acquainted(&a, &b);
	jump(&a, 3);
	arrives(&b, say(&a, "three are late"));
	assert_ok(record_load(&rec, b.record.p, b.record.len));
	s = record_session(&rec, 0);
	assert_true(pb_same_written(
	    &sotto__signal__session__descriptor, s.data, s.len));
	/* seven keys, two of each chain, and the late ones' seeds */
	each_field(load_session, &sotto__signal__session__descriptor, s.data,
	    s.len, "pq_ratchet_state", 7 + 4 + 1);
	record_clear(&rec);
	buf_clear(&a.record);
	start(&a, &b, 1);
	assert_ok(record_load(&rec, a.record.p, a.record.len));
	s = record_session(&rec, 0);
	assert_true(pb_same_written(
	    &sotto__signal__session__descriptor, s.data, s.len));
	/* one chain, and what waits: the Kyber ciphertext */
	each_field(load_session, &sotto__signal__session__descriptor, s.data,
	    s.len, "pq_ratchet_state", 7 + 2 + 1);
	record_clear(&rec);
	bye(&a, &b);
}

static void
test_signal_records__limits_of_a_session(void **state)
{
	Sotto__Signal__Session__Chain *chains[SESSION_CHAINS_MAX + 1], **were;
	Sotto__Signal__Session *pb;
	ProtobufCBinaryData s, pq;
	struct record rec;
	struct peer a, b;
	size_t i;

	peer_init(&a, 100);
	peer_init(&b, 200);
	start(&a, &b, 0);
	assert_ok(record_load(&rec, a.record.p, a.record.len));
	s = record_session(&rec, 0);
	pb = sotto__signal__session__unpack(NULL, s.len, s.data);
	assert_non_null(pb);
	pb->version = 2;
	assert_err(load_packed(load_session, &pb->base), ERR_VERSION);
	pb->version = 5;
	assert_err(load_packed(load_session, &pb->base), ERR_VERSION);
	pb->version = 3; /* with Kyber in what is pending */
	assert_err(load_packed(load_session, &pb->base), ERR_FORMAT);
	pb->version = 4;
	pb->pending->has_kyber_pre_key_id = false;
	assert_err(load_packed(load_session, &pb->base), ERR_FORMAT);
	pb->pending->has_kyber_pre_key_id = true;
	pq = pb->pq_ratchet_state;
	pb->pq_ratchet_state.len = 256 * 1024 + 1;
	pb->pq_ratchet_state.data = calloc(1, 256 * 1024 + 1);
	assert_non_null(pb->pq_ratchet_state.data);
	assert_err(load_packed(load_session, &pb->base), ERR_RANGE);
	free(pb->pq_ratchet_state.data);
	pb->pq_ratchet_state = pq;
	were = pb->receiving;
	for (i = 0; i < ARRAY_LEN(chains); i++)
		chains[i] = were[0];
	pb->receiving = chains;
	pb->n_receiving = SESSION_CHAINS_MAX;
	assert_ok(load_packed(load_session, &pb->base));
	pb->n_receiving++;
	assert_err(load_packed(load_session, &pb->base), ERR_RANGE);
	pb->receiving = were;
	pb->n_receiving = 1;
	sotto__signal__session__free_unpacked(pb, NULL);
	record_clear(&rec);
	bye(&a, &b);
}

static void
test_signal_records__no_more_archived_than_allowed(void **state)
{
	Sotto__Signal__SessionRecord pb = SOTTO__SIGNAL__SESSION_RECORD__INIT;
	ProtobufCBinaryData archived[SESSION_ARCHIVED_MAX + 1];
	struct session_info i;
	uint8_t p[256];
	size_t n;

	for (n = 0; n < ARRAY_LEN(archived); n++)
		archived[n] = pb_bytes("x", 1);
	pb.format = 1;
	pb.archived = archived;
	pb.n_archived = SESSION_ARCHIVED_MAX;
	n = sotto__signal__session_record__pack(&pb, p);
	assert_ok(session_info(p, n, &i));
	pb.n_archived++;
	n = sotto__signal__session_record__pack(&pb, p);
	assert_err(session_info(p, n, &i), ERR_RANGE);
}

/* ---- SPQR ----------------------------------------------------------------- */

/* Parts, chunks, and each line's key and late keys. */
static int
spqr_fields(const struct spqr *q)
{
	const struct spqr_shape *shape = spqr_shape(q->step);
	unsigned part;
	size_t i;
	int n = 3 + (shape->out > 0) + (q->in_n > 0);

	for (part = SPQR_SEED; part <= SPQR_CT2_KEPT; part <<= 1)
		n += (shape->parts & part) != 0;
	for (i = 0; i < q->chain.n; i++)
		n += 1 + q->chain.send[i].open +
		     (q->chain.recv[i].skipped.len > 0);
	return n;
}

static unsigned steps_seen;

static void
spoil_spqr(const struct peer *me)
{
	ProtobufCBinaryData packed;
	struct record rec;
	struct state s;
	int want;

	assert_ok(record_load(&rec, me->record.p, me->record.len));
	packed = record_session(&rec, 0);
	assert_ok(state_load(&s, packed.data, packed.len));
	record_clear(&rec);
	assert_ok(state_pq_open(&s));
	assert_true(pb_same_written(&sotto__signal__session_record__descriptor,
	    me->record.p, me->record.len));
	assert_true(pb_same_written(
	    &sotto__signal__session__descriptor, packed.data, packed.len));
	assert_true(pb_same_written(
	    &sotto__signal__pq_ratchet__descriptor, s.pq.p, s.pq.left));
	steps_seen |= 1u << s.spqr.step;
	want = spqr_fields(&s.spqr);
	each_field(load_spqr, &sotto__signal__pq_ratchet__descriptor, s.pq.p,
	    s.pq.left, "", want);
	state_clear(&s);
}

/* In every step but the one that needs the key to overtake the ciphertext. */
static void
test_signal_records__every_field_of_spqr(void **state)
{
	struct peer p[2];
	int i, from;

	acquainted(&p[0], &p[1]);
	for (i = 0; i < 200; i++) {
		from = i & 1;
		if (i % 8 == 0)
			jump(&p[from], 1);
		arrives(&p[!from], say(&p[from], "x"));
		spoil_spqr(&p[from]);
		spoil_spqr(&p[!from]);
	}
	assert_int_equal(
	    steps_seen | 1u << SPQR_EK_RECEIVED_CT1_SAMPLED, 0xffe);
	bye(&p[0], &p[1]);
}

static void
test_signal_records__limits_of_spqr(void **state)
{
	Sotto__Signal__PqRatchet__Epoch *epochs[SPQR_EPOCHS_MAX + 1], **were;
	Sotto__Signal__PqRatchet *pb;
	const uint8_t secret[KDF_LEN] = {1};
	struct spqr q;
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	spqr_init(&q, true, false, secret);
	assert_ok(spqr_store(&q, &b));
	spqr_clear(&q);
	pb = sotto__signal__pq_ratchet__unpack(NULL, b.len, b.p);
	buf_clear(&b);
	assert_non_null(pb);
	assert_ok(load_packed(load_spqr, &pb->base));
	were = pb->epochs;
	for (i = 0; i < ARRAY_LEN(epochs); i++)
		epochs[i] = were[0];
	pb->n_epochs = 0;
	assert_err(load_packed(load_spqr, &pb->base), ERR_RANGE);
	pb->epochs = epochs;
	pb->n_epochs = ARRAY_LEN(epochs);
	assert_err(load_packed(load_spqr, &pb->base), ERR_RANGE);
	pb->epochs = were;
	pb->n_epochs = 1;
	pb->epoch = pb->newest_epoch = pb->sending_epoch = UINT64_MAX;
	assert_err(load_packed(load_spqr, &pb->base), ERR_FORMAT);
	pb->newest_epoch = pb->sending_epoch = 6;
	pb->epoch = 7;
	assert_ok(load_packed(load_spqr, &pb->base));
	pb->epoch = 8; /* the chain has not the epoch before */
	assert_err(load_packed(load_spqr, &pb->base), ERR_FORMAT);
	sotto__signal__pq_ratchet__free_unpacked(pb, NULL);
}

/* ---- groups --------------------------------------------------------------- */

static struct buf
own_key(struct buf *distribution)
{
	struct sender_key_result r;

	assert_ok(
	    sender_key_distribute(&NAME, NULL, 0, &signal_rng_system, &r));
	*distribution = r.bytes;
	return r.record;
}

static void
test_signal_records__every_field_of_a_sender_key(void **state)
{
	struct buf skdm, own = own_key(&skdm);
	struct sender_key_result r;

	each_field(load_sender_key,
	    &sotto__signal__sender_key_record__descriptor, own.p, own.len, "",
	    5);
	each_field(load_distribution,
	    &sotto__signal__sender_key_distribution_message__descriptor,
	    skdm.p + 1, skdm.len - 1, "", 3);
	assert_ok(sender_key_encrypt(&NAME, own.p, own.len,
	    (const uint8_t *)"x", 1, &signal_rng_system, &r));
	each_field(load_group_message,
	    &sotto__signal__sender_key_message__descriptor, r.bytes.p + 1,
	    r.bytes.len - 1 - SIGNATURE_LEN, "ciphertext", 1);
	sender_key_result_clear(&r);
	buf_clear(&own);
	buf_clear(&skdm);
}

static void
test_signal_records__limits_of_a_sender_key(void **state)
{
	Sotto__Signal__SenderKeyRecord__State *states[6], **were;
	struct buf skdm, own = own_key(&skdm);
	Sotto__Signal__SenderKeyRecord *pb =
	    sotto__signal__sender_key_record__unpack(NULL, own.len, own.p);
	struct sender_key_result r;
	uint8_t *big, p[256];
	size_t i, n;

	assert_non_null(pb);
	were = pb->states;
	for (i = 0; i < ARRAY_LEN(states); i++)
		states[i] = were[0];
	pb->states = states;
	pb->n_states = SENDER_KEY_STATES_MAX;
	assert_ok(load_packed(load_sender_key, &pb->base));
	pb->n_states++;
	assert_err(load_packed(load_sender_key, &pb->base), ERR_RANGE);
	pb->states = were;
	pb->n_states = 1;
	were[0]->iteration = UINT32_MAX; /* the chain's end */
	n = sotto__signal__sender_key_record__pack(pb, p);
	assert_err(sender_key_encrypt(&NAME, p, n, (const uint8_t *)"x", 1,
		       &signal_rng_system, &r),
	    ERR_FULL);
	sotto__signal__sender_key_record__free_unpacked(pb, NULL);
	big = calloc(1, SENDER_KEY_RECORD_MAX + 1);
	assert_non_null(big);
	assert_err(load_sender_key(big, SENDER_KEY_RECORD_MAX + 1), ERR_RANGE);
	free(big);
	buf_clear(&own);
	buf_clear(&skdm);
}

/* ---- pre-keys ------------------------------------------------------------- */

static void
test_signal_records__every_field_of_a_pre_key(void **state)
{
	const ProtobufCMessageDescriptor *type =
	    &sotto__signal__pre_key_record__descriptor;
	struct buf b;
	struct peer me;

	peer_init(&me, 1);
	buf_init(&b, PREKEY_RECORD_MAX);
	assert_ok(signed_pre_key_pack(&b, &me.signed_key));
	each_field(load_signed, type, b.p, b.len, "", 3);
	buf_reset(&b);
	assert_ok(one_time_pre_key_pack(&b, &me.one_time[0]));
	each_field(load_one_time, type, b.p, b.len, "", 2);
	buf_reset(&b);
	assert_ok(kyber_pre_key_pack(&b, &me.kyber));
	each_field(load_kyber, type, b.p, b.len, "", 3);
	buf_clear(&b);
	peer_clear(&me);
}

int
main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
	    T(test_signal_records__every_field_of_a_session),
	    T(test_signal_records__limits_of_a_session),
	    T(test_signal_records__no_more_archived_than_allowed),
	    T(test_signal_records__every_field_of_spqr),
	    T(test_signal_records__limits_of_spqr),
	    T(test_signal_records__every_field_of_a_sender_key),
	    T(test_signal_records__limits_of_a_sender_key),
	    T(test_signal_records__every_field_of_a_pre_key),
	};

	version = 4;
	if (sodium_init() < 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

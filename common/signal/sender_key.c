/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/proto/signal.pb-c.h"
#include "common/signal/chain.h"
#include "common/signal/pb.h"
#include "common/signal/sender_key.h"
#include "common/signal/xeddsa.h"

#define RECORD_FORMAT 1
#define GROUP_VERSION 0x33 /* the only one there is */
#define CHAIN_ID_MASK 0x7fffffff /* 31 bits, as others draw it */

/* Signs each message; public in everybody's record, private in ours. */
struct signing_key {
	struct identity_key_pair pair;
	bool has_private;
};

struct group_state {
	uint32_t chain_id;
	struct chain chain;
	struct signing_key signing;
};

struct group_record {
	struct group_state state[SENDER_KEY_STATES_MAX]; /* newest first */
	size_t n;
};

_Static_assert(SENDER_KEY_JUMP_MAX == CHAIN_JUMP_MAX &&
		   SENDER_KEY_SKIPPED_MAX == CHAIN_SKIPPED_MAX,
    "what sender_key.h promises is what chains do");

/* ---- records -------------------------------------------------------------- */

static void
state_wipe(struct group_state *s)
{
	chain_clear(&s->chain);
	sodium_memzero(s, sizeof(*s));
}

static void
record_wipe(struct group_record *rec)
{
	while (rec->n > 0)
		state_wipe(&rec->state[--rec->n]);
}

static void
state_remove(struct group_record *rec, size_t i)
{
	state_wipe(&rec->state[i]);
	memmove(&rec->state[i], &rec->state[i + 1],
	    (rec->n - i - 1) * sizeof(rec->state[0]));
	rec->n--;
	sodium_memzero(&rec->state[rec->n], sizeof(rec->state[0]));
}

/* A fresh state in front; the last goes when there is no room. */
static struct group_state *
state_push(struct group_record *rec, const struct group_state *s)
{
	if (rec->n == SENDER_KEY_STATES_MAX)
		state_remove(rec, rec->n - 1);
	memmove(&rec->state[1], &rec->state[0], rec->n * sizeof(rec->state[0]));
	rec->state[0] = *s;
	rec->n++;
	return &rec->state[0];
}

static struct group_state *
state_find(struct group_record *rec, uint32_t chain_id)
{
	size_t i;

	for (i = 0; i < rec->n; i++) {
		if (rec->state[i].chain_id == chain_id)
			return &rec->state[i];
	}
	return NULL;
}

static int
state_read(
    struct group_record *rec, const Sotto__Signal__SenderKeyRecord__State *pb)
{
	struct group_state *s = &rec->state[rec->n];
	struct chain_key key;

	memset(s, 0, sizeof(*s));
	s->chain_id = pb->chain_id;
	s->signing.has_private = pb->has_signing_private;
	if (pb_fixed(key.b, KDF_LEN, pb->chain_key) != 0 ||
	    pb_fixed(s->signing.pair.pk.u, EC_LEN, pb->signing_key) != 0 ||
	    (pb->has_signing_private && pb_fixed(s->signing.pair.sk.k, EC_LEN,
					    pb->signing_private) != 0))
		return ERR_FORMAT;
	chain_init(&s->chain, &key, pb->iteration);
	sodium_memzero(&key, sizeof(key));
	rec->n++;
	return chain_restore(&s->chain, pb->skipped.data, pb->skipped.len);
}

static int
fields_read(struct group_record *rec, const struct sender_key_name *name,
    const Sotto__Signal__SenderKeyRecord *pb)
{
	struct sender_key_name of = {.device = pb->device};
	size_t i;
	int r = 0;

	if (pb->format != RECORD_FORMAT)
		return ERR_VERSION;
	if (pb_fixed(of.account, ACCOUNT_ID_LEN, pb->account) != 0 ||
	    pb_fixed(of.distribution.b, DISTRIBUTION_ID_LEN,
		pb->distribution_uuid) != 0)
		return ERR_FORMAT;
	if (memcmp(of.account, name->account, ACCOUNT_ID_LEN) != 0 ||
	    of.device != name->device ||
	    memcmp(of.distribution.b, name->distribution.b,
		DISTRIBUTION_ID_LEN) != 0)
		return ERR_STATE;
	if (pb->n_states > SENDER_KEY_STATES_MAX)
		return ERR_RANGE;
	for (i = 0; r == 0 && i < pb->n_states; i++)
		r = state_read(rec, pb->states[i]);
	return r;
}

static int
record_read(struct group_record *rec, const struct sender_key_name *name,
    const uint8_t *p, size_t len)
{
	struct pb_mem mem;
	ProtobufCMessage *pb;
	int r;

	memset(rec, 0, sizeof(*rec));
	if (len == 0)
		return 0;
	if (len > SENDER_KEY_RECORD_MAX)
		return ERR_RANGE;
	r = pb_unpack(
	    &mem, &sotto__signal__sender_key_record__descriptor, p, len, &pb);
	if (r != 0)
		return r;
	r = fields_read(rec, name, (const Sotto__Signal__SenderKeyRecord *)pb);
	pb_free(&mem, pb);
	if (r != 0)
		record_wipe(rec);
	return r;
}

static void
state_fill(
    Sotto__Signal__SenderKeyRecord__State *pb, const struct group_state *s)
{
	sotto__signal__sender_key_record__state__init(pb);
	pb->chain_id = s->chain_id;
	pb->iteration = s->chain.index;
	pb->chain_key = pb_bytes(s->chain.key.b, KDF_LEN);
	pb->signing_key = pb_bytes(s->signing.pair.pk.u, EC_LEN);
	pb->has_signing_private = s->signing.has_private;
	pb->signing_private = pb_bytes(s->signing.pair.sk.k, EC_LEN);
	pb->has_skipped = s->chain.skipped.len > 0;
	pb->skipped = pb_bytes(s->chain.skipped.p, s->chain.skipped.len);
}

static int
record_write(const struct group_record *rec, const struct sender_key_name *name,
    struct buf *out)
{
	Sotto__Signal__SenderKeyRecord__State state[SENDER_KEY_STATES_MAX];
	Sotto__Signal__SenderKeyRecord__State *states[SENDER_KEY_STATES_MAX];
	Sotto__Signal__SenderKeyRecord pb =
	    SOTTO__SIGNAL__SENDER_KEY_RECORD__INIT;
	size_t i;

	for (i = 0; i < rec->n; i++) {
		state_fill(&state[i], &rec->state[i]);
		states[i] = &state[i];
	}
	pb.format = RECORD_FORMAT;
	pb.account = pb_bytes(name->account, ACCOUNT_ID_LEN);
	pb.device = name->device;
	pb.distribution_uuid =
	    pb_bytes(name->distribution.b, DISTRIBUTION_ID_LEN);
	pb.n_states = rec->n;
	pb.states = states;
	return pb_pack(out, &pb.base);
}

/* ---- results -------------------------------------------------------------- */

static void
result_init(struct sender_key_result *r, size_t max)
{
	buf_init(&r->bytes, max);
	buf_init(&r->record, SENDER_KEY_RECORD_MAX);
}

void
sender_key_result_clear(struct sender_key_result *r)
{
	buf_clear(&r->bytes);
	buf_clear(&r->record);
}

/* The end of every call: write the record, hand over or wipe. */
static int
finish(int r, struct group_record *rec, const struct sender_key_name *name,
    struct sender_key_result *made, struct sender_key_result *out)
{
	if (r == 0)
		r = record_write(rec, name, &made->record);
	if (r == 0)
		*out = *made;
	else
		sender_key_result_clear(made);
	record_wipe(rec);
	return r;
}

/* ---- distribution --------------------------------------------------------- */

static void
state_generate(struct group_record *rec, const struct signal_rng *rng)
{
	struct group_state s = {.signing.has_private = true};
	struct chain_key key;

	rng->fill(rng->ctx, &s.chain_id, sizeof(s.chain_id));
	s.chain_id &= CHAIN_ID_MASK;
	rng->fill(rng->ctx, key.b, sizeof(key.b));
	chain_init(&s.chain, &key, 0);
	identity_generate(&s.signing.pair, rng);
	state_push(rec, &s);
	sodium_memzero(&key, sizeof(key));
	sodium_memzero(&s, sizeof(s));
}

static int
distribution_put(struct buf *out, const struct sender_key_name *name,
    const struct group_state *s)
{
	Sotto__Signal__SenderKeyDistributionMessage pb =
	    SOTTO__SIGNAL__SENDER_KEY_DISTRIBUTION_MESSAGE__INIT;
	uint8_t key[EC_PUBLIC_LEN];
	int r;

	identity_pk_put(key, &s->signing.pair.pk);
	pb.distribution_uuid =
	    pb_bytes(name->distribution.b, DISTRIBUTION_ID_LEN);
	pb.chain_id = s->chain_id;
	pb.iteration = s->chain.index;
	pb.chain_key = pb_bytes(s->chain.key.b, KDF_LEN);
	pb.signing_key = pb_bytes(key, sizeof(key));
	r = buf_put_u8(out, GROUP_VERSION);
	if (r == 0)
		r = pb_pack(out, &pb.base);
	return r;
}

int
sender_key_distribute(const struct sender_key_name *name, const uint8_t *record,
    size_t len, const struct signal_rng *rng, struct sender_key_result *out)
{
	struct sender_key_result made;
	struct group_record rec;
	int r;

	r = record_read(&rec, name, record, len);
	if (r != 0)
		return r;
	result_init(&made, SENDER_KEY_DISTRIBUTION_MAX);
	if (rec.n == 0)
		state_generate(&rec, rng);
	r = rec.state[0].signing.has_private
		? distribution_put(&made.bytes, name, &rec.state[0])
		: ERR_STATE;
	return finish(r, &rec, name, &made, out);
}

/* version || protobuf (|| tail bytes that the caller looks at) */
static int
group_unpack(struct pb_mem *mem, const ProtobufCMessageDescriptor *type,
    const uint8_t *p, size_t len, size_t tail, ProtobufCMessage **pb)
{
	if (len < 1 + tail)
		return ERR_RANGE;
	if (p[0] >> 4 != GROUP_VERSION >> 4)
		return ERR_VERSION;
	return pb_unpack(mem, type, p + 1, len - 1 - tail, pb);
}

struct distribution {
	struct distribution_id id;
	struct group_state state;
};

static int
distribution_parse(struct distribution *d, const uint8_t *p, size_t len)
{
	const Sotto__Signal__SenderKeyDistributionMessage *m;
	struct chain_key key;
	struct pb_mem mem;
	ProtobufCMessage *pb;
	int r;

	if (len > SENDER_KEY_DISTRIBUTION_MAX)
		return ERR_RANGE;
	r = group_unpack(&mem,
	    &sotto__signal__sender_key_distribution_message__descriptor, p, len,
	    0, &pb);
	if (r != 0)
		return r;
	m = (const Sotto__Signal__SenderKeyDistributionMessage *)pb;
	memset(d, 0, sizeof(*d));
	d->state.chain_id = m->chain_id;
	if (pb_fixed(d->id.b, DISTRIBUTION_ID_LEN, m->distribution_uuid) != 0 ||
	    pb_fixed(key.b, KDF_LEN, m->chain_key) != 0 ||
	    identity_pk_get(&d->state.signing.pair.pk, m->signing_key.data,
		m->signing_key.len) != 0)
		r = ERR_FORMAT;
	else
		chain_init(&d->state.chain, &key, m->iteration);
	pb_free(&mem, pb);
	sodium_memzero(&key, sizeof(key));
	return r;
}

int
sender_key_distribution_peek(
    const uint8_t *msg, size_t len, struct distribution_id *id)
{
	struct distribution d;
	int r;

	r = distribution_parse(&d, msg, len);
	if (r != 0)
		return r;
	*id = d.id;
	state_wipe(&d.state);
	return 0;
}

/* A chain we follow already goes on where it is; a chain id used again with
 * another signing key is another chain. */
static void
state_adopt(struct group_record *rec, struct group_state *s)
{
	struct group_state *old = state_find(rec, s->chain_id);
	struct group_state keep;

	if (old != NULL &&
	    identity_pk_equal(&old->signing.pair.pk, &s->signing.pair.pk)) {
		keep = *old;
		memset(old, 0, sizeof(*old)); /* moved, not freed */
		state_remove(rec, (size_t)(old - rec->state));
		state_push(rec, &keep);
		sodium_memzero(&keep, sizeof(keep));
		return;
	}
	if (old != NULL)
		state_remove(rec, (size_t)(old - rec->state));
	state_push(rec, s);
	memset(s, 0, sizeof(*s));
}

int
sender_key_process(const struct sender_key_name *name, const uint8_t *record,
    size_t len, const uint8_t *msg, size_t msglen,
    struct sender_key_result *out)
{
	struct sender_key_result made;
	struct group_record rec;
	struct distribution d;
	int r;

	r = distribution_parse(&d, msg, msglen);
	if (r != 0)
		return r;
	if (memcmp(d.id.b, name->distribution.b, DISTRIBUTION_ID_LEN) != 0)
		r = ERR_FORMAT;
	else
		r = record_read(&rec, name, record, len);
	if (r != 0) {
		state_wipe(&d.state);
		return r;
	}
	result_init(&made, 0);
	state_adopt(&rec, &d.state);
	r = finish(0, &rec, name, &made, out);
	state_wipe(&d.state);
	return r;
}

/* ---- messages ------------------------------------------------------------- */

static int
message_put(struct buf *out, const struct sender_key_name *name,
    const struct group_state *s, const struct buf *ct,
    const struct signal_rng *rng)
{
	Sotto__Signal__SenderKeyMessage pb =
	    SOTTO__SIGNAL__SENDER_KEY_MESSAGE__INIT;
	uint8_t sig[SIGNATURE_LEN];
	int r;

	pb.distribution_uuid =
	    pb_bytes(name->distribution.b, DISTRIBUTION_ID_LEN);
	pb.chain_id = s->chain_id;
	pb.iteration = s->chain.index;
	pb.ciphertext = pb_bytes(ct->p, ct->len);
	r = buf_put_u8(out, GROUP_VERSION);
	if (r == 0)
		r = pb_pack(out, &pb.base);
	if (r != 0)
		return r;
	xeddsa_sign(sig, &s->signing.pair, out->p, out->len, rng);
	return buf_put(out, sig, sizeof(sig));
}

static int
group_seal(struct group_state *s, const struct sender_key_name *name,
    const uint8_t *pt, size_t len, const struct signal_rng *rng,
    struct buf *out)
{
	struct message_seed seed;
	struct message_keys mk;
	struct chain_key next;
	struct buf ct;
	int r;

	if (!s->signing.has_private)
		return ERR_STATE;
	if (s->chain.index == UINT32_MAX)
		return ERR_FULL;
	buf_init(&ct, len + CBC_BLOCK);
	kdf_chain_step(&seed, &next, &s->chain.key);
	kdf_group_keys(&mk, &seed);
	r = cbc_seal(&ct, mk.cipher, mk.iv, pt, len);
	if (r == 0)
		r = message_put(out, name, s, &ct, rng);
	if (r == 0) {
		s->chain.key = next;
		s->chain.index++;
	}
	buf_clear(&ct);
	sodium_memzero(&seed, sizeof(seed));
	sodium_memzero(&next, sizeof(next));
	sodium_memzero(&mk, sizeof(mk));
	return r;
}

int
sender_key_encrypt(const struct sender_key_name *name, const uint8_t *record,
    size_t len, const uint8_t *pt, size_t ptlen, const struct signal_rng *rng,
    struct sender_key_result *out)
{
	struct sender_key_result made;
	struct group_record rec;
	int r;

	if (ptlen > SENDER_KEY_PLAINTEXT_MAX)
		return ERR_RANGE;
	r = record_read(&rec, name, record, len);
	if (r != 0)
		return r;
	result_init(&made, SENDER_KEY_CIPHERTEXT_MAX);
	r = rec.n == 0
		? ERR_NOTFOUND
		: group_seal(&rec.state[0], name, pt, ptlen, rng, &made.bytes);
	return finish(r, &rec, name, &made, out);
}

/* A decoded message; ciphertext borrows from pb. */
struct group_message {
	struct distribution_id id;
	uint32_t chain_id;
	uint32_t iteration;
	const uint8_t *ciphertext;
	size_t ciphertext_len;
	struct pb_mem mem;
	ProtobufCMessage *pb;
};

static int
message_parse(struct group_message *m, const uint8_t *p, size_t len)
{
	const Sotto__Signal__SenderKeyMessage *pb;
	int r;

	if (len > SENDER_KEY_CIPHERTEXT_MAX)
		return ERR_RANGE;
	r = group_unpack(&m->mem,
	    &sotto__signal__sender_key_message__descriptor, p, len,
	    SIGNATURE_LEN, &m->pb);
	if (r != 0)
		return r;
	pb = (const Sotto__Signal__SenderKeyMessage *)m->pb;
	m->chain_id = pb->chain_id;
	m->iteration = pb->iteration;
	m->ciphertext = pb->ciphertext.data;
	m->ciphertext_len = pb->ciphertext.len;
	r = pb_fixed(m->id.b, DISTRIBUTION_ID_LEN, pb->distribution_uuid);
	if (r != 0)
		pb_free(&m->mem, m->pb);
	return r;
}

int
sender_key_message_peek(
    const uint8_t *ct, size_t len, struct distribution_id *id)
{
	struct group_message m;
	int r;

	r = message_parse(&m, ct, len);
	if (r != 0)
		return r;
	*id = m.id;
	pb_free(&m.mem, m.pb);
	return 0;
}

static int
group_open(struct group_record *rec, const struct group_message *m,
    const uint8_t *p, size_t len, struct buf *out)
{
	struct group_state *s = state_find(rec, m->chain_id);
	const uint8_t *sig = p + len - SIGNATURE_LEN;
	struct message_seed seed;
	struct message_keys mk;
	int r;

	if (s == NULL)
		return ERR_NOTFOUND;
	r = xeddsa_verify(sig, &s->signing.pair.pk, p, len - SIGNATURE_LEN);
	if (r != 0)
		return r;
	r = chain_take(&s->chain, m->iteration, &seed);
	if (r != 0)
		return r;
	kdf_group_keys(&mk, &seed);
	r = cbc_open(out, mk.cipher, mk.iv, m->ciphertext, m->ciphertext_len);
	sodium_memzero(&seed, sizeof(seed));
	sodium_memzero(&mk, sizeof(mk));
	return r;
}

int
sender_key_decrypt(const struct sender_key_name *name, const uint8_t *record,
    size_t len, const uint8_t *ct, size_t ctlen, struct sender_key_result *out)
{
	struct sender_key_result made;
	struct group_record rec;
	struct group_message m;
	int r;

	r = message_parse(&m, ct, ctlen);
	if (r != 0)
		return r;
	if (memcmp(m.id.b, name->distribution.b, DISTRIBUTION_ID_LEN) != 0)
		r = ERR_FORMAT;
	else
		r = record_read(&rec, name, record, len);
	if (r == 0) {
		result_init(&made, SENDER_KEY_CIPHERTEXT_MAX);
		r = group_open(&rec, &m, ct, ctlen, &made.bytes);
		r = finish(r, &rec, name, &made, out);
	}
	pb_free(&m.mem, m.pb);
	return r;
}

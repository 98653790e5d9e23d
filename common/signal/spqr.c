/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/spqr.h"

_Static_assert(SPQR_EK_CHUNKS *CHUNK_LEN == MLKEM768_EK &&
		   SPQR_CT1_CHUNKS * CHUNK_LEN == MLKEM768_CT1 &&
		   SPQR_HDR_CHUNKS * CHUNK_LEN == MLKEM768_HDR + SPQR_MAC_LEN &&
		   SPQR_CT2_CHUNKS * CHUNK_LEN == MLKEM768_CT2 + SPQR_MAC_LEN,
    "the parts are whole chunks");

static const struct spqr_shape shapes[] = {
    [SPQR_KEYS_UNSAMPLED] = {"KeysUnsampled", SPQR_HDR, 0, 0, 0},
    [SPQR_KEYS_SAMPLED] = {"KeysSampled", SPQR_HDR, SPQR_HDR_CHUNKS,
	SPQR_CT1_CHUNKS, SPQR_SEED},
    [SPQR_HEADER_SENT] = {"HeaderSent", SPQR_EK, SPQR_EK_CHUNKS,
	SPQR_CT1_CHUNKS, SPQR_SEED},
    [SPQR_CT1_RECEIVED] = {"Ct1Received", SPQR_EK_CT1_ACK, SPQR_EK_CHUNKS,
	SPQR_CT2_CHUNKS, SPQR_SEED | SPQR_CT1_KEPT},
    [SPQR_EK_SENT_CT1_RECEIVED] = {"EkSentCt1Received", SPQR_CT1_ACK, 0,
	SPQR_CT2_CHUNKS, SPQR_SEED | SPQR_CT1_KEPT},
    [SPQR_NO_HEADER_RECEIVED] = {"NoHeaderReceived", SPQR_NONE, 0,
	SPQR_HDR_CHUNKS, 0},
    [SPQR_HEADER_RECEIVED] = {"HeaderReceived", SPQR_CT1, 0, 0, SPQR_HDR_KEPT},
    [SPQR_CT1_SAMPLED] = {"Ct1Sampled", SPQR_CT1, SPQR_CT1_CHUNKS,
	SPQR_EK_CHUNKS, SPQR_HDR_KEPT | SPQR_M | SPQR_ADDED},
    [SPQR_EK_RECEIVED_CT1_SAMPLED] = {"EkReceivedCt1Sampled", SPQR_CT1,
	SPQR_CT1_CHUNKS, 0, SPQR_CT2_KEPT | SPQR_ADDED},
    /* ct1 is not sent any more, but its MAC is still to be made */
    [SPQR_CT1_ACKNOWLEDGED] = {"Ct1Acknowledged", SPQR_NONE, SPQR_CT1_CHUNKS,
	SPQR_EK_CHUNKS, SPQR_HDR_KEPT | SPQR_M | SPQR_ADDED},
    [SPQR_CT2_SAMPLED] = {"Ct2Sampled", SPQR_CT2, SPQR_CT2_CHUNKS, 0,
	SPQR_ADDED},
};

const struct spqr_shape *
spqr_shape(unsigned step)
{
	return step >= SPQR_KEYS_UNSAMPLED && step < ARRAY_LEN(shapes)
		   ? &shapes[step]
		   : NULL;
}

void
spqr_init(struct spqr *q, bool initiator, bool optional,
    const uint8_t secret[static KDF_LEN])
{
	memset(q, 0, sizeof(*q));
	q->step = initiator ? SPQR_KEYS_UNSAMPLED : SPQR_NO_HEADER_RECEIVED;
	q->epoch = 1;
	q->negotiating = optional;
	spqr_auth_init(&q->auth, secret);
	spqr_chain_init(&q->chain, initiator, secret);
}

void
spqr_clear(struct spqr *q)
{
	spqr_chain_clear(&q->chain);
	sodium_memzero(q, sizeof(*q));
}

/* ---- chunks --------------------------------------------------------------- */

/* What is sent from now on. */
static void
out_begin(struct spqr *q, const uint8_t *p, size_t len)
{
	assert(len <= sizeof(q->out));
	sodium_memzero(q->out, sizeof(q->out));
	if (len > 0)
		memcpy(q->out, p, len);
	q->out_next = 0;
}

static void
in_begin(struct spqr *q)
{
	sodium_memzero(q->in, sizeof(q->in));
	q->in_n = 0;
}

/* One more chunk; true when they are enough. Known ones change nothing. */
static bool
in_add(struct spqr *q, const struct chunk *c)
{
	size_t need = shapes[q->step].in, i;

	for (i = 0; i < q->in_n; i++) {
		if (q->in[i].x == c->x)
			return false;
	}
	q->in[q->in_n++] = *c;
	assert(q->in_n <= need);
	return q->in_n == need;
}

/* ---- the side that sends a key -------------------------------------------- */

/* Our key pair again: its seed is kept, which is shorter. */
static void
key_pair(const struct spqr *q, uint8_t pk[static MLKEM768_PK],
    uint8_t sk[static MLKEM768_SK])
{
	kem_keypair(&kem_mlkem768, pk, sk, q->seed);
}

static void
ek_begin(struct spqr *q)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK];

	key_pair(q, pk, sk);
	out_begin(q, pk, MLKEM768_EK);
	sodium_memzero(sk, sizeof(sk));
}

/* KeysUnsampled, about to send. */
static int
sample_keys(struct spqr *q, const struct signal_rng *rng)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK], ek[MLKEM768_EK];
	uint8_t msg[MLKEM768_HDR + SPQR_MAC_LEN];

	rng->fill(rng->ctx, q->seed, sizeof(q->seed));
	key_pair(q, pk, sk);
	kem_split(msg, ek, pk);
	spqr_auth_header(msg + MLKEM768_HDR, &q->auth, q->epoch, msg);
	out_begin(q, msg, sizeof(msg));
	q->step = SPQR_KEYS_SAMPLED;
	sodium_memzero(sk, sizeof(sk));
	return 0;
}

static int
ct1_complete(struct spqr *q)
{
	erasure_decode(q->ct1, q->in, SPQR_CT1_CHUNKS);
	in_begin(q);
	q->step = SPQR_CT1_RECEIVED;
	return 0;
}

/* HeaderSent */
static int
on_ct1(struct spqr *q, const struct spqr_message *m)
{
	return in_add(q, &m->chunk) ? ct1_complete(q) : 0;
}

/* KeysSampled: the header has arrived, so the key follows. */
static int
on_first_ct1(struct spqr *q, const struct spqr_message *m)
{
	ek_begin(q);
	q->step = SPQR_HEADER_SENT;
	return on_ct1(q, m);
}

/* The epoch's secret, which goes into the authenticator and the chain. */
static int
epoch_begin(struct spqr *q, uint8_t ss[static KEM_SS_LEN])
{
	spqr_epoch_secret(ss, q->epoch, ss);
	spqr_auth_update(&q->auth, q->epoch, ss);
	return spqr_chain_add(&q->chain, ss);
}

/* The ciphertext is whole: its epoch is agreed on, the roles change. */
static int
ct2_complete(struct spqr *q)
{
	uint8_t pk[MLKEM768_PK], sk[MLKEM768_SK], ct[MLKEM768_CT];
	uint8_t msg[SPQR_CT2_CHUNKS * CHUNK_LEN], mac[SPQR_MAC_LEN];
	uint8_t ss[KEM_SS_LEN];
	int r;

	erasure_decode(msg, q->in, SPQR_CT2_CHUNKS);
	memcpy(ct, q->ct1, MLKEM768_CT1);
	memcpy(ct + MLKEM768_CT1, msg, MLKEM768_CT2);
	key_pair(q, pk, sk);
	kem_decaps(&kem_mlkem768, ss, ct, sk);
	r = epoch_begin(q, ss);
	spqr_auth_ciphertext(mac, &q->auth, q->epoch, q->ct1, msg);
	if (r == 0 && sodium_memcmp(mac, msg + MLKEM768_CT2, sizeof(mac)) != 0)
		r = ERR_AUTH;
	if (r == 0) {
		sodium_memzero(q->seed, sizeof(q->seed));
		sodium_memzero(q->ct1, sizeof(q->ct1));
		in_begin(q);
		q->epoch++;
		q->step = SPQR_NO_HEADER_RECEIVED;
	}
	sodium_memzero(sk, sizeof(sk));
	sodium_memzero(ss, sizeof(ss));
	sodium_memzero(mac, sizeof(mac));
	return r;
}

/* EkSentCt1Received */
static int
on_ct2(struct spqr *q, const struct spqr_message *m)
{
	return in_add(q, &m->chunk) ? ct2_complete(q) : 0;
}

/* Ct1Received: the peer has the whole key. */
static int
on_first_ct2(struct spqr *q, const struct spqr_message *m)
{
	out_begin(q, NULL, 0);
	q->step = SPQR_EK_SENT_CT1_RECEIVED;
	return on_ct2(q, m);
}

/* ---- the side that sends a ciphertext ------------------------------------- */

/* NoHeaderReceived */
static int
on_hdr(struct spqr *q, const struct spqr_message *m)
{
	uint8_t msg[SPQR_HDR_CHUNKS * CHUNK_LEN], mac[SPQR_MAC_LEN];
	int r;

	if (!in_add(q, &m->chunk))
		return 0;
	erasure_decode(msg, q->in, SPQR_HDR_CHUNKS);
	spqr_auth_header(mac, &q->auth, q->epoch, msg);
	r = sodium_memcmp(mac, msg + MLKEM768_HDR, sizeof(mac)) == 0 ? 0
								     : ERR_AUTH;
	sodium_memzero(mac, sizeof(mac));
	if (r != 0)
		return r;
	memcpy(q->hdr, msg, MLKEM768_HDR);
	in_begin(q);
	q->step = SPQR_HEADER_RECEIVED;
	return 0;
}

/* HeaderReceived, about to send. */
static int
sample_ct1(struct spqr *q, const struct signal_rng *rng)
{
	uint8_t ct1[MLKEM768_CT1], ss[KEM_SS_LEN];
	int r;

	rng->fill(rng->ctx, q->m, sizeof(q->m));
	kem_encaps_ct1(ct1, ss, q->hdr, q->m);
	r = epoch_begin(q, ss);
	out_begin(q, ct1, sizeof(ct1));
	q->step = SPQR_CT1_SAMPLED;
	sodium_memzero(ss, sizeof(ss));
	return r;
}

static void
ct2_begin(struct spqr *q)
{
	out_begin(q, q->ct2, sizeof(q->ct2));
	sodium_memzero(q->ct2, sizeof(q->ct2));
	q->step = SPQR_CT2_SAMPLED;
}

/* The key is whole: the second half of the ciphertext can be made. */
static int
ek_complete(struct spqr *q)
{
	uint8_t ek[MLKEM768_EK];
	int r;

	erasure_decode(ek, q->in, SPQR_EK_CHUNKS);
	r = kem_encaps_ct2(q->ct2, q->hdr, ek, q->m);
	if (r != 0)
		return r;
	spqr_auth_ciphertext(
	    q->ct2 + MLKEM768_CT2, &q->auth, q->epoch, q->out, q->ct2);
	sodium_memzero(q->hdr, sizeof(q->hdr));
	sodium_memzero(q->m, sizeof(q->m));
	in_begin(q);
	if (q->step == SPQR_CT1_ACKNOWLEDGED)
		ct2_begin(q);
	else
		q->step = SPQR_EK_RECEIVED_CT1_SAMPLED;
	return 0;
}

/* Ct1Sampled, Ct1Acknowledged */
static int
on_ek(struct spqr *q, const struct spqr_message *m)
{
	return in_add(q, &m->chunk) ? ek_complete(q) : 0;
}

/* Ct1Sampled: a chunk, and the peer has the whole ct1. */
static int
on_ek_and_ack(struct spqr *q, const struct spqr_message *m)
{
	q->step = SPQR_CT1_ACKNOWLEDGED;
	return on_ek(q, m);
}

/* EkReceivedCt1Sampled */
static int
on_ack(struct spqr *q, const struct spqr_message *m)
{
	(void)m; /* it says all by coming */
	ct2_begin(q);
	return 0;
}

/* Ct2Sampled: the peer has begun the next epoch, with it the roles change. */
static void
epoch_next(struct spqr *q)
{
	out_begin(q, NULL, 0);
	q->epoch++;
	q->step = SPQR_KEYS_UNSAMPLED;
}

/* ---- both ----------------------------------------------------------------- */

/* What a step does when it sends for the first time. */
static const struct {
	enum spqr_step step;
	int (*prepare)(struct spqr *q, const struct signal_rng *rng);
} preparations[] = {
    {SPQR_KEYS_UNSAMPLED, sample_keys},
    {SPQR_HEADER_RECEIVED, sample_ct1},
};

/* What a step does with a message of its epoch; with others, nothing. */
static const struct {
	enum spqr_step step;
	enum spqr_type type;
	int (*receive)(struct spqr *q, const struct spqr_message *m);
} rules[] = {
    {SPQR_KEYS_SAMPLED, SPQR_CT1, on_first_ct1},
    {SPQR_HEADER_SENT, SPQR_CT1, on_ct1},
    {SPQR_CT1_RECEIVED, SPQR_CT2, on_first_ct2},
    {SPQR_EK_SENT_CT1_RECEIVED, SPQR_CT2, on_ct2},
    {SPQR_NO_HEADER_RECEIVED, SPQR_HDR, on_hdr},
    {SPQR_CT1_SAMPLED, SPQR_EK, on_ek},
    {SPQR_CT1_SAMPLED, SPQR_EK_CT1_ACK, on_ek_and_ack},
    {SPQR_EK_RECEIVED_CT1_SAMPLED, SPQR_EK_CT1_ACK, on_ack},
    {SPQR_EK_RECEIVED_CT1_SAMPLED, SPQR_CT1_ACK, on_ack},
    {SPQR_CT1_ACKNOWLEDGED, SPQR_EK, on_ek},
    {SPQR_CT1_ACKNOWLEDGED, SPQR_EK_CT1_ACK, on_ek},
};

int
spqr_send(struct spqr *q, const struct signal_rng *rng,
    uint8_t out[static SPQR_MESSAGE_MAX], size_t *len, struct spqr_key *key)
{
	struct spqr_message m = {.epoch = q->epoch};
	size_t i;
	int r = 0;

	/* first, because it makes room for the epoch that sample_ct1 adds */
	key->has = !q->negotiating;
	if (key->has)
		r = spqr_chain_send(&q->chain, q->epoch - 1, &m.number, key->b);
	for (i = 0; r == 0 && i < ARRAY_LEN(preparations); i++) {
		if (preparations[i].step != q->step)
			continue;
		r = preparations[i].prepare(q, rng);
		break;
	}
	if (r != 0)
		return r;
	m.type = shapes[q->step].sends;
	if (spqr_has_chunk(m.type)) {
		m.chunk.x = (uint16_t)q->out_next++;
		erasure_encode(
		    m.chunk.b, q->out, shapes[q->step].out, m.chunk.x);
	}
	*len = spqr_message_put(out, &m);
	return 0;
}

static int
receive(struct spqr *q, const struct spqr_message *m)
{
	size_t i;

	if (m->epoch == q->epoch + 1 && q->step == SPQR_CT2_SAMPLED)
		epoch_next(q);
	else if (m->epoch > q->epoch)
		return ERR_AUTH;
	if (m->epoch != q->epoch)
		return 0;
	for (i = 0; i < ARRAY_LEN(rules); i++) {
		if (rules[i].step == q->step && rules[i].type == m->type)
			return rules[i].receive(q, m);
	}
	return 0;
}

int
spqr_recv(struct spqr *q, const uint8_t *p, size_t len, struct spqr_key *key)
{
	struct spqr_message m;
	int r;

	r = spqr_message_get(&m, p, len);
	if (r == 0)
		r = receive(q, &m);
	if (r != 0)
		return r;
	q->negotiating = false;
	/* only a peer that was negotiating itself sends the first key's
	 * number as none; once its epoch is gone, such a message is too late
	 * like any other of that epoch */
	key->has = m.epoch != 1 || m.number != 0;
	if (!key->has)
		return spqr_chain_has(&q->chain, 0) ? 0 : ERR_DUP;
	return spqr_chain_recv(&q->chain, m.epoch - 1, m.number, key->b);
}

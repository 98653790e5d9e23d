/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/signal/hmac.h"
#include "common/signal/message.h"
#include "common/signal/pb_put.h"

/* What current peers send for version 3 and 4; old ones send 3. */
#define LOW_HALF 4

static uint8_t
version_byte(uint8_t version)
{
	return (uint8_t)(version << 4 | LOW_HALF);
}

static int
version_get(uint8_t *version, uint8_t byte)
{
	uint8_t v = byte >> 4;

	if (v < SIGNAL_VERSION_MIN || v > SIGNAL_VERSION_MAX)
		return ERR_VERSION;
	*version = v;
	return 0;
}

static int
signal_fields(struct signal_message *m)
{
	const Sotto__Signal__SignalMessage *pb = m->pb;
	int r;

	r = ec_pk_get(
	    &m->ratchet_key, pb->ratchet_key.data, pb->ratchet_key.len);
	if (r != 0 || pb->ciphertext.len == 0)
		return ERR_FORMAT;
	m->counter = pb->counter;
	m->previous_counter = pb->previous_counter;
	m->ciphertext = pb->ciphertext.data;
	m->ciphertext_len = pb->ciphertext.len;
	if (pb->has_pq_ratchet && pb->pq_ratchet.len > 0) {
		m->pq_ratchet = pb->pq_ratchet.data;
		m->pq_ratchet_len = pb->pq_ratchet.len;
	}
	return 0;
}

void
signal_message_init(struct signal_message *m)
{
	memset(m, 0, offsetof(struct signal_message, mem));
}

int
signal_message_parse(struct signal_message *m, const uint8_t *p, size_t len)
{
	ProtobufCMessage *pb;
	int r;

	signal_message_init(m);
	if (len < 1 + SIGNAL_MAC_LEN || len > SIGNAL_MESSAGE_MAX)
		return ERR_RANGE;
	r = version_get(&m->version, p[0]);
	if (r != 0)
		return r;
	m->signed_part = p;
	m->signed_len = len - SIGNAL_MAC_LEN;
	m->mac = p + m->signed_len;
	r = pb_unpack(&m->mem, &sotto__signal__signal_message__descriptor,
	    p + 1, m->signed_len - 1, &pb);
	if (r != 0)
		return r;
	m->pb = (Sotto__Signal__SignalMessage *)pb;
	r = signal_fields(m);
	if (r != 0)
		signal_message_clear(m);
	return r;
}

void
signal_message_clear(struct signal_message *m)
{
	if (m->pb != NULL)
		pb_free(&m->mem, &m->pb->base);
	m->pb = NULL;
}

/* First bytes of HMAC(key, sender || receiver || version || protobuf). */
static void
message_mac(uint8_t mac[static SIGNAL_MAC_LEN],
    const uint8_t mac_key[static 32], const struct mac_parties *who,
    const uint8_t *p, size_t len)
{
	struct hmac h;
	uint8_t key[EC_PUBLIC_LEN], full[KDF_LEN];

	hmac_init(&h, mac_key, 32);
	identity_pk_put(key, &who->sender);
	hmac_update(&h, key, sizeof(key));
	identity_pk_put(key, &who->receiver);
	hmac_update(&h, key, sizeof(key));
	hmac_update(&h, p, len);
	hmac_final(&h, full);
	memcpy(mac, full, SIGNAL_MAC_LEN);
	sodium_memzero(full, sizeof(full));
}

int
signal_message_check(const struct signal_message *m,
    const uint8_t mac_key[static 32], const struct mac_parties *who)
{
	uint8_t mac[SIGNAL_MAC_LEN];
	int r;

	message_mac(mac, mac_key, who, m->signed_part, m->signed_len);
	r = sodium_memcmp(mac, m->mac, sizeof(mac)) == 0 ? 0 : ERR_AUTH;
	sodium_memzero(mac, sizeof(mac)); /* the right MAC of a wrong message */
	return r;
}

/* common/proto/signal.proto: SignalMessage */
static void
signal_put(struct pb_out *o, const void *message)
{
	const struct signal_message *m = message;
	uint8_t key[EC_PUBLIC_LEN];

	ec_pk_put(key, &m->ratchet_key);
	pb_put_bytes(o, 1, key, sizeof(key));
	pb_put_number(o, 2, m->counter);
	pb_put_number(o, 3, m->previous_counter);
	pb_put_bytes(o, 4, m->ciphertext, m->ciphertext_len);
	if (m->pq_ratchet_len > 0)
		pb_put_bytes(o, 5, m->pq_ratchet, m->pq_ratchet_len);
}

int
signal_message_put(struct buf *out, const struct signal_message *m,
    const uint8_t mac_key[static 32], const struct mac_parties *who)
{
	size_t n = 1 + pb_put_size(signal_put, m);
	struct pb_out o = {NULL, 1};
	uint8_t *p;
	int r;

	r = buf_reserve(out, n + SIGNAL_MAC_LEN);
	if (r != 0)
		return r;
	o.p = p = out->p + out->len;
	p[0] = version_byte(m->version);
	signal_put(&o, m);
	message_mac(p + n, mac_key, who, p, n);
	out->len += n + SIGNAL_MAC_LEN;
	return 0;
}

static int
pre_key_fields(struct pre_key_message *m)
{
	const Sotto__Signal__PreKeySignalMessage *pb = m->pb;

	if (ec_pk_get(&m->base_key, pb->base_key.data, pb->base_key.len) != 0 ||
	    identity_pk_get(
		&m->identity, pb->identity_key.data, pb->identity_key.len) != 0)
		return ERR_FORMAT;
	/* both or neither, and exactly where the version has them */
	m->has_kyber = pb->has_kyber_pre_key_id;
	if (pb->has_kyber_ciphertext != pb->has_kyber_pre_key_id ||
	    m->has_kyber != (m->version >= 4))
		return ERR_FORMAT;
	if (m->has_kyber && (pb->kyber_ciphertext.len != KEM_CT_LEN ||
				pb->kyber_ciphertext.data[0] != KEM_TYPE))
		return ERR_FORMAT;
	m->kyber_id = pb->kyber_pre_key_id;
	m->kyber_ct = m->has_kyber ? pb->kyber_ciphertext.data : NULL;
	m->has_one_time = pb->has_pre_key_id;
	m->one_time_id = pb->pre_key_id;
	m->message = pb->message.data;
	m->message_len = pb->message.len;
	m->registration_id = pb->registration_id;
	m->signed_id = pb->signed_pre_key_id;
	return 0;
}

int
pre_key_message_parse(struct pre_key_message *m, const uint8_t *p, size_t len)
{
	ProtobufCMessage *pb;
	int r;

	memset(m, 0, offsetof(struct pre_key_message, mem));
	if (len < 1 || len > SIGNAL_MESSAGE_MAX)
		return ERR_RANGE;
	r = version_get(&m->version, p[0]);
	if (r != 0)
		return r;
	r = pb_unpack(&m->mem,
	    &sotto__signal__pre_key_signal_message__descriptor, p + 1, len - 1,
	    &pb);
	if (r != 0)
		return r;
	m->pb = (Sotto__Signal__PreKeySignalMessage *)pb;
	r = pre_key_fields(m);
	if (r != 0)
		pre_key_message_clear(m);
	return r;
}

void
pre_key_message_clear(struct pre_key_message *m)
{
	if (m->pb != NULL)
		pb_free(&m->mem, &m->pb->base);
	m->pb = NULL;
}

int
pre_key_message_put(struct buf *out, const struct pre_key_message *m)
{
	Sotto__Signal__PreKeySignalMessage pb =
	    SOTTO__SIGNAL__PRE_KEY_SIGNAL_MESSAGE__INIT;
	uint8_t base[EC_PUBLIC_LEN], identity[EC_PUBLIC_LEN];
	size_t start = out->len;
	int r;

	ec_pk_put(base, &m->base_key);
	identity_pk_put(identity, &m->identity);
	pb.has_pre_key_id = m->has_one_time;
	pb.pre_key_id = m->one_time_id;
	pb.base_key = pb_bytes(base, sizeof(base));
	pb.identity_key = pb_bytes(identity, sizeof(identity));
	pb.message = pb_bytes(m->message, m->message_len);
	pb.has_registration_id = 1;
	pb.registration_id = m->registration_id;
	pb.signed_pre_key_id = m->signed_id;
	pb.has_kyber_pre_key_id = m->has_kyber;
	pb.kyber_pre_key_id = m->kyber_id;
	pb.has_kyber_ciphertext = m->has_kyber;
	pb.kyber_ciphertext =
	    pb_bytes(m->kyber_ct, m->has_kyber ? KEM_CT_LEN : 0);
	r = buf_put_u8(out, version_byte(m->version));
	if (r == 0)
		r = pb_pack(out, &pb.base);
	if (r != 0)
		out->len = start;
	return r;
}

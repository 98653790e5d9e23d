/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay hands out of a device: keys that are read come back the same
 * and those that pass are sound; no byte of a signed key, its signature or the
 * identity can be another and a session begin; no signature holds for anything
 * but its own message. The first byte chooses; the rest are bytes of a key, or
 * changes: place (2 bytes), what to flip there.
 */
#include "common/buf.h"
#include "common/signal/xeddsa.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Flips bytes of p; true when it is another afterwards. */
static bool
change(void *p, size_t n, const uint8_t *data, size_t len)
{
	uint8_t *was = malloc(n), *b = p;
	bool other;

	fuzz_need(was != NULL);
	memcpy(was, p, n);
	for (; len >= 3; data += 3, len -= 3)
		b[get_be16(data) % n] ^= data[2];
	other = memcmp(was, p, n) != 0;
	free(was);
	return other;
}

static void
public_keys(const uint8_t *p, size_t len)
{
	static struct kem_pk kem, kem_was;
	struct identity_pk id, id_was;
	struct ec_pk ec, ec_was;
	uint8_t back[EC_PUBLIC_LEN];

	memset(&id, 0x33, sizeof(id));
	memset(&ec, 0x33, sizeof(ec));
	memset(&kem, 0x33, sizeof(kem));
	id_was = id;
	ec_was = ec;
	kem_was = kem;
	if (identity_pk_get(&id, p, len) == 0) {
		identity_pk_put(back, &id);
		fuzz_need(len == sizeof(back) && memcmp(back, p, len) == 0);
	} else {
		fuzz_need(identity_pk_equal(&id, &id_was));
	}
	if (ec_pk_get(&ec, p, len) == 0) {
		ec_pk_put(back, &ec);
		fuzz_need(len == sizeof(back) && memcmp(back, p, len) == 0);
	} else {
		fuzz_need(ec_pk_equal(&ec, &ec_was));
	}
	if (kem_pk_get(&kem, p, len) == 0)
		fuzz_need(len == sizeof(kem) && memcmp(kem.b, p, len) == 0);
	else
		fuzz_need(memcmp(&kem, &kem_was, sizeof(kem)) == 0);
}

/* A sound point: below p, agrees with everybody, and has no small order. */
static void
base_key(const struct fuzz_pair *pair, const uint8_t *p, size_t len)
{
	static const uint8_t P[EC_LEN] = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0x7f};
	uint8_t shared[EC_LEN];
	struct ec_pk pk;

	if (len != EC_LEN)
		return;
	memcpy(pk.u, p, EC_LEN);
	if (ec_pk_check(&pk) != 0)
		return;
	fuzz_need(sodium_compare(pk.u, P, EC_LEN) < 0);
	fuzz_need(ec_agree(shared, &pair->signed_key.pair.sk, &pk) == 0);
}

static void
begin(struct fuzz_pair *pair, const uint8_t *data, size_t len)
{
	struct pre_key_bundle b = fuzz_bundle(pair, true);
	struct session_sealed sealed;
	struct buf out, was;
	bool other;

	other = change(&b.identity, sizeof(b.identity), data, len / 4);
	other |= change(&b.signed_key, sizeof(b.signed_key), data, len / 3);
	other |= change(b.signed_sig, sizeof(b.signed_sig), data, len / 2);
	other |= change(&b.kyber, sizeof(b.kyber), data, len);
	if (len > 0)
		other |= change(b.kyber_sig, SIGNATURE_LEN, data + 1, len - 1);
	if (!other) /* nobody signs this one */
		change(&b.one_time, sizeof(b.one_time), data, len);
	memset(&out, 0x33, sizeof(out));
	memcpy(&was, &out, sizeof(was));
	if (session_start(&pair->alice, NULL, 0, &b, &out) != 0) {
		fuzz_need(memcmp(&out, &was, sizeof(out)) == 0);
		return;
	}
	fuzz_need(!other);
	fuzz_need(session_encrypt(&pair->alice, out.p, out.len,
		      (const uint8_t *)"x", 1, &sealed) == 0);
	fuzz_need(sealed.type == SIGNAL_PRE_KEY_MESSAGE);
	session_sealed_clear(&sealed);
	buf_clear(&out);
}

/* signature || message */
static void
signature(const struct fuzz_pair *pair, const uint8_t *data, size_t len)
{
	uint8_t m[SIGNATURE_LEN + EC_PUBLIC_LEN];
	bool other;

	memcpy(m, pair->signed_key.sig, SIGNATURE_LEN);
	ec_pk_put(m + SIGNATURE_LEN, &pair->signed_key.pair.pk);
	other = change(m, sizeof(m), data, len);
	fuzz_need((xeddsa_verify(m, &pair->bob_key.pk, m + SIGNATURE_LEN,
		       EC_PUBLIC_LEN) == 0) == !other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_pair pair;

	if (pair.bob_record.len == 0)
		fuzz_pair_init(&pair, true);
	if (len == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		public_keys(data + 1, len - 1);
		break;
	case 1:
		base_key(&pair, data + 1, len - 1);
		break;
	case 2:
		begin(&pair, data + 1, len - 1);
		break;
	default:
		signature(&pair, data + 1, len - 1);
	}
	return 0;
}

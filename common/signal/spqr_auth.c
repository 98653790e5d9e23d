/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/signal/spqr_auth.h"

#define LABEL	     "Signal_PQCKA_V1_MLKEM768:"
#define UPDATE_LABEL LABEL "Authenticator Update"
#define HEADER_LABEL LABEL "ekheader"
#define CT_LABEL     LABEL "ciphertext"
#define SECRET_LABEL LABEL "SCKA Key"
#define INFO_MAX     64

/* label || epoch; its length. */
static size_t
info_put(uint8_t out[static INFO_MAX], const char *label, uint64_t epoch)
{
	size_t n = strlen(label);

	assert(n + 8 <= INFO_MAX);
	memcpy(out, label, n);
	put_be64(out + n, epoch);
	return n + 8;
}

void
spqr_auth_init(struct spqr_auth *a, const uint8_t secret[static KDF_LEN])
{
	memset(a, 0, sizeof(*a));
	spqr_auth_update(a, 1, secret);
}

void
spqr_auth_update(
    struct spqr_auth *a, uint64_t epoch, const uint8_t secret[static KDF_LEN])
{
	uint8_t ikm[2 * KDF_LEN], okm[2 * KDF_LEN], info[INFO_MAX];
	size_t n = info_put(info, UPDATE_LABEL, epoch);

	memcpy(ikm, a->root, KDF_LEN);
	memcpy(ikm + KDF_LEN, secret, KDF_LEN);
	kdf_hkdf_bytes(okm, sizeof(okm), NULL, 0, ikm, sizeof(ikm), info, n);
	memcpy(a->root, okm, KDF_LEN);
	memcpy(a->mac, okm + KDF_LEN, KDF_LEN);
	sodium_memzero(ikm, sizeof(ikm));
	sodium_memzero(okm, sizeof(okm));
}

void
spqr_auth_header(uint8_t mac[static SPQR_MAC_LEN], const struct spqr_auth *a,
    uint64_t epoch, const uint8_t hdr[static MLKEM768_HDR])
{
	uint8_t msg[INFO_MAX + MLKEM768_HDR];
	size_t n = info_put(msg, HEADER_LABEL, epoch);

	memcpy(msg + n, hdr, MLKEM768_HDR);
	kdf_hmac(mac, a->mac, KDF_LEN, msg, n + MLKEM768_HDR);
}

void
spqr_auth_ciphertext(uint8_t mac[static SPQR_MAC_LEN],
    const struct spqr_auth *a, uint64_t epoch,
    const uint8_t ct1[static MLKEM768_CT1],
    const uint8_t ct2[static MLKEM768_CT2])
{
	uint8_t msg[INFO_MAX + MLKEM768_CT];
	size_t n = info_put(msg, CT_LABEL, epoch);

	memcpy(msg + n, ct1, MLKEM768_CT1);
	memcpy(msg + n + MLKEM768_CT1, ct2, MLKEM768_CT2);
	kdf_hmac(mac, a->mac, KDF_LEN, msg, n + MLKEM768_CT);
}

void
spqr_epoch_secret(uint8_t out[static KDF_LEN], uint64_t epoch,
    const uint8_t ss[static KEM_SS_LEN])
{
	uint8_t info[INFO_MAX];
	size_t n = info_put(info, SECRET_LABEL, epoch);

	kdf_hkdf_bytes(out, KDF_LEN, NULL, 0, ss, KEM_SS_LEN, info, n);
}

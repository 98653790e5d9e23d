/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spqr_auth.h — internal: what SPQR authenticates keys and ciphertexts with,
 * and an epoch's secret. docs/crypto.md §11.2.
 */
#ifndef COMMON_SIGNAL_SPQR_AUTH_H
#define COMMON_SIGNAL_SPQR_AUTH_H

#include "common/signal/kdf.h"
#include "common/signal/kem.h"

#define SPQR_MAC_LEN 32

struct spqr_auth {
	uint8_t root[KDF_LEN];
	uint8_t mac[KDF_LEN]; /* key */
};

/* From the handshake's secret. */
void spqr_auth_init(struct spqr_auth *a, const uint8_t secret[static KDF_LEN]);

/* The secret of an epoch goes in: later MACs need it. */
void spqr_auth_update(
    struct spqr_auth *a, uint64_t epoch, const uint8_t secret[static KDF_LEN]);

/* MAC of a key's header, and of a ciphertext. */
void spqr_auth_header(uint8_t mac[static SPQR_MAC_LEN],
    const struct spqr_auth *a, uint64_t epoch,
    const uint8_t hdr[static MLKEM768_HDR]);
void spqr_auth_ciphertext(uint8_t mac[static SPQR_MAC_LEN],
    const struct spqr_auth *a, uint64_t epoch,
    const uint8_t ct1[static MLKEM768_CT1],
    const uint8_t ct2[static MLKEM768_CT2]);

/* The epoch's secret from the KEM's. out may be ss. */
void spqr_epoch_secret(uint8_t out[static KDF_LEN], uint64_t epoch,
    const uint8_t ss[static KEM_SS_LEN]);

#endif

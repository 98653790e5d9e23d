/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_account.h — who we are: one row, with this device's private keys. */
#ifndef TUI_STORE_STORE_ACCOUNT_H
#define TUI_STORE_STORE_ACCOUNT_H

#include "tui/store/store.h"

#define STORE_URI_MAX 1024 /* bytes of a relay's address */

/* Wipe with store_account_clear(). Strings are "" where unknown. */
struct store_account {
	bool registered; /* account, device and phone count */
	uint8_t account[STORE_ID_LEN];
	uint32_t device; /* 1..127 */
	char phone[STORE_PHONE_MAX]; /* E.164 */
	char name[STORE_NAME_MAX];
	char relay_uri[STORE_URI_MAX];
	char relay_name[STORE_NAME_MAX];
	bool has_relay_key; /* pinned, or accepted by the person */
	uint8_t relay_key[32];
	uint8_t noise_secret[32], noise_public[32];
	uint8_t identity_secret[32], identity_public[STORE_PUB_LEN];
	uint32_t registration_id;
};

/* Returns 0; ERR_NOTFOUND nothing was put yet. */
int store_account_get(struct store *s, struct store_account *out) MUST_USE;
int store_account_put(struct store *s, const struct store_account *a) MUST_USE;
void store_account_clear(struct store_account *a);

#endif

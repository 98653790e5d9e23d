/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account_care.h — the account itself: its registration lock, its number, its
 * end. docs/protocol.md §4.3, §4.4; docs/crypto.md, "Registration lock".
 */
#ifndef TUI_ENGINE_ACCOUNT_CARE_H
#define TUI_ENGINE_ACCOUNT_CARE_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"

/*
 * What the relay gets of a PIN: Argon2id over it, salted with the account, so
 * that the relay's database alone is not the PIN. Takes time.
 * Returns 0; ERR_RANGE; ERR_NOMEM.
 */
int pin_proof(const struct engine *e,
    const uint8_t account[static STORE_ID_LEN], const char *pin,
    uint8_t out[static PIN_PROOF_LEN]) MUST_USE;

/* Is it time to ask whether the person still knows the PIN? */
int pin_ask_due(struct engine *e, bool *due) MUST_USE;

/* Registering has lifted the lock: who knew the PIN keeps it, as soon as the
 * relay is there. In a transaction. */
int lock_again_later(struct engine *e) MUST_USE;

/* The connection is open: what was left half done. */
void account_care_open(struct engine *e);
/* number.c: did the relay move us? */
void number_ask(struct engine *e);

/* A contact says that it has this number. In a transaction. */
int number_claimed(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const char *phone, bool *ask) MUST_USE;
/* The relay has answered whether that is so: a note, or the number of before.
 * c is saved by the caller. In a transaction. */
int number_settled(
    struct engine *e, struct store_contact *c, bool is_true) MUST_USE;

/* Our first device says that we have another number. In a transaction. */
int number_taken(struct engine *e, const char *phone) MUST_USE;

#endif

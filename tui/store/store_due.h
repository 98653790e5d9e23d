/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_due.h — receipts that are owed and not sealed yet. They are put here
 * in the transaction that stores or reads the message, and taken in the one
 * that makes a receipt of them.
 */
#ifndef TUI_STORE_STORE_DUE_H
#define TUI_STORE_STORE_DUE_H

#include "tui/store/store.h"

/* Numbers are on disk; a higher one says the lower ones too. */
enum store_due_kind {
	STORE_DUE_DELIVERED = 0,
	STORE_DUE_READ = 1,
};

/* Owe the account a receipt for its message. What is owed already only grows
 * in kind. */
int store_due_put(struct store *s, const uint8_t account[static STORE_ID_LEN],
    const uint8_t message_id[static STORE_ID_LEN],
    enum store_due_kind kind) MUST_USE;

/* An account that is owed receipts and has no row of STORE_LINE_RECEIPT in
 * the outbox. ERR_NOTFOUND. */
int store_due_account(
    struct store *s, uint8_t account[static STORE_ID_LEN]) MUST_USE;

/*
 * Take the oldest of an account, up to max, all of the kind of the first. In a
 * transaction: after an error it is rolled back.
 * Returns 0, *n may be 0.
 */
int store_due_take(struct store *s, const uint8_t account[static STORE_ID_LEN],
    enum store_due_kind *kind, uint8_t (*ids)[STORE_ID_LEN], size_t max,
    size_t *n) MUST_USE;

/* Nothing can be told to this account any more. */
int store_due_drop(
    struct store *s, const uint8_t account[static STORE_ID_LEN]) MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_history.h — messages of the past that come from a backup or from
 * another device of one's own: they take their place in the chat's past, and
 * send nothing.
 */
#ifndef TUI_STORE_STORE_HISTORY_H
#define TUI_STORE_STORE_HISTORY_H

#include "tui/store/store_message.h"

/*
 * Add a message where its received_ms puts it; behind those of the same
 * millisecond. All of its columns count, also those store_message_add()
 * ignores, but reactions. PENDING becomes FAILED,
 * and the flag STORE_MSG_HISTORY is set.
 *   unread  it was not read yet; what is read here up to a later one is read
 * Returns 0; ERR_EXISTS it is there (a note: one of that millisecond says the
 * same); otherwise as store_message_add().
 */
int store_history_add(struct store *s, const struct store_message *m,
    bool unread, int64_t *id) MUST_USE;

/* Is a message of this store unread? */
int store_history_unread(
    struct store *s, const struct store_message *m, bool *unread) MUST_USE;

/* Up to n messages of all chats with an id above after, by id; those received
 * before since_ms are left out. */
int store_history_page(struct store *s, int64_t after, uint64_t since_ms,
    size_t n, struct store_messages *out) MUST_USE;

/* The highest id there is; 0: none. */
int store_history_last(struct store *s, int64_t *id) MUST_USE;

/* When the n-th newest of all messages was received; 0: there are fewer. */
int store_history_newest(
    struct store *s, uint32_t n, uint64_t *since_ms) MUST_USE;

/* How many store_history_page() would give, of all. */
int store_history_count(
    struct store *s, uint64_t since_ms, uint64_t *n) MUST_USE;

#endif

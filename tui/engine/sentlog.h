/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sentlog.h — what we sent that is no text: kept for those who could not open
 * it and ask (repair.h). docs/protocol.md §6.4.
 *
 * Not kept: receipts (owed again instead), requests and answers of repair.h,
 * typing, and what carries keys (groups have their own: group_send.h). Of a
 * draft, a name or a secret told to one's own devices is kept only that it was
 * told; who asks is told what it is now.
 */
#ifndef TUI_ENGINE_SENTLOG_H
#define TUI_ENGINE_SENTLOG_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/engine/repair.h"

/* A content has gone into the outbox, for this account: remember it, if it is
 * of that kind. In the transaction of its outbox row. */
int sentlog_note(struct engine *e, const Sotto__Content__Content *c,
    const uint8_t account[static STORE_ID_LEN]) MUST_USE;

/*
 * They ask for this id: send it again, if it is theirs, to the keys they have
 * now, and not too often. Whom our own devices ask about does not matter: they
 * had a copy.
 *   found  out: it is ours to answer; false: we know nothing of it
 * In a transaction.
 */
int sentlog_answer(struct engine *e, const struct repair_from *from,
    const uint8_t id[static STORE_ID_LEN], bool *found) MUST_USE;

#endif

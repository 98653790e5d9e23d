/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row.h — how a message and those who wrote it are shown. */
#ifndef TUI_ENGINE_ROW_H
#define TUI_ENGINE_ROW_H

#include "tui/engine/impl.h"

/* Whoever has this account, as the person calls them: "You", a name, a number,
 * or "Somebody". Returns out. */
char *account_name(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    char out[static STORE_NAME_MAX]);

/* Answer a command by an EV_PAGE of these. */
struct store_messages;
void answer_rows(
    struct engine *e, struct cmd *c, const struct store_messages *page);

#endif

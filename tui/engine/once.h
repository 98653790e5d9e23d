/* SPDX-License-Identifier: GPL-3.0-or-later */
/* once.h — a file that could be viewed once has been opened. */
#ifndef TUI_ENGINE_ONCE_H
#define TUI_ENGINE_ONCE_H

#include "tui/engine/impl.h"

/* Nothing is left of it here; then the command is answered with its bytes, which
 * are taken (*data becomes NULL). */
void once_media(struct engine *e, uint64_t tag, int64_t message, uint8_t **data,
    size_t len);

#endif

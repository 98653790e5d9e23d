/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c — history for another device of ours. docs/protocol.md §6.6. */
#include "tui/engine/event.h"
#include "tui/engine/impl.h"

void
cmd_history_send(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_history_ask(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_history_cancel(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_history(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

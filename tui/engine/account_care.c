/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account_care.c — the account itself: its lock, its number, its end. */
#include "tui/engine/event.h"
#include "tui/engine/impl.h"

void
cmd_verify_pin(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_set_pin(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_change_number(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_change_number_code(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_delete_account(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

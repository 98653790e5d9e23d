/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chat.c — what a person sets for a chat. */
#include "tui/engine/impl.h"

void
cmd_forward_all(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_starred(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_msg_info(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_find_message(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_open_once(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_report(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_mute(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_pin(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_archive(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_mark_unread(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_block(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_rename_contact(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_set_timer(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_clear_chat(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_delete_chat(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

void
cmd_to_self(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not in this version yet.");
}

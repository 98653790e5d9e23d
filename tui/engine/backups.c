/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backups.c — backups by themselves. */
#include "tui/engine/event.h"
#include "tui/engine/impl.h"

void
cmd_backup_schedule(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_backup(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

void
cmd_backup_now(struct engine *e, struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Not possible yet.");
}

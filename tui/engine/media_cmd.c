/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_cmd.c — what fronts ask for about files. */
#include "tui/engine/impl.h"
#include "tui/engine/media.h"

static void
not_yet(struct engine *e, const struct cmd *c)
{
	reply_error(e, c->tag, ERR_STATE, "Files cannot be sent yet.");
}

void
cmd_send_files(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_send_card(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_fetch(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_media_pause(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_media_cancel(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_media_read(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

void
cmd_media_rules(struct engine *e, struct cmd *c)
{
	not_yet(e, c);
}

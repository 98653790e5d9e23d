/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tui/screen/picture_caps.h"

/* XTVERSION; kitty's graphics, by a picture of one pixel that is not kept. */
#define ASK_NAME     "\033[>0q"
#define ASK_GRAPHICS "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\"
#define ASK_KEYS     "\033[?u"
#define ASK_CELL     "\033[16t"
#define ASK_ITERM    "\033]1337;ReportCellSize\033\\"
#define ASK_LAST     "\033[c" /* and about sixels */

int
picture_caps_ask(struct buf *out)
{
	static const char ask[] =
	    ASK_CELL ASK_NAME ASK_GRAPHICS ASK_ITERM ASK_LAST;

	return buf_put(out, ask, sizeof(ask) - 1);
}

/* tmux answers for itself; its terminal is asked behind its back, and answers
 * if tmux lets it (allow-passthrough). tmux keeps its name to itself: there what
 * has kitty's pictures and kitty's keys passes for one that has placeholders. */
static void
take_name(struct picture_caps *c, int name, struct buf *more)
{
	static const char ask[] = ASK_KEYS ASK_GRAPHICS;

	if (name == NAME_TMUX && !c->tmux) {
		c->tmux = true;
		c->graphics = false; /* that was not it */
		if (raster_through_tmux(more, ask, sizeof(ask) - 1) != 0)
			return; /* it is not asked then */
	}
	if (name == NAME_PLACEHOLDERS)
		c->placeholders = true;
}

static bool
same(const struct picture_caps *a, const struct picture_caps *b)
{
	return a->asked == b->asked && a->answered == b->answered &&
	       a->sixel == b->sixel && a->iterm == b->iterm &&
	       a->graphics == b->graphics &&
	       a->placeholders == b->placeholders && a->tmux == b->tmux &&
	       a->cell_w == b->cell_w && a->cell_h == b->cell_h;
}

bool
picture_caps_take(
    struct picture_caps *c, const struct key *reply, struct buf *more)
{
	struct picture_caps was = *c;

	if (!c->asked)
		return false;
	switch (reply->reply) {
	case REPLY_DA1:
		c->sixel = reply->arg[0] == 1;
		c->answered = true;
		break;
	case REPLY_CELL:
		c->cell_h = reply->arg[0];
		c->cell_w = reply->arg[1];
		break;
	case REPLY_NAME:
		take_name(c, reply->arg[0], more);
		break;
	case REPLY_GRAPHICS:
		c->graphics = reply->arg[0] == 1;
		break;
	case REPLY_KITTY:
		c->placeholders = c->placeholders || c->tmux;
		break;
	case REPLY_ITERM:
		c->iterm = true;
		break;
	default:
		return false;
	}
	return !same(&was, c);
}

bool
picture_caps_complete(const struct picture_caps *c)
{
	return c->answered && (!c->tmux || (c->graphics && c->placeholders));
}

static enum picture_mode
best(const struct picture_caps *c, enum theme_depth depth, bool ascii)
{
	if (c->graphics && c->placeholders && depth != DEPTH_MONO && !ascii)
		return PICTURE_KITTY;
	if (c->tmux) /* nothing else stays where it is put */
		return c->sixel			      ? PICTURE_SIXEL
		       : ascii || depth == DEPTH_MONO ? PICTURE_ASCII
						      : PICTURE_BLOCKS;
	if (c->iterm)
		return PICTURE_ITERM;
	if (c->sixel)
		return PICTURE_SIXEL;
	return ascii || depth == DEPTH_MONO ? PICTURE_ASCII : PICTURE_BLOCKS;
}

void
picture_caps_ground(const struct picture_caps *c, enum picture_mode wanted,
    enum theme_depth depth, bool light, bool ascii, struct raster_ground *out)
{
	static const uint32_t colours[] = {[DEPTH_MONO] = 0,
	    [DEPTH_16] = 16,
	    [DEPTH_256] = 256,
	    [DEPTH_RGB] = 1 << 24};

	*out = (struct raster_ground){
	    .mode = wanted == PICTURE_AUTO ? best(c, depth, ascii) : wanted,
	    .colours = colours[depth],
	    .cell_w = c->cell_w > 0 ? c->cell_w : PICTURE_CELL_W,
	    .cell_h = c->cell_h > 0 ? c->cell_h : PICTURE_CELL_H,
	    .rgb = light ? 0xffffff : 0x000000,
	    .tmux = c->tmux};
	if (out->cell_w > PREVIEW_CELL_PX_MAX ||
	    out->cell_h > PREVIEW_CELL_PX_MAX) {
		out->cell_w = PICTURE_CELL_W;
		out->cell_h = PICTURE_CELL_H;
	}
}

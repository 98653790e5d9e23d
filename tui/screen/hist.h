/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hist.h — the messages of the open chat as a window on the store: pages come
 * in at either end, far ends are let go, so that a million messages cost what
 * a thousand do. Knows how many lines each message takes and which are in
 * view; does not draw.
 *
 * The view is measured from the end: scroll is the number of lines below it.
 */
#ifndef TUI_SCREEN_HIST_H
#define TUI_SCREEN_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/engine/engine.h"

#define HIST_MAX  1000 /* messages kept */
#define HIST_PAGE 100 /* messages asked for at once */

struct item {
	int64_t id;
	enum msg_kind kind;
	enum msg_state state;
	bool outgoing;
	uint64_t ms; /* when it was written, never after we got it */
	uint64_t sent_ms, received_ms;
	char *text; /* heap, never NULL */
	size_t len;
	char *quote; /* heap; what it answers, one line; NULL: nothing */
	char *quote_from; /* heap */
	int64_t quote_id; /* that message here; 0: it is not here */
	char *reactions; /* heap, one line; NULL: none */
	char *from; /* heap; in a group, who wrote it; NULL */
	struct mention_row *mentions; /* heap: whom the text names */
	size_t n_mentions;
	struct media_row *media; /* heap; NULL: there is no file */
	uint8_t author[ENGINE_ID_LEN];
	uint32_t expire_s; /* disappears so long after it was seen */
	uint64_t expires_ms; /* when; 0: the timer does not run yet */
	bool edited, starred, forwarded;
	bool opened; /* MSG_ONCE: nothing is left of it */
	bool picked; /* together with others, for what is done next */
	int height; /* lines; 0: to be measured */
};

#define HIST_PICKED_MAX 50 /* messages picked at once */

/* What a page that was asked for is to become. */
enum hist_want {
	WANT_NOTHING,
	WANT_LATEST, /* replaces everything, the view at its end */
	WANT_OLDEST, /* replaces everything, the view at its start */
	WANT_AROUND, /* replaces everything, the target in the middle */
	WANT_BEFORE, /* goes in front */
	WANT_AFTER, /* goes behind */
};

struct hist {
	int64_t chat;
	struct item *v; /* ascending by id */
	size_t n, cap;
	bool more_before, more_after;
	int width; /* cells of a line; the heights are for it */
	bool roomy; /* blank lines between speakers */
	bool pictures; /* small pictures have rows of their own */
	int scroll;
	int view; /* lines of the view */
	int64_t marker; /* "new" line above this message; 0 none */
	uint32_t marker_count;
	int64_t selected; /* 0 none */
	int64_t target; /* WANT_AROUND: what is to be in view */
	uint32_t mark_off, mark_len; /* found text in the selected one */
	enum hist_want want;
	uint64_t tag; /* of the page asked for */
};

/* How one message is laid out. Lines in this order. */
struct layout {
	int date; /* a separator: 0 or 1 */
	int marker; /* the "new" line */
	int gap; /* a blank line */
	int from; /* who wrote it */
	int forwarded; /* "forwarded" */
	int quote; /* what it answers */
	int picture; /* rows of the small picture */
	int media; /* kind and name; then size and state, wrapped */
	int bars; /* the waveform, behind the first of those */
	int lines; /* of text */
	int reactions;
	int meta; /* marks, time and ticks on a line of their own */
	int note; /* a line below: what to do about a failed one */
	int wrap; /* the text is wrapped to so many cells */
	int inner; /* cells of the widest line, with the meta */
	int picture_cols;
	bool brief; /* the marks are signs only */
	int height; /* the sum of the lines */
};

void hist_init(struct hist *h);
void hist_clear(struct hist *h); /* wipes texts */

/* Begin another chat, without messages. */
void hist_open(struct hist *h, int64_t chat);

/*
 * Take in the page that was asked for with h->want; the view stays where it
 * is. rows are copied. 0 or ERR_NOMEM (unchanged).
 */
int hist_page(struct hist *h, const struct msg_row *rows, size_t n,
    bool more_before, bool more_after) MUST_USE;

/*
 * A new message of this chat. It goes to the end, or replaces the one with its
 * id; while the end is not loaded it is left to a later page.
 * 0 or ERR_NOMEM (unchanged).
 */
int hist_add(struct hist *h, const struct msg_row *row) MUST_USE;

/* A message is no more; the view stays where it is. */
void hist_drop(struct hist *h, int64_t id);

/* The state moves forward, never back. True when it changed. */
bool hist_state(struct hist *h, int64_t id, enum msg_state state);

struct item *hist_find(const struct hist *h, int64_t id);

/* Put the "new" line above the first of the last count incoming messages. */
void hist_set_marker(struct hist *h, uint32_t count);

/* ---- the view ---------------------------------------------------------------- */

/* Another size: the message at the bottom of the view stays there. */
void hist_resize(struct hist *h, int width, int view);

/* Small pictures are drawn, or not. */
void hist_set_pictures(struct hist *h, bool on);

/* One of our own calm lines, no message. */
bool hist_is_line(const struct item *it);
void hist_layout(const struct hist *h, size_t i, struct layout *l);
int hist_height(struct hist *h, size_t i); /* lines of one message */
int hist_total(struct hist *h); /* lines of all */

/* Move towards older (lines > 0) or newer ones. True when the view moved. */
bool hist_scroll(struct hist *h, int lines);
bool hist_at_end(const struct hist *h); /* the newest message is in view */
void hist_to_end(struct hist *h);

/* Bring a message into view, into the middle if it was not; false when it is
 * not loaded. */
bool hist_show(struct hist *h, int64_t id);

/* Bring the "new" line to the top of the view unless all below it fits. */
void hist_show_marker(struct hist *h);

/* True when less than a view's lines are loaded above, below the view and
 * there are more to load. */
bool hist_needs_before(struct hist *h);
bool hist_needs_after(const struct hist *h);

/* The newest message of which the last line is in view; 0 none. */
int64_t hist_bottom_id(struct hist *h);

/*
 * The first message in view and the line of the view its first line is on
 * (0 or less). False when there is none.
 */
bool hist_first_in_view(struct hist *h, size_t *i, int *line);

/* How far the next (dir 1) or previous message from the selected one is; with
 * none selected the newest in view. 0 when there is none. */
int64_t hist_neighbour(struct hist *h, int dir);

/* ---- picked ones ------------------------------------------------------------- */

/* Pick, or let go. False when that would be one too many. */
bool hist_pick(struct hist *h, int64_t id);
void hist_unpick(struct hist *h); /* all of them */
size_t hist_npicked(const struct hist *h);
/* What an action is for: the picked ones, or else the selected one, ascending.
 * Returns how many. */
size_t hist_chosen(const struct hist *h, int64_t ids[static HIST_PICKED_MAX]);

/* ---- what stands behind a text ------------------------------------------------ */

/* "edited", a star and what is left of a timer, "14:02", and for outgoing ones
 * the sign of the state: cells of all. brief: "edited" is a sign too. */
int hist_meta_width(const struct item *it, bool brief);

#define HIST_LEFT_CELLS 3 /* "59m" */
/* What is left until a message disappears, or how long it will stay once it
 * was seen: "59s", "3m", "23h", "6d". Returns out. */
const char *hist_left(
    char out[static HIST_LEFT_CELLS + 1], const struct item *it, uint64_t now);

#endif

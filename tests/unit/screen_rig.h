/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen_rig.h — the app on a screen in memory, with a recorder for an engine
 * and for a host. Tests press keys, hand in events, and read what is shown and
 * what was asked for. The clock stands at RIG_NOW, the time zone is UTC.
 */
#ifndef TESTS_UNIT_SCREEN_RIG_H
#define TESTS_UNIT_SCREEN_RIG_H

#include "tests/unit/test.h"
#include "tui/screen/views.h"

#define RIG_NOW	    1795530600000ull /* Tue 24 Nov 2026 14:30:00 UTC */
#define RIG_LOG_CAP 8192
#define MINUTE	    60000ull
#define HOUR	    (60 * MINUTE)
#define DAY	    (24 * HOUR)

struct rig {
	struct app *app;
	struct draw *draw;
	void *scr; /* SCREEN of ncurses */
	FILE *in, *out;
	char log[RIG_LOG_CAP]; /* commands and wishes: "send 3 hello; " */
	uint64_t tag; /* of the last command that has an answer */
	uint64_t chats_tag; /* of the last "chats" */
	uint64_t posts_tag; /* of the last time posts were asked for */
	int posts_asked; /* how often; not in the log */
	uint64_t wall, mono;
	int refuse; /* commands return this */
	uint64_t picture; /* key of the last one that was to be loaded */
	struct preview_ask asked; /* of the child, last */
};

/* term may be NULL: xterm-256color. */
void rig_open(struct rig *r, int rows, int cols, const char *term);
void rig_close(struct rig *r);
void rig_resize(struct rig *r, int rows, int cols);
void rig_wait(struct rig *r, uint64_t ms); /* the clock moves, then a tick */

/* "Ctrl-K", "a", "Alt-1"; several separated by blanks: "Ctrl-X Ctrl-E". */
void rig_press(struct rig *r, const char *keys);
void rig_type(struct rig *r, const char *text);
void rig_paste(struct rig *r, const char *text);

/* The log since the last call; cleared. */
const char *rig_log(struct rig *r);

/* Draw and give the screen's text: rows with \n, then "cursor Y X\n". Freed by
 * the next call. */
const char *rig_screen(struct rig *r);
/* One row, of the last rig_screen(). */
void rig_row(struct rig *r, int y, char *out, size_t cap);
bool rig_shows(struct rig *r, const char *text);

/* The screen is the one in tests/vectors/screen/NAME.txt; with SOTTO_GOLDEN=1
 * in the environment it is written there instead. */
void rig_golden(struct rig *r, const char *name);

/* Events; ev.tag is the last command's when answer. */
void rig_event(struct rig *r, struct engine_event ev);
void rig_answer(struct rig *r, struct engine_event ev);

/* The form of the first run filled in, but for the last Enter. */
void rig_first_run(struct rig *r, const char *again);

/* Registered, online, with the chats and messages below in view. */
void rig_main(struct rig *r);

struct chat_row rig_chat(int64_t id, const char *title, uint64_t last_ms,
    const char *last, uint32_t unread);
struct msg_row rig_msg(int64_t id, int64_t chat, bool outgoing, uint64_t ms,
    enum msg_state state, const char *text);

/* Chat 7, a group: Ann (1) and an admin (us, 9), Cara (3); Emil (6) asks. */
#define RIG_GROUP 7
struct group_row rig_group(bool with_members);
void rig_give_group(struct rig *r); /* its chat, with the group on asking */

#endif

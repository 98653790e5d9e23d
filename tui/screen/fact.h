/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fact.h — a line that says what a chat is, or lets it be set: the details of a
 * person's chat and of a group are lists of these. */
#ifndef TUI_SCREEN_FACT_H
#define TUI_SCREEN_FACT_H

#include "tui/screen/app_int.h"

/* Whose facts; group is NULL for a chat of two. All borrowed. */
struct fact_of {
	const struct app *app;
	const struct chat *chat;
	const struct group_row *group;
};

/* Writes what it says; returns the style it is drawn in. */
typedef enum style fact_fn(const struct fact_of *of, char *out, size_t cap);

struct fact {
	enum action act; /* what Enter does */
	const char *label;
	const char *brief; /* where there is little room */
	fact_fn *value; /* may be NULL */
	bool (*shown)(const struct fact_of *of); /* NULL: always */
};

/* The nth of len facts that are shown; NULL behind the last. */
const struct fact *fact_at(
    const struct fact *v, size_t len, const struct fact_of *of, int n);
int fact_count(const struct fact *v, size_t len, const struct fact_of *of);

/* One line of a list: its ground, and a mark where it is the marked one. */
void fact_ground(struct app *a, struct box line, bool marked);
void fact_draw(struct app *a, struct box line, const struct fact *f,
    const struct fact_of *of, bool marked);

/* What chats of both kinds have. */
fact_fn fact_name, fact_timer, fact_mute, fact_pin, fact_archive;

/* "yes" or "no". */
enum style fact_yes_no(bool yes, char *out, size_t cap);

#endif

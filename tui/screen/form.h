/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * form.h — a form of a few fields: moving between them, editing, drawing in
 * whatever room there is (labels beside or above, scrolled to the focus).
 */
#ifndef TUI_SCREEN_FORM_H
#define TUI_SCREEN_FORM_H

#include <stdbool.h>

#include "tui/screen/draw.h"
#include "tui/screen/edit.h"
#include "tui/screen/keymap.h"

#define FORM_TEXT_MAX	512 /* bytes of a field */
#define FORM_STATUS_CAP 320
#define FORM_DIGITS_MAX 16 /* field.digits at most */

enum field_kind { FIELD_TEXT, FIELD_SECRET, FIELD_CHOICE };

struct field {
	const char *label;
	const char *hint; /* what belongs here; shown while it has the focus */
	const char *side; /* a remark behind the field; may be NULL */
	const char *const *choices; /* CHOICE */
	struct edit edit;
	enum field_kind kind;
	enum style side_style;
	int nchoices, choice;
	unsigned digits; /* TEXT: takes digits only, at most so many; 0: all */
	bool hidden;
};

struct form {
	struct field *f;
	int n;
	int focus;
	int top; /* first line in view */
	bool reveal; /* secrets are shown */
	bool busy; /* nothing can be changed now */
	char status[FORM_STATUS_CAP]; /* "" nothing to say */
	enum style status_style;
};

/* fields: n of them, owned by the caller, with label, hint, kind set. */
void form_init(struct form *f, struct field *fields, int n);
void form_clear(struct form *f); /* wipes */

void form_status(struct form *f, enum style st, const char *fmt, ...)
    PRINTF(3, 4);
const char *form_text(const struct form *f, int field);
bool form_is_choice(const struct form *f); /* the focus is on one */
bool form_has_secret(const struct form *f); /* one is visible in it */
void form_focus(struct form *f, int field);

/* FORM_NEXT, FORM_PREV, FORM_REVEAL, CHOICE_* and the EDIT actions; false when
 * it is another action. */
bool form_act(struct form *f, enum action act);
/* The focus is on the last visible field. */
bool form_at_last(const struct form *f);
/* True when the text changed; why it did not may be in the status. */
bool form_type(struct form *f, uint32_t cp);
bool form_paste(struct form *f, const char *s, size_t n);

/*
 * Draw into the box: intro above (may be NULL), the fields, hint and status
 * below, foot at the bottom where there is room (may be NULL).
 */
void form_draw(struct draw *d, struct form *f, struct box b, const char *intro,
    const char *foot);

/* A one-line editor in w cells; the cursor is shown when focus. */
void field_draw_edit(struct draw *d, int y, int x, int w, const struct edit *e,
    bool secret, bool focus);

#endif

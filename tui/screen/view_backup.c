/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_backup.c — F9: backups by themselves, how they went, one now. Where and
 * how often: view_backup_set.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define BOX_W 70
#define LABEL 12 /* cells */

static void
ask(struct app *a, bool code)
{
	struct backup_view *v = &a->vs->backup;

	v->tag = app_tag(a);
	app_asked(a, a->be->backup(a->e, v->tag, code));
}

void
backup_view_begin(struct app *a)
{
	struct backup_view *v = &a->vs->backup;

	v->known = false;
	v->said[0] = '\0';
	ask(a, false);
	app_push(a, &view_backup);
}

static void
backup_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_BACKUP;
	out[1] = CTX_NONE;
}

/* ---- drawing ------------------------------------------------------------------------ */

static void
line(struct app *a, struct box *in, const char *label, const char *text,
    enum style st)
{
	struct box rest = *in;
	int n;

	if (in->h <= 0)
		return;
	draw_str(a->draw, in->y, in->x, LABEL, label, ST_DIM);
	rest.x += LABEL;
	rest.w -= LABEL;
	n = rest.w > 0 ? draw_wrapped(a->draw, rest, text, st) : 1;
	n = n > 0 ? n : 1;
	in->y += n;
	in->h -= n;
}

static void
draw_schedule(struct app *a, struct box *in)
{
	const struct backup_view *v = &a->vs->backup;
	char text[160], when[WHEN_CAP];

	if (v->to[0] == '\0') {
		line(a, in, "Kept in",
		    "nowhere: no backups are made. e says where to.", ST_WARN);
		return;
	}
	line(a, in, "Kept in", v->to, ST_STRONG);
	snprintf(text, sizeof(text), "every %s; the newest %u stay",
	    v->every_days == 1	 ? "day"
	    : v->every_days == 7 ? "week"
				 : when_span(when, v->every_days * 86400ull),
	    v->keep);
	line(a, in, "How often", text, ST_TEXT);
	line(a, in, "The last",
	    v->last_ms == 0 ? "none yet" : when_full(when, v->last_ms),
	    ST_TEXT);
	if (v->failed_ms > 0) {
		snprintf(text, sizeof(text), "%s",
		    when_seen(when, v->failed_ms, a->wall));
		line(a, in, "Failed", text, ST_WARN);
		line(a, in, "", v->why, ST_WARN);
	}
	if (v->next_ms > 0)
		line(a, in, "The next",
		    v->next_ms <= a->wall ? "soon"
					  : when_full(when, v->next_ms),
		    ST_TEXT);
}

static void
draw_work(struct app *a, struct box *in)
{
	static const char *const words[] = {
	    [BACKUP_IS_MADE] = "Making it",
	    [BACKUP_IS_SENT] = "Sending it",
	    [BACKUP_IS_READ] = "Reading it",
	};
	const struct backup_view *v = &a->vs->backup;
	char text[80];

	if (v->doing == BACKUP_AT_REST)
		return;
	if (v->total == 0)
		snprintf(text, sizeof(text), "...");
	else if (v->doing == BACKUP_IS_MADE)
		snprintf(text, sizeof(text),
		    "%" PRIu64 " of %" PRIu64 " messages; Esc calls it off",
		    v->done, v->total);
	else
		snprintf(text, sizeof(text), "%u %%; Esc calls it off",
		    (unsigned)(100.0 * (double)v->done / (double)v->total));
	line(a, in, words[v->doing], text, ST_STRONG);
}

static void
backup_draw(struct app *a, struct box b)
{
	const struct backup_view *v = &a->vs->backup;
	struct box in = popup(a, b, BOX_W, 12, "Backups");

	draw_cursor(a->draw, in.y, in.x);
	if (!v->known)
		return;
	draw_schedule(a, &in);
	in.y++;
	in.h--;
	draw_work(a, &in);
	if (v->said[0] != '\0' && in.h > 0)
		draw_wrapped(
		    a->draw, in, v->said, v->failed ? ST_WARN : ST_GOOD);
	else if (in.h > 2 && v->doing == BACKUP_AT_REST && v->to[0] != '\0')
		draw_wrapped(a->draw, in,
		    "A recovery code of 64 digits opens them; r shows it. "
		    "Without it the history is lost, and nobody can help.",
		    ST_HINT);
}

/* ---- keys --------------------------------------------------------------------------- */

static void
start(struct app *a, bool verify)
{
	struct backup_view *v = &a->vs->backup;

	if (v->to[0] == '\0') {
		backup_set_begin(a);
		return;
	}
	v->said[0] = '\0';
	v->tag = app_tag(a);
	app_asked(a, verify ? a->be->backup_verify(a->e, v->tag)
			    : a->be->backup_now(a->e, v->tag));
}

static void
code_yes(struct app *a, int64_t arg)
{
	(void)arg;
	ask(a, true);
}

static void
show_code(struct app *a, const char *code)
{
	const size_t half = strlen(code) > 40 ? 40 : strlen(code);
	char text[512];

	snprintf(text, sizeof(text),
	    "This opens your backups. Write it down, and keep it apart from "
	    "them: whoever has both can read your history. Without it the "
	    "history is lost, and nobody can help.\n\n%.*s\n%s",
	    (int)half, code, code + half); /* two lines of eight groups */
	read_begin(a, "Your recovery code", text);
	sodium_memzero(text, sizeof(text));
}

static void
stop(struct app *a)
{
	if (a->vs->backup.doing == BACKUP_AT_REST)
		app_close(a, &view_backup);
	else
		app_asked(a, a->be->backup_cancel(a->e, app_tag(a)));
}

static bool
backup_act(struct app *a, enum action act, int digit)
{
	const struct backup_view *v = &a->vs->backup;

	(void)digit;
	if (act == ACT_BACKUP_CLOSE) {
		app_close(a, &view_backup);
		return true;
	}
	if (act == ACT_BACKUP_STOP) {
		stop(a);
		return true;
	}
	if (!v->known)
		return false;
	switch (act) {
	case ACT_BACKUP_NOW:
		start(a, false);
		return true;
	case ACT_BACKUP_VERIFY:
		start(a, true);
		return true;
	case ACT_BACKUP_CHANGE:
		backup_set_begin(a);
		return true;
	case ACT_BACKUP_CODE:
		if (v->has_code)
			ask_begin(a, "Show the recovery code?", code_yes, 0,
			    "Whoever sees it and gets hold of a backup can "
			    "read your history.");
		else
			app_notice(a, ST_TEXT,
			    "There is none yet: e makes a schedule.");
		return true;
	default:
		return false;
	}
}

/* ---- events ------------------------------------------------------------------------- */

static void
take_row(struct backup_view *v, const struct backup_row *row)
{
	v->known = true;
	snprintf(v->to, sizeof(v->to), "%s", row->to);
	snprintf(
	    v->credentials, sizeof(v->credentials), "%s", row->credentials);
	snprintf(v->why, sizeof(v->why), "%s", row->why);
	v->every_days = row->every_days;
	v->keep = row->keep;
	v->has_code = row->has_code;
	v->last_ms = row->last_ms;
	v->next_ms = row->next_ms;
	v->failed_ms = row->failed_ms;
	v->doing = row->doing;
	v->done = row->done;
	v->total = row->total;
}

/* Whether the view is open or not. */
void
backup_view_event(struct app *a, const struct engine_event *ev)
{
	struct backup_view *v = &a->vs->backup;

	take_row(v, ev->backup);
	if (ev->backup->code[0] != '\0')
		show_code(a, ev->backup->code);
	if (ev->text == NULL)
		return;
	v->failed = ev->code != 0;
	snprintf(v->said, sizeof(v->said), "%s", ev->text);
	if (!app_is_open(a, &view_backup))
		app_notice(a, v->failed ? ST_WARN : ST_GOOD, "%s", v->said);
}

const struct view_ops view_backup = {
    .name = "backup",
    .contexts = backup_contexts,
    .draw = backup_draw,
    .act = backup_act,
};

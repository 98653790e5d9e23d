/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_status.c — status posts, one at a time: person by person, in order of
 * posting. docs/status.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/views.h"
#include "tui/screen/when.h"

#define BOX_W 72
#define BOX_H 18

/* ---- the posts ----------------------------------------------------------------- */

static void
wipe(char *s)
{
	if (s != NULL)
		sodium_memzero(s, strlen(s));
	free(s);
}

static void
forget(struct status_view *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		wipe(v->v[i].name);
		wipe(v->v[i].text);
	}
	free(v->v);
	v->v = NULL;
	v->n = 0;
}

static const struct status_row *
shown(const struct app *a)
{
	const struct status_view *v = &a->vs->status;

	return v->at < v->n ? &v->v[v->at] : NULL;
}

static void
ask(struct app *a)
{
	uint64_t tag = app_tag(a);

	if (app_asked(a, a->be->statuses(a->e, tag)))
		a->vs->status.tag = tag;
}

/* What is looked at is seen. */
static void
look(struct app *a)
{
	struct status_view *v = &a->vs->status;

	if (v->at >= v->n)
		return;
	if (v->id != v->v[v->at].id)
		v->top = 0;
	v->id = v->v[v->at].id;
	if (!v->v[v->at].own && !v->v[v->at].seen) {
		v->v[v->at].seen = true;
		app_asked(a, a->be->status_see(a->e, APP_TAG_NONE, v->id));
	}
}

/* Where it was; else the first that is new; else the first. */
static size_t
place(const struct status_view *v)
{
	size_t i;

	for (i = 0; v->id != 0 && i < v->n; i++)
		if (v->v[i].id == v->id)
			return i;
	for (i = 0; i < v->n; i++)
		if (!v->v[i].own && !v->v[i].seen && !v->v[i].muted)
			return i;
	return 0;
}

static void
take(struct app *a, const struct engine_event *ev)
{
	struct status_view *v = &a->vs->status;
	const int64_t was = v->id;
	size_t i;

	forget(v);
	v->v = calloc(ev->n + 1, sizeof(*v->v));
	if (v->v == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	for (i = 0; i < ev->n; i++) {
		struct status_row *row = &v->v[v->n];

		*row = ev->statuses[i];
		row->phone = NULL;
		row->name = strdup(row->own ? "You" : ev->statuses[i].name);
		row->text = strdup(ev->statuses[i].text);
		v->n++;
		if (row->name == NULL || row->text == NULL) {
			forget(v);
			app_asked(a, ERR_NOMEM);
			return;
		}
	}
	v->known = true;
	v->at = place(v);
	if (v->n > 0 && v->v[v->at].id != was)
		look(a);
}

void
status_view_begin(struct app *a)
{
	app_close(a, &view_status);
	app_push(a, &view_status);
	ask(a);
}

static void
status_close(struct app *a)
{
	forget(&a->vs->status);
	memset(&a->vs->status, 0, sizeof(a->vs->status));
}

static void
status_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_STATUS;
	out[1] = CTX_NONE;
}

static bool
status_offers(const struct app *a, enum action act)
{
	const struct status_row *p = shown(a);

	switch (act) {
	case ACT_STATUS_REPLY:
	case ACT_STATUS_MUTE:
		return p != NULL && !p->own;
	case ACT_STATUS_DELETE:
	case ACT_STATUS_VIEWERS:
		return p != NULL && p->own;
	case ACT_STATUS_NEXT:
	case ACT_STATUS_PREV:
		return a->vs->status.n > 1;
	case ACT_STATUS_PAGE_DOWN:
		return a->vs->status.lines > a->vs->status.view;
	default:
		return true;
	}
}

/* ---- drawing ------------------------------------------------------------------- */

static void
draw_foot(struct app *a, struct box in, const struct status_row *p)
{
	const char *state = p->state == MSG_PENDING  ? "it has not left yet, "
			    : p->state == MSG_FAILED ? "it was not sent, "
						     : "";
	char foot[96];

	if (p->own)
		snprintf(foot, sizeof(foot), "%sseen by %u of %u", state,
		    p->views, p->audience);
	else
		snprintf(foot, sizeof(foot), "%s",
		    p->muted ? "muted" : "Enter answers in the chat");
	draw_elide(a->draw, in.y + in.h - 1, in.x, in.w, foot, ST_HINT);
}

static void
scroll(struct status_view *v, int by)
{
	v->top += by;
	if (v->top > v->lines - v->view)
		v->top = v->lines - v->view;
	if (v->top < 0)
		v->top = 0;
}

/* From line top on. A sign tells that there is more. */
static void
draw_post(struct app *a, struct box in, const char *text)
{
	const struct theme *t = draw_theme(a->draw);
	struct status_view *v = &a->vs->status;
	size_t len = strlen(text);
	struct text_wrap wr;
	struct text_line l;
	int i;

	v->lines = (int)text_wrap_count(text, len, in.w);
	v->view = in.h;
	scroll(v, 0);
	text_wrap_init(&wr, text, len, in.w);
	for (i = 0; i < v->top + in.h && text_wrap_next(&wr, &l); i++) {
		if (i >= v->top)
			draw_text(a->draw, in.y + i - v->top, in.x, in.w,
			    text + l.start, l.len, ST_TEXT);
	}
	if (v->top + in.h < v->lines)
		draw_right(a->draw, in.y + in.h - 1, in.x, in.w,
		    theme_sign(t, SIGN_DOWN), ST_HINT);
}

static void
status_draw(struct app *a, struct box b)
{
	const struct status_view *v = &a->vs->status;
	const struct status_row *p = shown(a);
	char title[256], when[WHEN_CAP];
	struct box in;

	snprintf(title, sizeof(title), "Status");
	if (p != NULL)
		snprintf(title, sizeof(title), "%zu/%zu %s, %s", v->at + 1,
		    v->n, p->name, when_short(when, p->posted_ms, a->wall));
	in = popup(a, b, BOX_W, BOX_H, title);
	draw_cursor(a->draw, in.y, in.x);
	if (p == NULL) {
		draw_wrapped(a->draw, in,
		    v->known ? "Nobody has posted anything in the last 24 "
			       "hours. n writes a post."
			     : "One moment...",
		    ST_TEXT);
		return;
	}
	if (in.h > 1) {
		draw_foot(a, in, p);
		in.h--;
	}
	draw_post(a, in, p->text);
}

/* ---- what is done --------------------------------------------------------------- */

static void
replied(struct app *a, const char *text, int64_t id)
{
	uint64_t tag = app_tag(a);

	if (text[0] != '\0' &&
	    app_asked(a, a->be->status_reply(a->e, tag, id, text)))
		a->vs->status.reply_tag = tag;
}

static void
written(struct app *a, const char *text, int64_t arg)
{
	(void)arg;
	if (text[0] != '\0')
		app_asked(a, a->be->status_post(a->e, app_tag(a), text));
}

/* The person sees for whom it is before a word is written. */
static void
write_post(struct app *a, const struct status_audience *s)
{
	struct status_view *v = &a->vs->status;

	snprintf(v->hint, sizeof(v->hint), "Seen by %u %s for 24 hours (%s)",
	    s->sees, s->sees == 1 ? "person" : "people",
	    s->mode == STATUS_ALL   ? "all contacts"
	    : s->mode == STATUS_BUT ? "all contacts but some"
				    : "only some");
	prompt_begin(a, "A status post", "Text", v->hint, "", written, 0);
}

static void
ask_audience(struct app *a)
{
	uint64_t tag = app_tag(a);

	if (app_asked(a, a->be->status_audience(a->e, tag)))
		a->vs->status.audience_tag = tag;
}

static void
show_viewers(struct app *a, const struct engine_event *ev)
{
	char when[WHEN_CAP];
	struct buf b;
	size_t i;
	int r = 0;

	buf_init(&b, 65536);
	for (i = 0; r == 0 && i < ev->n_viewers; i++)
		r = buf_printf(&b, "%s%s  %s", i > 0 ? "\n" : "",
		    when_short(when, ev->viewers[i].viewed_ms, a->wall),
		    ev->viewers[i].name);
	if (ev->n_viewers == 0)
		r = buf_printf(&b, "Nobody yet, as far as they tell.");
	if (r == 0)
		r = buf_put_u8(&b, 0);
	if (r == 0)
		read_begin(a, "Seen by", (const char *)b.p);
	buf_clear(&b);
}

static void
step(struct app *a, int by)
{
	struct status_view *v = &a->vs->status;

	if (v->n == 0 || (by < 0 && v->at == 0) ||
	    (by > 0 && v->at + 1 >= v->n))
		return;
	v->at = by < 0 ? v->at - 1 : v->at + 1;
	look(a);
}

/* What is done to the post that is shown. */
static bool
act_on(struct app *a, enum action act, const struct status_row *p)
{
	char title[160];

	switch (act) {
	case ACT_STATUS_REPLY:
		snprintf(title, sizeof(title), "Answer %s", p->name);
		prompt_begin(a, title, "Text", "", "", replied, p->id);
		return true;
	case ACT_STATUS_DELETE:
		app_asked(a, a->be->status_delete(a->e, APP_TAG_NONE, p->id));
		return true;
	case ACT_STATUS_VIEWERS:
		app_asked(a, a->be->status_viewers(a->e, app_tag(a), p->id));
		return true;
	case ACT_STATUS_MUTE:
		app_asked(a, a->be->status_mute(
				 a->e, APP_TAG_NONE, p->author, !p->muted));
		return true;
	default:
		return false;
	}
}

static bool
status_act(struct app *a, enum action act, int digit)
{
	struct status_view *v = &a->vs->status;
	int page = v->view > 2 ? v->view - 1 : 1;

	(void)digit;
	switch (act) {
	case ACT_STATUS_CLOSE:
		app_close(a, &view_status);
		return true;
	case ACT_STATUS_NEXT:
		step(a, 1);
		return true;
	case ACT_STATUS_PREV:
		step(a, -1);
		return true;
	case ACT_STATUS_UP:
		scroll(v, -1);
		return true;
	case ACT_STATUS_DOWN:
		scroll(v, 1);
		return true;
	case ACT_STATUS_PAGE_UP:
		scroll(v, -page);
		return true;
	case ACT_STATUS_PAGE_DOWN:
		scroll(v, page);
		return true;
	case ACT_STATUS_WRITE:
		ask_audience(a);
		return true;
	default:
		return shown(a) != NULL && status_offers(a, act) &&
		       act_on(a, act, shown(a));
	}
}

static void
status_event(struct app *a, const struct engine_event *ev)
{
	struct status_view *v = &a->vs->status;

	switch (ev->kind) {
	case EV_STATUSES:
		if (ev->tag == v->tag)
			take(a, ev);
		break;
	case EV_STATUS_AUDIENCE:
		if (ev->tag == v->audience_tag)
			write_post(a, ev->status_audience);
		break;
	case EV_SENT_LOCALLY:
		if (ev->tag != 0 && ev->tag == v->reply_tag)
			app_notice(a, ST_GOOD, "Your answer is in the chat.");
		break;
	case EV_STATUS_VIEWERS:
		show_viewers(a, ev);
		break;
	case EV_STATUS_NEW:
	case EV_STATUS_CHANGED:
	case EV_STATUS_GONE:
	case EV_STATUS_MUTED:
		ask(a);
		break;
	default:
		break;
	}
}

const struct view_ops view_status = {
    .name = "status",
    .contexts = status_contexts,
    .offers = status_offers,
    .draw = status_draw,
    .act = status_act,
    .event = status_event,
    .close = status_close,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_devices.c — F6: the devices of the account. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/app_int.h"
#include "tui/screen/when.h"

#define BOX_W 74

static void
rows_free(struct devices_view *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		free(v->rows[i].name);
	free(v->rows);
	v->rows = NULL;
	v->n = 0;
}

static void
ask(struct app *a)
{
	struct devices_view *v = &a->vs->devices;

	v->tag = app_tag(a);
	app_asked(a, a->be->devices(a->e, v->tag));
}

void
devices_view_begin(struct app *a)
{
	struct devices_view *v = &a->vs->devices;

	rows_free(v);
	v->error[0] = '\0';
	v->marked = v->top = 0;
	ask(a);
	app_asked(a, a->be->history(a->e, APP_TAG_NONE));
	app_push(a, &view_devices);
}

static void
devices_close(struct app *a)
{
	rows_free(&a->vs->devices);
	a->vs->devices.tag = 0;
}

static void
devices_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	(void)a;
	out[0] = CTX_DEVICES;
	out[1] = CTX_NONE;
}

static const struct device_row *
marked(const struct app *a)
{
	const struct devices_view *v = &a->vs->devices;

	return (size_t)v->marked < v->n ? &v->rows[v->marked] : NULL;
}

/* ---- drawing ------------------------------------------------------------------------ */

/* What is to be said of a device, besides its name. */
static const char *
remark(const struct device_row *d)
{
	if (!d->listed)
		return "not confirmed: others do not know it";
	if (d->gone)
		return "not on the relay any more: remove it";
	if (d->this_one)
		return d->id == 1 ? "this one, the first" : "this one";
	return d->id == 1 ? "the first" : "";
}

/* History that is on its way; false: none. */
static bool
history_words(const struct app *a, uint32_t device, char *out, size_t cap)
{
	const struct devices_view *v = &a->vs->devices;
	const struct history_row *h;
	size_t i;

	for (i = 0; i < v->nhistory; i++) {
		h = &v->history[i];
		if (h->device != device)
			continue;
		if (h->state == HISTORY_ASKED)
			snprintf(out, cap, "asks for history: h answers");
		else if (h->state == HISTORY_ASKING)
			snprintf(out, cap, "asked for its history");
		else if (h->state == HISTORY_SENDING ||
			 h->state == HISTORY_RECEIVING)
			snprintf(out, cap, "history %s: %llu of %llu",
			    h->incoming ? "comes" : "goes",
			    (unsigned long long)h->done,
			    (unsigned long long)h->total);
		else if (h->state == HISTORY_WHOLE)
			snprintf(out, cap, "has its history");
		else
			continue;
		return true;
	}
	return false;
}

static void
draw_device(struct app *a, struct box b, const struct device_row *d, bool on)
{
	enum style st = on ? ST_LIST_MARK : ST_TEXT;
	enum style dim = on ? ST_LIST_MARK_DIM : ST_DIM;
	char added[WHEN_CAP], seen[WHEN_CAP], text[120], history[80];
	const char *what = remark(d);
	bool bad = !d->listed || d->gone;
	int x = b.x + 2, n;

	draw_fill(a->draw, b, st);
	if (on)
		draw_sign(a->draw, b.y, b.x, SIGN_MARK, st);
	n = draw_printf(a->draw, b.y, x, b.w - 2, st, "%u  ", d->id);
	n += draw_elide(a->draw, b.y, x + n, b.w - 2 - n,
	    d->name[0] != '\0' ? d->name : "no name", on ? st : ST_STRONG);
	if (what[0] != '\0')
		draw_elide(a->draw, b.y, x + n + 2, b.w - n - 4, what,
		    on	  ? dim
		    : bad ? ST_WARN
			  : ST_DIM);
	if (b.h < 2)
		return;
	if (history_words(a, d->id, history, sizeof(history)))
		snprintf(text, sizeof(text), "%s", history);
	else
		snprintf(text, sizeof(text), "added %s, seen %s",
		    when_short(added, d->added_ms, a->wall),
		    d->this_one	      ? "now"
		    : d->seen_ms == 0 ? "?"
				      : when_seen(seen, d->seen_ms, a->wall));
	draw_elide(a->draw, b.y + 1, x + 3, b.w - 5, text, dim);
}

static void
draw_relay(struct app *a, int y, int x, int w)
{
	const char *relay = a->m.has_self ? a->m.self.relay : "";

	x += draw_str(a->draw, y, x, w, "Relay: ", ST_DIM);
	draw_elide(a->draw, y, x, w - 7, relay, ST_DIM);
}

static void
devices_draw(struct app *a, struct box b)
{
	struct devices_view *v = &a->vs->devices;
	int each = b.h >= 9 ? 2 : 1, n = (int)v->n, i, view;
	struct box in =
	    popup(a, b, BOX_W, (n > 0 ? n * each : 2) + 4, "Your devices");

	if (in.h >= n * each + 2) { /* what a new device is asked for */
		in.h--;
		draw_relay(a, in.y + in.h, in.x, in.w);
	}
	draw_cursor(a->draw, in.y, in.x);
	if (v->error[0] != '\0')
		draw_wrapped(a->draw, in, v->error, ST_ERROR);
	if (v->error[0] != '\0' || n == 0)
		return;
	view = in.h / each;
	list_move(&v->marked, &v->top, n, view, 0);
	for (i = 0; i < view && v->top + i < n; i++) {
		struct box line = {in.y + i * each, in.x, each, in.w};

		draw_device(
		    a, line, &v->rows[v->top + i], v->top + i == v->marked);
		if (v->top + i == v->marked)
			draw_cursor(a->draw, line.y, line.x);
	}
}

/* ---- keys --------------------------------------------------------------------------- */

static void
renamed(struct app *a, const char *name, int64_t device)
{
	struct devices_view *v = &a->vs->devices;

	v->change = app_tag(a);
	app_asked(
	    a, a->be->device_rename(a->e, v->change, (uint32_t)device, name));
}

static void
remove_yes(struct app *a, int64_t device)
{
	struct devices_view *v = &a->vs->devices;

	v->change = app_tag(a);
	app_asked(a, a->be->device_remove(a->e, v->change, (uint32_t)device));
}

static void
ask_remove(struct app *a, const struct device_row *d)
{
	if (d->this_one)
		ask_begin(a, "Remove this device?", remove_yes, d->id,
		    "This device leaves your account. It can send and receive "
		    "nothing more; your other devices go on.");
	else
		ask_begin(a, "Remove this device?", remove_yes, d->id,
		    "%.64s leaves your account: it can send and receive "
		    "nothing "
		    "more. What it has already, it keeps.",
		    d->name[0] != '\0' ? d->name : "The marked one");
}

/* What is chosen in the menu of a device's history. */
static void
history_chosen(struct app *a, int i, int64_t device)
{
	const struct history_amount amounts[] = {
	    {.days = 30}, {0}, {.days = 30}, {0}};
	uint32_t to = (uint32_t)device;

	if (i < 2)
		app_asked(
		    a, a->be->history_send(a->e, app_tag(a), to, &amounts[i]));
	else if (i < 4)
		app_asked(
		    a, a->be->history_ask(a->e, app_tag(a), to, &amounts[i]));
	else
		app_asked(a, a->be->history_cancel(a->e, app_tag(a), to));
}

static void
ask_history(struct app *a, const struct device_row *d)
{
	static const char *const words[] = {"Send it the last 30 days",
	    "Send it everything", "Ask it for the last 30 days",
	    "Ask it for everything", "Call off what is under way"};

	if (d->this_one)
		app_notice(a, ST_TEXT, "Mark another device for that.");
	else
		menu_begin(a, "History", words, (int)ARRAY_LEN(words), 0,
		    history_chosen, d->id);
}

static bool
devices_act(struct app *a, enum action act, int digit)
{
	struct devices_view *v = &a->vs->devices;
	const struct device_row *d = marked(a);
	int by = list_step(act, 0);

	(void)digit;
	if (by != 0) {
		list_move(&v->marked, &v->top, (int)v->n, 0, by);
		return true;
	}
	switch (act) {
	case ACT_DEVICE_LINK:
		link_view_begin(a);
		return true;
	case ACT_DEVICE_RENAME:
		if (d != NULL)
			prompt_begin(a, "Name of the device", "Name",
			    "Your own devices see it, nobody else.", d->name,
			    renamed, d->id);
		return true;
	case ACT_DEVICE_REMOVE:
		if (d != NULL)
			ask_remove(a, d);
		return true;
	case ACT_DEVICE_HISTORY:
		if (d != NULL)
			ask_history(a, d);
		return true;
	case ACT_DEVICE_CLOSE:
		app_close(a, &view_devices);
		return true;
	default:
		return false;
	}
}

/* ---- a device that was just linked -------------------------------------------------- */

static void
history_offered(struct app *a, int i, int64_t device)
{
	if (i < 2)
		history_chosen(a, i, device);
}

/* A device has just been linked: it may have what was before. 0: the newest in
 * the list that is on its way. */
void
devices_view_offer(struct app *a, uint32_t device)
{
	static const char *const words[] = {
	    "The last 30 days", "Everything", "Nothing from before"};

	a->vs->devices.offer = device == 0;
	if (device != 0)
		menu_begin(a, "What shall the new device get?", words,
		    (int)ARRAY_LEN(words), 2, history_offered, device);
}

static void
offer_newest(struct app *a)
{
	const struct devices_view *v = &a->vs->devices;
	uint32_t newest = 0;
	size_t i;

	for (i = 0; i < v->n; i++) {
		if (v->rows[i].id > newest && !v->rows[i].this_one)
			newest = v->rows[i].id;
	}
	if (newest != 0)
		devices_view_offer(a, newest);
}

/* ---- events ------------------------------------------------------------------------- */

static void
take_rows(struct app *a, const struct engine_event *ev)
{
	struct devices_view *v = &a->vs->devices;
	struct device_row *rows = calloc(ev->n + 1, sizeof(*rows));
	size_t i;
	bool ok = rows != NULL;

	for (i = 0; ok && i < ev->n; i++) {
		rows[i] = ev->devices[i];
		rows[i].name = strdup(
		    ev->devices[i].name != NULL ? ev->devices[i].name : "");
		ok = rows[i].name != NULL;
	}
	rows_free(v);
	v->rows = rows;
	v->n = ok ? ev->n : i > 0 ? i - 1 : 0;
	if (!ok)
		app_asked(a, ERR_NOMEM);
}

static void
devices_event(struct app *a, const struct engine_event *ev)
{
	struct devices_view *v = &a->vs->devices;

	if (ev->tag == 0)
		return;
	if (ev->tag == v->tag && ev->kind == EV_DEVICES) {
		take_rows(a, ev);
		if (v->offer)
			offer_newest(a);
	} else if (ev->tag == v->tag && ev->kind == EV_ERROR) {
		app_sentence(ev, v->error, sizeof(v->error));
		a->claimed = true;
	} else if (ev->tag == v->change && ev->kind == EV_DONE) {
		ask(a);
	}
}

/* Something about history has moved, whether the list is open or not. */
void
devices_view_history(struct app *a, const struct engine_event *ev)
{
	struct devices_view *v = &a->vs->devices;
	size_t i, k;

	for (i = 0; i < ev->n; i++) {
		const struct history_row *h = &ev->history[i];

		for (k = 0; k < v->nhistory; k++) {
			if (v->history[k].device == h->device &&
			    v->history[k].incoming == h->incoming)
				break;
		}
		if (k == DEVICES_HISTORY_MAX)
			continue;
		if (k == v->nhistory)
			v->nhistory++;
		v->history[k] = *h;
		v->history[k].text = NULL; /* the event's */
		if (h->state == HISTORY_ASKED)
			app_notice(a, ST_WARN,
			    "Device %u asks for your history: F6, then h.",
			    h->device);
		else if (h->state == HISTORY_WHOLE)
			app_notice(a, ST_GOOD, "%s",
			    h->incoming ? "The history is here."
					: "The history is there.");
		else if (h->state == HISTORY_ENDED)
			app_notice(a, ST_WARN, "History: %s",
			    h->text != NULL ? h->text : "it has ended.");
	}
}

const struct view_ops view_devices = {
    .name = "devices",
    .contexts = devices_contexts,
    .draw = devices_draw,
    .act = devices_act,
    .event = devices_event,
    .close = devices_close,
};

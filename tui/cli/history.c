/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c — `sotto devices history`: the past for another device. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/cli/commands.h"

struct watch {
	struct front *f;
	const struct cli_opts *o;
	uint32_t device; /* 0: all */
	struct history_row rows[16];
	size_t n;
	bool moved;
	int status;
};

static const char *const history_word[] = {
    [HISTORY_ASKED] = "asked",
    [HISTORY_ASKING] = "asking",
    [HISTORY_SENDING] = "sending",
    [HISTORY_RECEIVING] = "receiving",
    [HISTORY_WHOLE] = "whole",
    [HISTORY_ENDED] = "ended",
};

static int
print_json(const struct history_row *v)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_u64(&j, "device", v->device);
	json_kv_bool(&j, "incoming", v->incoming);
	json_kv_str(&j, "state", history_word[v->state]);
	json_kv_u64(&j, "days", v->amount.days);
	json_kv_u64(&j, "messages", v->amount.messages);
	json_kv_u64(&j, "done", v->done);
	json_kv_u64(&j, "total", v->total);
	if (v->text != NULL)
		json_kv_str(&j, "why", v->text);
	json_close(&j);
	return line_print(&j, &b);
}

static int
print_row(const struct cli_opts *o, const struct history_row *v)
{
	if (o->json)
		return print_json(v);
	printf(
	    "%s device %" PRIu32 ": ", v->incoming ? "from" : "to", v->device);
	switch (v->state) {
	case HISTORY_ASKED:
		printf("it asks for ");
		if (v->amount.days > 0)
			printf("the last %" PRIu32 " days\n", v->amount.days);
		else if (v->amount.messages > 0)
			printf("the newest %" PRIu32 " messages\n",
			    v->amount.messages);
		else
			printf("everything\n");
		break;
	case HISTORY_ASKING:
		printf("asked for; nothing has come yet\n");
		break;
	case HISTORY_ENDED:
		printf("ended: %s\n", v->text != NULL ? v->text : "?");
		break;
	default:
		printf("%s, %" PRIu64 " of about %" PRIu64 " messages\n",
		    history_word[v->state], v->done, v->total);
	}
	return fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILURE;
}

/* ---- following ------------------------------------------------------------------------- */

static struct history_row *
row_of(struct watch *w, const struct history_row *v)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->rows[i].device == v->device &&
		    w->rows[i].incoming == v->incoming)
			return &w->rows[i];
	if (w->n == ARRAY_LEN(w->rows))
		return NULL;
	return &w->rows[w->n++];
}

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct watch *w = ctx;
	struct history_row *v;
	size_t i;

	if (ev->kind != EV_HISTORY || ev->tag != 0)
		return;
	for (i = 0; i < ev->n; i++) {
		v = row_of(w, &ev->history[i]);
		if (v == NULL)
			continue;
		*v = ev->history[i];
		v->text = NULL; /* the event's */
		w->moved = true;
		if (w->o->json || isatty(STDOUT_FILENO) ||
		    ev->history[i].state >= HISTORY_WHOLE)
			w->status = print_row(w->o, &ev->history[i]);
	}
}

static bool
is_under_way(const struct watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->rows[i].state >= HISTORY_ASKING &&
		    w->rows[i].state < HISTORY_WHOLE &&
		    (w->device == 0 || w->rows[i].device == w->device))
			return true;
	return false;
}

/* Until nothing is under way, or nothing moves any more. */
static int
follow(struct watch *w)
{
	size_t i;
	int r = 0;

	while (r == 0 && w->status == 0 && is_under_way(w)) {
		w->moved = false;
		while (r == 0 && !w->moved)
			r = front_turn(w->f, timeout_of(w->o));
	}
	if (r == ERR_TIMEOUT || r == ERR_CLOSED) {
		fprintf(stderr, "sotto: it goes on whenever sotto runs on both "
				"devices\n");
		return r == ERR_TIMEOUT ? CLI_EXIT_TIMEOUT : CLI_EXIT_FAILURE;
	}
	if (r != 0 || w->status != 0)
		return CLI_EXIT_FAILURE;
	flush_out(w->f, w->o);
	for (i = 0; i < w->n; i++)
		if (w->rows[i].state == HISTORY_ENDED &&
		    (w->device == 0 || w->rows[i].device == w->device))
			return CLI_EXIT_REFUSED;
	return 0;
}

/* ---- verbs ------------------------------------------------------------------------------ */

/* All there are, into w; printed unless quiet. */
static int
look(struct watch *w, bool quiet)
{
	uint64_t tag = front_tag(w->f);
	struct engine_event *ev;
	struct history_row *v;
	size_t i;
	int status = 0;

	ev = front_wait(
	    w->f, engine_history(w->f->e, tag), tag, timeout_of(w->o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_HISTORY)
		status = front_refused(ev);
	for (i = 0; status == 0 && i < ev->n; i++) {
		v = row_of(w, &ev->history[i]);
		if (v != NULL) {
			*v = ev->history[i];
			v->text = NULL;
		}
		if (!quiet)
			status = print_row(w->o, &ev->history[i]);
	}
	engine_event_free(ev);
	return status;
}

static int
done(struct watch *w, int queued, uint64_t tag)
{
	struct engine_event *ev =
	    front_wait(w->f, queued, tag, timeout_of(w->o));
	int status;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status = ev->kind == EV_DONE ? 0 : front_refused(ev);
	engine_event_free(ev);
	return status;
}

static bool
asks_us(const struct watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->rows[i].device == w->device && !w->rows[i].incoming &&
		    w->rows[i].state == HISTORY_ASKED)
			return true;
	return false;
}

static int
send_or_ask(struct watch *w, const struct devices_opts *own)
{
	const struct history_amount amount = {
	    .days = own->days, .messages = own->messages};
	uint64_t tag = front_tag(w->f);
	bool gives = w->f->self.device == 1 || asks_us(w);
	int status;

	if (gives)
		status = done(w,
		    engine_history_send(w->f->e, tag, w->device, &amount), tag);
	else
		status = done(w,
		    engine_history_ask(w->f->e, tag, w->device, &amount), tag);
	if (status != 0)
		return status;
	if (gives || own->wait)
		return follow(w);
	flush_out(w->f, w->o);
	if (!w->o->json)
		printf("Asked. Say yes on device %" PRIu32 "; it comes while "
		       "sotto runs here.\n",
		    w->device);
	return 0;
}

static int
cancel(struct watch *w)
{
	uint64_t tag = front_tag(w->f);
	int status =
	    done(w, engine_history_cancel(w->f->e, tag, w->device), tag);

	if (status == 0)
		flush_out(w->f, w->o);
	return status;
}

int
cli_send_history(struct front *f, const struct cli_opts *o, uint32_t device,
    const struct history_amount *amount)
{
	struct watch w = {.f = f, .o = o, .device = device};
	uint64_t tag = front_tag(f);
	int status;

	f->on_event = on_event;
	f->ctx = &w;
	status = done(&w, engine_history_send(f->e, tag, device, amount), tag);
	if (status == 0)
		status = follow(&w);
	f->on_event = NULL;
	return status;
}

int
devices_history(struct front *f, const struct cli_opts *o,
    const struct devices_opts *own, const char *device)
{
	bool some = own->days > 0 || own->messages > 0 || own->all;
	struct watch w = {.f = f, .o = o};
	int status;

	if (device != NULL)
		w.device = (uint32_t)strtoul(device, NULL, 10);
	else if (f->self.device != 1 && (some || own->cancel))
		w.device = 1;
	if ((own->days > 0) + (own->messages > 0) + own->all + own->cancel >
		1 ||
	    ((some || own->cancel) && w.device == 0)) {
		fprintf(stderr, "sotto: devices history DEVICE and one of "
				"--days, --messages, --all, --cancel\n");
		return CLI_EXIT_USAGE;
	}
	f->on_event = on_event;
	f->ctx = &w;
	status = look(&w, some || own->cancel);
	if (status != 0)
		return status;
	if (own->cancel)
		return cancel(&w);
	if (some)
		return send_or_ask(&w, own);
	return own->wait ? follow(&w) : 0;
}

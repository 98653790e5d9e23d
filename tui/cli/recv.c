/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recv.c — `sotto recv`: follows what arrives. The cursor moves only after a
 * message has been written out, so a reader that dies gets it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cli/commands.h"

#define RECV_PAGE 100

const struct conf_row recv_rows[RECV_ROWS] = {
    {.name = "once",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct recv_opts, once),
	.doc = "End when everything that waited on the relay has been "
	       "printed."},
};

struct who {
	int64_t chat;
	char *title, *phone;
};

struct recv {
	struct front *f;
	const struct cli_opts *o;
	struct who *whos;
	size_t n;
	bool fresh; /* something arrived since the last page */
	bool drained; /* the relay's queue is empty */
	bool broken; /* nobody reads what is printed */
};

static void
know(struct recv *rv, const struct chat_row *c)
{
	struct who *v, *w = NULL;
	size_t i;

	for (i = 0; i < rv->n && w == NULL; i++)
		if (rv->whos[i].chat == c->chat)
			w = &rv->whos[i];
	if (w == NULL) {
		v = realloc(rv->whos, (rv->n + 1) * sizeof(*v));
		if (v == NULL)
			return; /* printed without a name */
		rv->whos = v;
		w = &v[rv->n++];
		*w = (struct who){.chat = c->chat};
	}
	free(w->title);
	free(w->phone);
	w->title = strdup(c->title);
	w->phone = strdup(c->phone);
}

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct recv *rv = ctx;
	size_t i;

	switch (ev->kind) {
	case EV_CHATS:
	case EV_CHAT:
		for (i = 0; i < ev->n; i++)
			know(rv, &ev->chats[i]);
		break;
	case EV_MSG_NEW:
		rv->fresh = true;
		break;
	case EV_STATUS_NEW:
		for (i = 0; i < ev->n; i++)
			if (!ev->statuses[i].own && !ev->statuses[i].muted &&
			    print_status(rv->o, &ev->statuses[i], "status") !=
				0)
				rv->broken = true;
		break;
	case EV_SYNC:
		rv->drained = rv->drained || ev->total == 0;
		break;
	default:
		break;
	}
}

static const struct who *
who_of(const struct recv *rv, int64_t chat)
{
	static const struct who nobody = {0};
	size_t i;

	for (i = 0; i < rv->n; i++)
		if (rv->whos[i].chat == chat)
			return &rv->whos[i];
	return &nobody;
}

static int
print_json(const struct recv *rv, const struct msg_row *m)
{
	const struct who *w = who_of(rv, m->chat);
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_message(&j, m);
	json_kv_str(&j, "from", w->phone);
	json_kv_str(&j, "name", w->title);
	json_kv_bool(&j, "waiting", m->state == MSG_WAITING);
	return line_print(&j, &b);
}

static int
print_plain(const struct recv *rv, const struct msg_row *m)
{
	const struct who *w = who_of(rv, m->chat);
	char when[WHEN_CAP];

	printf("%s  %s: %s\n", when_text(when, m->sent_ms),
	    w->title != NULL ? w->title : "?", m->text);
	return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static int
save_cursor(struct recv *rv, int64_t id)
{
	uint64_t tag = front_tag(rv->f);
	struct engine_event *ev;
	int status = 0;

	ev = front_finish(rv->f, engine_set_cursor(rv->f->e, tag, id), tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_DONE)
		status = front_refused(ev);
	engine_event_free(ev);
	return status;
}

/* One page; *more tells whether another may follow. */
static int
print_page(struct recv *rv, bool *more)
{
	uint64_t tag = front_tag(rv->f);
	struct engine_event *ev;
	int64_t last = 0;
	int status = 0;
	size_t i;

	ev = front_finish(rv->f,
	    engine_incoming_after(
		rv->f->e, tag, ENGINE_SAVED_CURSOR, RECV_PAGE),
	    tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_PAGE)
		status = front_refused(ev);
	*more = ev->n == RECV_PAGE;
	for (i = 0; status == 0 && i < ev->n; i++) {
		status = rv->o->json ? print_json(rv, &ev->msgs[i])
				     : print_plain(rv, &ev->msgs[i]);
		if (status == 0)
			last = ev->msgs[i].id;
	}
	engine_event_free(ev);
	if (last != 0 && save_cursor(rv, last) != 0 && status == 0)
		status = CLI_EXIT_FAILURE;
	return status;
}

static int
print_all(struct recv *rv)
{
	bool more = true;
	int status = 0;

	rv->fresh = false;
	while (status == 0 && more)
		status = print_page(rv, &more);
	return status;
}

static int
follow(struct recv *rv)
{
	int r, status = print_all(rv);

	while (status == 0) {
		r = front_turn(rv->f, 0);
		if (r == ERR_CLOSED)
			return CLI_EXIT_OK; /* interrupted, as asked */
		if (r != 0)
			return CLI_EXIT_FAILURE;
		if (rv->f->removed) {
			fprintf(stderr, "sotto: this device is no longer part "
					"of the account\n");
			return CLI_EXIT_UNREGISTERED;
		}
		if (rv->broken)
			return CLI_EXIT_FAILURE;
		if (rv->fresh)
			status = print_all(rv);
	}
	return status;
}

static int
drain(struct recv *rv)
{
	int r = front_online(rv->f, timeout_of(rv->o)), status;

	while (r == 0 && !rv->drained && !rv->f->removed)
		r = front_turn(rv->f, timeout_of(rv->o));
	if (r == 0 && !rv->f->removed)
		flush_out(rv->f, rv->o); /* groups and receipts, too */
	status = print_all(rv);
	if (status != 0 || r == 0)
		return status;
	if (rv->f->removed)
		return CLI_EXIT_UNREGISTERED;
	fprintf(stderr, "sotto: the relay cannot be reached; this is what had "
			"arrived before\n");
	return CLI_EXIT_OFFLINE;
}

static int
load_names(struct recv *rv)
{
	uint64_t tag = front_tag(rv->f);
	struct engine_event *ev =
	    front_finish(rv->f, engine_chats(rv->f->e, tag), tag);

	engine_event_free(ev);
	return ev != NULL ? 0 : CLI_EXIT_FAILURE;
}

int
cli_recv(void *ctx, const struct cli_args *args)
{
	const struct recv_opts *own = args->own;
	struct front f = {0};
	struct recv rv = {.f = &f, .o = args->opts};
	struct front_opts fo;
	char country[8];
	int status;
	size_t i;

	(void)ctx;
	fo = cli_front_opts(args->opts, country);
	fo.fetch = !((const struct recv_opts *)args->own)->once;
	f.on_event = on_event;
	f.ctx = &rv;
	status = front_open(&f, &fo);
	if (status != 0)
		goto out;
	status = load_names(&rv);
	if (status == 0)
		status = own->once ? drain(&rv) : follow(&rv);
	front_close(&f);
out:
	for (i = 0; i < rv.n; i++) {
		free(rv.whos[i].title);
		free(rv.whos[i].phone);
	}
	free(rv.whos);
	return status;
}

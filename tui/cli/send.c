/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c — `sotto send`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cli/commands.h"

struct waiting {
	int64_t msg;
	enum msg_state state;
};

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct waiting *w = ctx;

	if (ev->kind == EV_MSG_STATE && ev->msg_id == w->msg)
		w->state = ev->state;
}

/* The text, NUL-terminated, from the argument or standard input. */
static int
read_text(const struct cli_args *args, struct buf *text)
{
	uint8_t part[4096];
	size_t n;
	int r = 0;

	if (args->argc > 1 && strcmp(args->argv[1], "-") != 0) {
		r = buf_put(text, args->argv[1], strlen(args->argv[1]));
	} else {
		while (r == 0 && (n = fread(part, 1, sizeof(part), stdin)) > 0)
			r = memchr(part, 0, n) != NULL ? ERR_FORMAT
						       : buf_put(text, part, n);
		while (text->len > 0 && text->p[text->len - 1] == '\n')
			text->len--;
	}
	if (r == 0 && text->len == 0)
		r = ERR_RANGE;
	if (r == 0)
		r = buf_put_u8(text, 0);
	if (r != 0)
		fprintf(stderr, "sotto: the message %s\n",
		    r == ERR_FULL    ? "is too long"
		    : r == ERR_RANGE ? "is empty"
				     : "is no text");
	return r == 0 ? 0 : CLI_EXIT_USAGE;
}

static const char *const state_word[] = {
    [MSG_PENDING] = "pending",
    [MSG_SENT] = "sent",
    [MSG_DELIVERED] = "delivered",
    [MSG_READ] = "read",
    [MSG_FAILED] = "failed",
};

static int
report(const struct cli_opts *o, const struct waiting *w)
{
	struct json j;
	struct buf b;
	int status = 0;

	if (o->json) {
		line_begin(&j, &b);
		json_kv_i64(&j, "id", w->msg);
		json_kv_str(&j, "state", state_word[w->state]);
		status = line_print(&j, &b);
	}
	if (status != 0 || (w->state != MSG_PENDING && w->state != MSG_FAILED))
		return status;
	fprintf(stderr, "sotto: %s\n",
	    w->state == MSG_FAILED
		? "the relay refused the message"
		: "the message waits in the outbox; it leaves when the relay "
		  "can be reached");
	return w->state == MSG_FAILED ? CLI_EXIT_REFUSED : CLI_EXIT_OFFLINE;
}

static int
send_text(struct front *f, const struct cli_opts *o, int64_t chat,
    const char *text, struct waiting *w)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int r = 0;

	ev = front_wait(
	    f, engine_send_text(f->e, tag, chat, text), tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_SENT_LOCALLY) {
		r = front_refused(ev);
		engine_event_free(ev);
		return r;
	}
	w->msg = ev->msg_id;
	engine_event_free(ev);
	if (front_online(f, timeout_of(o)) != 0)
		return report(o, w);
	while (r == 0 && w->state == MSG_PENDING)
		r = front_turn(f, timeout_of(o));
	return report(o, w);
}

int
cli_send(void *ctx, const struct cli_args *args)
{
	const struct cli_opts *o = args->opts;
	struct waiting w = {.state = MSG_PENDING};
	struct front f = {.on_event = on_event, .ctx = &w};
	struct front_opts fo;
	char country[8];
	struct buf text;
	int64_t chat = 0;
	int status;

	(void)ctx;
	buf_init(&text, ENGINE_TEXT_MAX + 1);
	status = read_text(args, &text);
	if (status != 0)
		goto out;
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		goto out;
	status = chat_of_number(&f, o, args->argv[0], NULL, &chat);
	if (status == 0)
		status = send_text(&f, o, chat, (const char *)text.p, &w);
	front_close(&f);
out:
	buf_clear(&text);
	return status;
}

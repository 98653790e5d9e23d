/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c — `sotto send`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cli/commands.h"

const struct conf_row send_rows[SEND_ROWS] = {
    {.name = "view-once",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, view_once),
	.doc = "The message can be looked at once; then it is gone."},
    {.name = "to-self",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, to_self),
	.doc = "A note for yourself, on all your devices; there is no NUMBER "
	       "then."},
    {.name = "file",
	.type = CONF_LIST,
	.flags = CONF_FLAG_ONLY | CONF_WHOLE,
	.off = offsetof(struct send_opts, file),
	.max = ENGINE_FILES_MAX,
	.doc = "Send this file; again for more of them, an album. TEXT is its "
	       "caption then. What a picture tells besides itself is removed."},
    {.name = "caption",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, caption),
	.doc = "With --file: what stands below it."},
    {.name = "original",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, original),
	.doc = "With --file: pictures as they are, with all they tell."},
    {.name = "as-file",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, as_file),
	.doc = "With --file: shown as a file, not as a picture or film."},
    {.name = "voice",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, voice),
	.doc = "With --file: it is a voice note (Ogg Opus)."},
    {.name = "contact",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, contact),
	.doc = "Send a card with this number."},
    {.name = "contact-name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, contact_name),
	.doc = "With --contact: the name on it."},
    {.name = "location",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct send_opts, location),
	.doc = "Send a place: LAT,LON in degrees."},
};

struct waiting {
	int64_t msg;
	uint8_t message_id[ENGINE_ID_LEN];
	uint8_t author[ENGINE_ID_LEN];
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
int
read_text(const struct cli_args *args, int index, struct buf *text)
{
	uint8_t part[4096];
	size_t n;
	int r = 0;

	if (args->argc > index && strcmp(args->argv[index], "-") != 0) {
		r = buf_put(text, args->argv[index], strlen(args->argv[index]));
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

static int
report(const struct cli_opts *o, const struct waiting *w)
{
	struct json j;
	struct buf b;
	int status = 0;

	if (o->json) {
		line_begin(&j, &b);
		json_kv_i64(&j, "id", w->msg);
		json_kv_hex(&j, "message_id", w->message_id, ENGINE_ID_LEN);
		json_kv_hex(&j, "author", w->author, ENGINE_ID_LEN);
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

/* What there is to send, and how. */
struct sent {
	const char *text;
	int64_t reply_to; /* 0: to nothing */
	bool once;
};

static int
give(struct front *f, uint64_t tag, int64_t chat, const struct sent *s)
{
	if (s->once)
		return engine_send_once(f->e, tag, chat, s->text);
	if (s->reply_to != 0)
		return engine_send_reply(f->e, tag, chat, s->text, s->reply_to);
	return engine_send_text(f->e, tag, chat, s->text);
}

static int
send_text(struct front *f, const struct cli_opts *o, int64_t chat,
    const struct sent *s, struct waiting *w)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int r = 0;

	ev = front_wait(f, give(f, tag, chat, s), tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_SENT_LOCALLY || ev->n != 1) {
		r = front_refused(ev);
		engine_event_free(ev);
		return r;
	}
	w->msg = ev->msg_id;
	w->state = ev->msgs[0].state;
	memcpy(w->message_id, ev->msgs[0].message_id, ENGINE_ID_LEN);
	memcpy(w->author, ev->msgs[0].author, ENGINE_ID_LEN);
	engine_event_free(ev);
	if (w->state != MSG_PENDING) { /* a note to ourselves */
		r = report(o, w);
		return r == 0 ? leave_now(f, o, false) : r;
	}
	if (front_online(f, timeout_of(o)) != 0)
		return report(o, w);
	while (r == 0 && w->state == MSG_PENDING)
		r = front_turn(f, timeout_of(o));
	return report(o, w);
}

/* Open, find the chat, send. */
static int
run(const struct cli_args *args, struct sent *s,
    int (*place)(struct front *f, const struct cli_args *args, struct sent *s,
	int64_t *chat),
    int index)
{
	const struct cli_opts *o = args->opts;
	struct waiting w = {.state = MSG_PENDING};
	struct front f = {.on_event = on_event, .ctx = &w};
	struct front_opts fo;
	char country[8];
	struct buf text;
	int64_t chat = 0;
	int status;

	buf_init(&text, ENGINE_TEXT_MAX + 1);
	status = read_text(args, index, &text);
	if (status != 0)
		goto out;
	s->text = (const char *)text.p;
	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		goto out;
	status = place(&f, args, s, &chat);
	if (status == 0)
		status = send_text(&f, o, chat, s, &w);
	front_close(&f);
out:
	buf_clear(&text);
	return status;
}

static int
place_send(
    struct front *f, const struct cli_args *args, struct sent *s, int64_t *chat)
{
	const struct send_opts *own = args->own;

	(void)s;
	return chat_of_number(
	    f, args->opts, own->to_self ? "self" : args->argv[0], NULL, chat);
}

/* A text beside it is the caption. */
static int
with_media(const struct cli_args *args, const struct send_opts *own)
{
	const int at = own->to_self ? 0 : 1;
	const char *caption = own->caption != NULL ? own->caption
			      : args->argc > at	   ? args->argv[at]
						   : NULL;

	if ((own->file.n > 0) + (own->contact != NULL) +
		(own->location != NULL) >
	    1) {
		fprintf(stderr, "sotto: files, a card or a place: one of them "
				"at a time\n");
		return CLI_EXIT_USAGE;
	}
	return send_media(args, own->to_self ? "self" : args->argv[0], caption);
}

int
cli_send(void *ctx, const struct cli_args *args)
{
	const struct send_opts *own = args->own;
	struct sent s = {.once = own->view_once};

	(void)ctx;
	if (args->argc > (own->to_self ? 1 : 2) ||
	    (args->argc < 1 && !own->to_self)) {
		fprintf(stderr, "sotto: %s\n",
		    own->to_self ? "with --to-self there is no NUMBER"
				 : "a NUMBER is missing");
		return CLI_EXIT_USAGE;
	}
	if (own->file.n > 0 || own->contact != NULL || own->location != NULL)
		return with_media(args, own);
	return run(args, &s, place_send, own->to_self ? 0 : 1);
}

/* ---- reply ------------------------------------------------------------------------ */

static int
place_reply(
    struct front *f, const struct cli_args *args, struct sent *s, int64_t *chat)
{
	struct engine_event *ev;
	uint64_t tag;
	int status = message_of_name(f, args->argv[0], &s->reply_to);

	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_finish(f, engine_msg_info(f->e, tag, s->reply_to), tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind == EV_MSG_INFO)
		*chat = ev->chat;
	else
		status = front_refused(ev);
	engine_event_free(ev);
	return status;
}

int
cli_reply(void *ctx, const struct cli_args *args)
{
	struct sent s = {.once = false};

	(void)ctx;
	return run(args, &s, place_reply, 1);
}

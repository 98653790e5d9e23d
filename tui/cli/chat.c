/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chat.c — what a person sets for a chat: `sotto mute`, pin, block, ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/cli/commands.h"

const struct conf_row mute_rows[MUTE_ROWS] = {
    {.name = "for",
	.type = CONF_DURATION,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct mute_opts, for_ms),
	.def = "0",
	.doc = "For so long, 8h or 7d say. 0: until it is unmuted."},
};

const struct conf_row clear_rows[CLEAR_ROWS] = {
    {.name = "chat",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct clear_opts, chat),
	.doc = "The chat leaves the list too."},
};

const struct conf_row timer_rows[TIMER_ROWS] = {
    {.name = "after",
	.type = CONF_DURATION,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct timer_opts, after_ms),
	.def = "0",
	.doc = "So long after they were seen, 8h or 7d say. 0: they stay."},
};

const struct conf_row report_rows[REPORT_ROWS] = {
    {.name = "messages",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct report_opts, messages),
	.min = 1,
	.max = ENGINE_REPORT_MAX,
	.def = "5",
	.unit = "messages",
	.doc = "The last so many texts of the chat."},
    {.name = "block",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct report_opts, block),
	.doc = "Block the person too."},
};

/* ---- settings ------------------------------------------------------------------------- */

typedef int give_fn(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args);

/* Open, find the chat that the first argument names, and give the command. */
static int
run_in_chat(const struct cli_args *args, give_fn *give, bool sends)
{
	const struct cli_opts *o = args->opts;
	struct engine_event *ev;
	struct front f = {0};
	struct front_opts fo;
	int64_t chat = 0;
	char country[8];
	uint64_t tag;
	int status;

	fo = cli_front_opts(o, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = chat_of_number(&f, o, args->argv[0], NULL, &chat);
	if (status != 0)
		goto out;
	tag = front_tag(&f);
	ev = front_finish(&f, give(&f, tag, chat, args), tag);
	if (ev == NULL)
		status = CLI_EXIT_FAILURE;
	else if (ev->kind != EV_DONE)
		status = front_refused(ev);
	engine_event_free(ev);
	if (status == 0)
		status = leave_now(&f, o, sends);
out:
	front_close(&f);
	return status;
}

static int
give_mute(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args)
{
	const struct mute_opts *own = args->own;
	uint64_t until_ms = ENGINE_EVER;

	if (own->for_ms != 0)
		until_ms = (uint64_t)time(NULL) * 1000 + own->for_ms;
	return engine_mute(f->e, tag, chat, until_ms);
}

static int
give_timer(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args)
{
	const struct timer_opts *own = args->own;

	return engine_set_timer(
	    f->e, tag, chat, (uint32_t)(own->after_ms / 1000));
}

static int
give_name(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args)
{
	return engine_rename_contact(f->e, tag, chat, args->argv[1]);
}

static int
give_clear(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args)
{
	const struct clear_opts *own = args->own;

	return own->chat ? engine_delete_chat(f->e, tag, chat)
			 : engine_clear_chat(f->e, tag, chat);
}

#define SWITCH(verb, call, value)                                              \
	static int give_##verb(struct front *f, uint64_t tag, int64_t chat,    \
	    const struct cli_args *args)                                       \
	{                                                                      \
		(void)args;                                                    \
		return call(f->e, tag, chat, value);                           \
	}                                                                      \
	int cli_##verb(void *ctx, const struct cli_args *args)                 \
	{                                                                      \
		(void)ctx;                                                     \
		return run_in_chat(args, give_##verb, false);                  \
	}
/* clang-format off */
SWITCH(unmute, engine_mute, 0)
SWITCH(pin, engine_pin, true)
SWITCH(unpin, engine_pin, false)
SWITCH(archive, engine_archive, true)
SWITCH(unarchive, engine_archive, false)
SWITCH(unread, engine_mark_unread, true)
SWITCH(block, engine_block, true)
SWITCH(unblock, engine_block, false)
/* clang-format on */

int
cli_mute(void *ctx, const struct cli_args *args)
{
	(void)ctx;
	return run_in_chat(args, give_mute, false);
}

int
cli_timer(void *ctx, const struct cli_args *args)
{
	const struct timer_opts *own = args->own;

	(void)ctx;
	if (own->after_ms / 1000 > ENGINE_EXPIRE_MAX_S ||
	    own->after_ms % 1000 != 0) {
		fprintf(stderr, "sotto: --after takes whole seconds, and 28d "
				"at most\n");
		return CLI_EXIT_USAGE;
	}
	return run_in_chat(args, give_timer, true);
}

int
cli_name(void *ctx, const struct cli_args *args)
{
	(void)ctx;
	if (strlen(args->argv[1]) > 100) {
		fprintf(stderr, "sotto: that name is too long\n");
		return CLI_EXIT_USAGE;
	}
	return run_in_chat(args, give_name, false);
}

int
cli_clear_chat(void *ctx, const struct cli_args *args)
{
	(void)ctx;
	return run_in_chat(args, give_clear, false);
}

/* Everything that is there is seen. */
static int
give_read(
    struct front *f, uint64_t tag, int64_t chat, const struct cli_args *args)
{
	uint64_t asked = front_tag(f);
	struct engine_event *ev =
	    front_finish(f, engine_page_before(f->e, asked, chat, 0, 1), asked);
	int64_t last =
	    ev != NULL && ev->kind == EV_PAGE && ev->n > 0 ? ev->msgs[0].id : 0;

	(void)args;
	engine_event_free(ev);
	return last != 0 ? engine_mark_read(f->e, tag, chat, last)
			 : engine_mark_unread(f->e, tag, chat, false);
}

int
cli_read(void *ctx, const struct cli_args *args)
{
	(void)ctx;
	return run_in_chat(args, give_read, false);
}

/* ---- report --------------------------------------------------------------------------- */

/* The last texts of the chat, oldest first. */
static int
last_texts(struct front *f, int64_t chat, uint32_t want,
    int64_t ids[static ENGINE_REPORT_MAX], size_t *n)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev = front_finish(
	    f, engine_page_before(f->e, tag, chat, 0, ENGINE_PAGE_MAX), tag);
	int status = 0;
	size_t i, from;

	*n = 0;
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_PAGE)
		status = front_refused(ev);
	for (from = ev->n, i = 0; status == 0 && from > 0 && i < want; from--)
		i += ev->msgs[from - 1].kind == MSG_TEXT &&
		     ev->msgs[from - 1].state != MSG_WAITING;
	for (; status == 0 && from < ev->n; from++)
		if (ev->msgs[from].kind == MSG_TEXT &&
		    ev->msgs[from].state != MSG_WAITING)
			ids[(*n)++] = ev->msgs[from].id;
	engine_event_free(ev);
	if (status == 0 && *n == 0) {
		fprintf(stderr, "sotto: there is no text in that chat\n");
		status = CLI_EXIT_NOT_FOUND;
	}
	return status;
}

static int
report(struct front *f, const struct cli_args *args)
{
	int64_t ids[ENGINE_REPORT_MAX], chat = 0;
	const struct report_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct engine_event *ev;
	uint64_t tag;
	size_t n;
	int status = chat_of_number(f, o, args->argv[0], NULL, &chat);

	if (status == 0)
		status = last_texts(f, chat, own->messages, ids, &n);
	if (status == 0)
		status = need_relay(f, o);
	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_wait(f, engine_report(f->e, tag, chat, ids, n, own->block),
	    tag, timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_DONE) {
		status = front_refused(ev);
		if (ev->code == ERR_STATE) /* not that we have no account */
			status = CLI_EXIT_REFUSED;
	} else if (own->block) {
		flush_out(f, o);
	}
	engine_event_free(ev);
	return status;
}

int
cli_report(void *ctx, const struct cli_args *args)
{
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	fo = cli_front_opts(args->opts, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = report(&f, args);
	front_close(&f);
	return status;
}

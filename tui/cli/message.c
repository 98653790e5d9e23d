/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.c — what is done to messages: `sotto react`, edit, delete, ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cli/commands.h"

#define TELL_MS 5000 /* our other devices hear of it now, if that is quick */

const struct conf_row delete_rows[DELETE_ROWS] = {
    {.name = "for-me",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct delete_opts, for_me),
	.doc = "On your devices only."},
    {.name = "for-everyone",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct delete_opts, for_everyone),
	.doc = "Your own message, from everybody; a line says that it was "
	       "there."},
};

const struct conf_row forward_rows[FORWARD_ROWS] = {
    {.name = "to",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct forward_opts, to),
	.doc = "Numbers, with commas between them; self: your own notes."},
};

/* ---- one message -------------------------------------------------------------------- */

struct verb {
	/* The engine's command; its answer is `answer`. */
	int (*give)(struct front *f, uint64_t tag, int64_t id,
	    const struct cli_args *args);
	enum engine_event_kind answer;
	bool sends; /* to others: it says so when it has to wait */
	/* NULL: {"id":...} in JSON, nothing in plain. */
	int (*print)(const struct cli_opts *o, const struct engine_event *ev);
};

int
leave_now(struct front *f, const struct cli_opts *o, bool sends)
{
	uint32_t ms = timeout_of(o);

	if (!sends && (ms == 0 || ms > TELL_MS))
		ms = TELL_MS;
	if (front_online(f, ms) == 0) {
		flush_out(f, o);
		return 0;
	}
	if (!sends)
		return 0; /* the next time */
	fprintf(stderr, "sotto: it waits in the outbox; it leaves when the "
			"relay can be reached\n");
	return CLI_EXIT_OFFLINE;
}

static int
print_id(const struct cli_opts *o, int64_t id)
{
	struct json j;
	struct buf b;

	if (!o->json)
		return 0;
	line_begin(&j, &b);
	json_kv_i64(&j, "id", id);
	return line_print(&j, &b);
}

static int
do_verb(struct front *f, const struct cli_args *args, const struct verb *v)
{
	const struct cli_opts *o = args->opts;
	struct engine_event *ev;
	uint64_t tag;
	int64_t id = 0;
	int status = message_of_name(f, args->argv[0], &id);

	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_finish(f, v->give(f, tag, id, args), tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != v->answer)
		status = front_refused(ev);
	else
		status = v->print != NULL ? v->print(o, ev) : print_id(o, id);
	engine_event_free(ev);
	return status == 0 ? leave_now(f, o, v->sends) : status;
}

static int
run_verb(const struct cli_args *args, const struct verb *v)
{
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	int status;

	fo = cli_front_opts(args->opts, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = do_verb(&f, args, v);
	front_close(&f);
	return status;
}

static int
give_react(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	return engine_react(f->e, tag, id, args->argc > 1 ? args->argv[1] : "");
}

static int
give_edit(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	return engine_edit(f->e, tag, id, args->argv[1]);
}

static int
give_delete(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	const struct delete_opts *own = args->own;

	return own->for_everyone ? engine_retract(f->e, tag, id)
				 : engine_forget(f->e, tag, id);
}

static int
give_star(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	(void)args;
	return engine_star(f->e, tag, id, true);
}

static int
give_unstar(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	(void)args;
	return engine_star(f->e, tag, id, false);
}

/* It would be gone, and nobody had seen it. */
static bool
has_file(struct front *f, int64_t id)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_finish(f, engine_msg_info(f->e, tag, id), tag);
	bool yes = ev != NULL && ev->kind == EV_MSG_INFO && ev->n == 1 &&
		   ev->msgs[0].media != NULL;

	engine_event_free(ev);
	return yes;
}

static int
give_open(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	(void)args;
	if (has_file(f, id)) {
		fprintf(stderr, "sotto: there is a file to be viewed once: say "
				"where to with --to FILE\n");
		return ERR_STATE;
	}
	return engine_open_once(f->e, tag, id);
}

static int
give_info(
    struct front *f, uint64_t tag, int64_t id, const struct cli_args *args)
{
	(void)args;
	return engine_msg_info(f->e, tag, id);
}

int
cli_react(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_react, EV_DONE, true, NULL};

	(void)ctx;
	return run_verb(args, &v);
}

int
cli_edit(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_edit, EV_DONE, true, NULL};

	(void)ctx;
	return run_verb(args, &v);
}

int
cli_delete(void *ctx, const struct cli_args *args)
{
	const struct delete_opts *own = args->own;
	const struct verb v = {give_delete, EV_DONE, own->for_everyone, NULL};

	(void)ctx;
	if (own->for_me == own->for_everyone) {
		fprintf(stderr, "sotto: either --for-me or --for-everyone\n");
		return CLI_EXIT_USAGE;
	}
	return run_verb(args, &v);
}

int
cli_star(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_star, EV_DONE, false, NULL};

	(void)ctx;
	return run_verb(args, &v);
}

int
cli_unstar(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_unstar, EV_DONE, false, NULL};

	(void)ctx;
	return run_verb(args, &v);
}

const struct conf_row open_rows[OPEN_ROWS] = {
    {.name = "to",
	.type = CONF_PATH,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct open_opts, to),
	.doc = "Write its photo, film or voice note into this new file."},
};

static int
print_opened(const struct cli_opts *o, const struct engine_event *ev)
{
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("%s\n", ev->msgs[0].text);
		return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
	}
	line_begin(&j, &b);
	json_kv_message(&j, &ev->msgs[0]);
	return line_print(&j, &b);
}

int
cli_open(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_open, EV_ONCE, false, print_opened};
	const struct open_opts *own = args->own;

	(void)ctx;
	return own->to != NULL ? open_file(args, own->to) : run_verb(args, &v);
}

/* ---- info ----------------------------------------------------------------------------- */

static void
json_receipts(struct json *j, const struct msg_info *info)
{
	size_t i;

	json_key(j, "receipts");
	json_arr(j);
	for (i = 0; i < info->n_receipts; i++) {
		json_obj(j);
		json_kv_hex(
		    j, "account", info->receipts[i].account, ENGINE_ID_LEN);
		json_kv_str(j, "name", info->receipts[i].name);
		json_kv_u64(j, "delivered_ms", info->receipts[i].delivered_ms);
		json_kv_u64(j, "read_ms", info->receipts[i].read_ms);
		json_close(j);
	}
	json_close(j);
}

static void
json_edits(struct json *j, const struct msg_info *info)
{
	size_t i;

	json_kv_u64(j, "edited_ms", info->edited_ms);
	json_key(j, "edits");
	json_arr(j);
	for (i = 0; i < info->n_edits; i++) {
		json_obj(j);
		json_kv_u64(j, "written_ms", info->edits[i].written_ms);
		json_kv_str(j, "text", info->edits[i].text);
		json_close(j);
	}
	json_close(j);
}

static void
plain_time(const char *what, uint64_t ms)
{
	char when[WHEN_CAP];

	if (ms != 0)
		printf("%-11s%s\n", what, when_text(when, ms));
}

static int
plain_info(const struct msg_row *m, const struct msg_info *info)
{
	char when[WHEN_CAP];
	size_t i;

	printf("%-11s%s\n", "text:", m->text);
	plain_time("sent:", m->sent_ms);
	if (!m->outgoing)
		plain_time("received:", m->received_ms);
	plain_time("edited:", info->edited_ms);
	plain_time("disappears:", m->expires_ms);
	for (i = 0; i < info->n_receipts; i++) {
		printf("%s\n", info->receipts[i].name);
		plain_time("  delivered", info->receipts[i].delivered_ms);
		plain_time("  read", info->receipts[i].read_ms);
	}
	for (i = 0; i < info->n_edits; i++)
		printf("before:    %s  %s\n",
		    when_text(when, info->edits[i].written_ms),
		    info->edits[i].text);
	return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static int
print_info(const struct cli_opts *o, const struct engine_event *ev)
{
	struct json j;
	struct buf b;

	if (!o->json)
		return plain_info(&ev->msgs[0], ev->info);
	line_begin(&j, &b);
	json_kv_message(&j, &ev->msgs[0]);
	json_edits(&j, ev->info);
	json_receipts(&j, ev->info);
	return line_print(&j, &b);
}

int
cli_info(void *ctx, const struct cli_args *args)
{
	const struct verb v = {give_info, EV_MSG_INFO, false, print_info};

	(void)ctx;
	return run_verb(args, &v);
}

/* ---- forward -------------------------------------------------------------------------- */

/* The chats of numbers with commas between them. */
static int
read_chats(struct front *f, const struct cli_opts *o, char *list,
    int64_t *chats, size_t *n)
{
	char *save = NULL, *one;
	int status = 0;

	*n = 0;
	for (one = strtok_r(list, ",", &save); one != NULL && status == 0;
	     one = strtok_r(NULL, ",", &save)) {
		if (*n == ENGINE_FORWARD_MAX) {
			fprintf(stderr, "sotto: at most %d chats\n",
			    ENGINE_FORWARD_MAX);
			return CLI_EXIT_USAGE;
		}
		status = chat_of_number(f, o, one, NULL, &chats[*n]);
		*n += status == 0;
	}
	return status;
}

static int
forward(struct front *f, const struct cli_args *args)
{
	int64_t msgs[ENGINE_FORWARD_MAX], chats[ENGINE_FORWARD_MAX];
	const struct forward_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct engine_event *ev;
	size_t n_chats, n;
	uint64_t tag;
	int status = read_chats(f, o, own->to, chats, &n_chats);

	for (n = 0; status == 0 && n < (size_t)args->argc; n++)
		status = message_of_name(f, args->argv[n], &msgs[n]);
	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_finish(
	    f, engine_forward_all(f->e, tag, msgs, n, chats, n_chats), tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_FORWARDED)
		status = front_refused(ev);
	engine_event_free(ev);
	return status == 0 ? leave_now(f, o, true) : status;
}

int
cli_forward(void *ctx, const struct cli_args *args)
{
	const struct forward_opts *own = args->own;
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	if (own->to == NULL || args->argc > ENGINE_FORWARD_MAX) {
		fprintf(stderr, own->to == NULL
				    ? "sotto: --to says where to\n"
				    : "sotto: too many messages at once\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(args->opts, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = forward(&f, args);
	front_close(&f);
	return status;
}

/* ---- starred ones --------------------------------------------------------------------- */

static int
starred_page(
    struct front *f, const struct cli_opts *o, int64_t chat, int64_t *before)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev = front_finish(
	    f, engine_starred(f->e, tag, chat, *before, ENGINE_PAGE_MAX), tag);
	int status = 0;
	size_t i;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_HITS)
		status = front_refused(ev);
	for (i = 0; status == 0 && i < ev->n; i++)
		status = print_message(o, &ev->hits[i].msg, ev->hits[i].title);
	*before = ev->more_before && ev->n > 0 ? ev->hits[ev->n - 1].msg.id : 0;
	engine_event_free(ev);
	return status;
}

int
cli_starred(void *ctx, const struct cli_args *args)
{
	const struct cli_opts *o = args->opts;
	int64_t chat = 0, before = 0;
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	fo = cli_front_opts(o, country);
	fo.offline = true;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	if (args->argc > 0)
		status = chat_of_number(&f, o, args->argv[0], NULL, &chat);
	do {
		if (status == 0)
			status = starred_page(&f, o, chat, &before);
	} while (status == 0 && before != 0);
	front_close(&f);
	return status;
}

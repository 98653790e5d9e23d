/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c — `sotto list` and `sotto search`: what is in the store. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/cli/commands.h"

const struct conf_row search_rows[SEARCH_ROWS] = {
    {.name = "chat",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct search_opts, chat),
	.doc = "Only in the chat with this number."},
    {.name = "limit",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct search_opts, limit),
	.min = 1,
	.max = ENGINE_PAGE_MAX,
	.def = "50",
	.unit = "messages",
	.doc = "At most so many, the newest first."},
};

const struct conf_row list_rows[LIST_ROWS] = {
    {.name = "limit",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct list_opts, limit),
	.min = 1,
	.max = ENGINE_PAGE_MAX,
	.def = "50",
	.unit = "messages",
	.doc = "Of a chat at most so many messages, the latest."},
};

/* Open without a connection: the answer is on this machine. */
static int
open_offline(struct front *f, const struct cli_opts *o)
{
	struct front_opts fo;
	char country[8];

	fo = cli_front_opts(o, country);
	fo.offline = true;
	return front_open(f, &fo);
}

static int
list_json(const struct chat_row *c)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_i64(&j, "chat", c->chat);
	json_kv_str(&j, "name", c->title);
	json_kv_str(&j, "phone", c->phone);
	json_kv_str(&j, "trust", trust_word[c->trust]);
	json_kv_u64(&j, "unread", c->unread);
	json_kv_u64(&j, "last_ms", c->last_ms);
	json_kv_bool(&j, "last_outgoing", c->last_outgoing);
	json_kv_str(&j, "last_text", c->last_text);
	json_kv_str(&j, "draft", c->draft);
	json_kv_hex(&j, "account", c->account, ENGINE_ID_LEN);
	json_kv_bool(&j, "group", c->group);
	json_kv_bool(&j, "to_self", c->to_self);
	json_kv_bool(&j, "marked_unread", c->marked_unread);
	json_kv_bool(&j, "pinned", c->pinned_ms != 0);
	json_kv_bool(&j, "archived", c->archived);
	json_kv_bool(&j, "blocked", c->blocked);
	json_key(&j, "muted_until_ms"); /* null: without end */
	if (c->muted_until_ms == ENGINE_EVER)
		json_null(&j);
	else
		json_u64(&j, c->muted_until_ms);
	json_kv_u64(&j, "expire_s", c->expire_s);
	return line_print(&j, &b);
}

static int
list_plain(const struct chat_row *c)
{
	char when[WHEN_CAP] = "";
	char unread[16] = "";

	if (c->unread > 0)
		snprintf(unread, sizeof(unread), "(%u)", c->unread);
	if (c->last_ms != 0)
		when_text(when, c->last_ms);
	printf("%-16s  %-5s  %s%s%s%s\n", when, unread, c->title,
	    c->phone[0] != '\0' && strcmp(c->title, c->phone) != 0 ? "  " : "",
	    c->phone, c->trust == TRUST_CHANGED ? "  [key changed]" : "");
	return CLI_EXIT_OK;
}

static int
list_chats(struct front *f, const struct cli_opts *o)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_wait(f, engine_chats(f->e, tag), tag, 0);
	int status = 0;
	size_t i;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_CHATS)
		status = front_refused(ev);
	for (i = 0; status == 0 && i < ev->n; i++)
		status = o->json ? list_json(&ev->chats[i])
				 : list_plain(&ev->chats[i]);
	engine_event_free(ev);
	return status;
}

/* A chat that is shown with this number, whether or not the relay has said yet
 * that it is theirs. */
static int
find_chat(struct front *f, const struct cli_opts *o, const char *number,
    int64_t *chat)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev = front_finish(f, engine_chats(f->e, tag), tag);
	int64_t found = 0;
	size_t i;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	for (i = 0; ev->kind == EV_CHATS && i < ev->n; i++)
		if (ev->chats[i].phone[0] != '\0' &&
		    strcmp(ev->chats[i].phone, number) == 0)
			found = ev->chats[i].chat;
	engine_event_free(ev);
	*chat = found;
	return found != 0 ? 0 : chat_of_number(f, o, number, NULL, chat);
}

static int
list_messages(struct front *f, const struct cli_args *args)
{
	const struct list_opts *own = args->own;
	struct engine_event *ev;
	int64_t chat = 0;
	uint64_t tag;
	size_t i;
	int status = find_chat(f, args->opts, args->argv[0], &chat);

	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_wait(
	    f, engine_page_before(f->e, tag, chat, 0, own->limit), tag, 0);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_PAGE)
		status = front_refused(ev);
	for (i = 0; status == 0 && i < ev->n; i++)
		status = print_message(args->opts, &ev->msgs[i], args->argv[0]);
	engine_event_free(ev);
	return status;
}

int
cli_list(void *ctx, const struct cli_args *args)
{
	struct front f = {0};
	int status = open_offline(&f, args->opts);

	(void)ctx;
	if (status != 0)
		return status;
	status = args->argc > 0 ? list_messages(&f, args)
				: list_chats(&f, args->opts);
	front_close(&f);
	return status;
}

/* ---- search ----------------------------------------------------------------------- */

static int
hit_json(const struct hit_row *h)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_message(&j, &h->msg);
	json_kv_str(&j, "name", h->title);
	json_kv_u64(&j, "mark_offset", h->mark_off);
	json_kv_u64(&j, "mark_length", h->mark_len);
	return line_print(&j, &b);
}

static int
hit_plain(const struct hit_row *h)
{
	char when[WHEN_CAP];

	printf("%s  %s%s: %s\n", when_text(when, h->msg.sent_ms), h->title,
	    h->msg.outgoing ? " (you)" : "", h->msg.text);
	return CLI_EXIT_OK;
}

static int
search_in(struct front *f, const struct cli_opts *o,
    const struct search_opts *own, const char *query)
{
	struct engine_event *ev;
	int64_t chat = 0;
	uint64_t tag;
	int status = 0;
	size_t i;

	if (own->chat != NULL)
		status = chat_of_number(f, o, own->chat, NULL, &chat);
	if (status != 0)
		return status;
	tag = front_tag(f);
	ev = front_wait(
	    f, engine_search(f->e, tag, chat, query, own->limit), tag, 0);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_HITS)
		status = front_refused(ev);
	else if (ev->n == 0)
		status = CLI_EXIT_NOT_FOUND;
	for (i = 0; status == 0 && i < ev->n; i++)
		status =
		    o->json ? hit_json(&ev->hits[i]) : hit_plain(&ev->hits[i]);
	engine_event_free(ev);
	return status;
}

int
cli_search(void *ctx, const struct cli_args *args)
{
	struct front f = {0};
	int status = open_offline(&f, args->opts);

	(void)ctx;
	if (status != 0)
		return status;
	status = search_in(&f, args->opts, args->own, args->argv[0]);
	front_close(&f);
	return status;
}

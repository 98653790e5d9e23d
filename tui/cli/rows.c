/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c — messages as commands print them, and how they are named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/cli/commands.h"

#define HEX_LEN (2 * ENGINE_ID_LEN)

const char *const state_word[7] = {
    [MSG_PENDING] = "pending",
    [MSG_SENT] = "sent",
    [MSG_DELIVERED] = "delivered",
    [MSG_READ] = "read",
    [MSG_FAILED] = "failed",
    [MSG_RECEIVED] = "received",
    [MSG_WAITING] = "waiting",
};

static const char *const kind_word[] = {
    [MSG_TEXT] = "text",
    [MSG_KEY_CHANGED] = "key-changed",
    [MSG_NOTE] = "note",
    [MSG_DELETED] = "deleted",
    [MSG_ONCE] = "view-once",
    [MSG_MEDIA] = "media",
};

static bool
is_named(const struct msg_row *m)
{
	return m->kind != MSG_NOTE && m->kind != MSG_KEY_CHANGED;
}

/* Whom a text names; bytes of "text", with the "@". */
static void
json_kv_mentions(struct json *j, const struct msg_row *m)
{
	json_key(j, "mentions");
	json_arr(j);
	for (size_t i = 0; i < m->n_mentions; i++) {
		json_obj(j);
		json_kv_hex(
		    j, "account", m->mentions[i].account, ENGINE_ID_LEN);
		json_kv_u64(j, "offset", m->mentions[i].off);
		json_kv_u64(j, "length", m->mentions[i].len);
		json_close(j);
	}
	json_close(j);
	json_kv_bool(j, "mentions_me", m->mentions_me);
}

void
json_kv_message(struct json *j, const struct msg_row *m)
{
	json_kv_i64(j, "id", m->id);
	json_kv_i64(j, "chat", m->chat);
	if (is_named(m)) {
		json_kv_hex(j, "message_id", m->message_id, ENGINE_ID_LEN);
		json_kv_hex(j, "author", m->author, ENGINE_ID_LEN);
	}
	json_kv_str(j, "kind",
	    (size_t)m->kind < ARRAY_LEN(kind_word) ? kind_word[m->kind] : NULL);
	json_kv_str(j, "state", state_word[m->state]);
	json_kv_bool(j, "outgoing", m->outgoing);
	json_kv_u64(j, "sent_ms", m->sent_ms);
	json_kv_u64(j, "received_ms", m->received_ms);
	json_kv_str(j, "text", m->text);
	json_kv_bool(j, "edited", m->edited);
	json_kv_bool(j, "starred", m->starred);
	json_kv_bool(j, "forwarded", m->forwarded);
	if (m->kind == MSG_ONCE)
		json_kv_bool(j, "opened", m->opened);
	if (m->quote != NULL) {
		json_kv_str(j, "quote", m->quote);
		json_kv_str(j, "quote_from", m->quote_from);
		json_kv_i64(j, "quote_id", m->quote_id);
	}
	if (m->media != NULL)
		json_kv_media(j, m->media);
	if (m->n_mentions > 0)
		json_kv_mentions(j, m);
	if (m->reactions != NULL)
		json_kv_str(j, "reactions", m->reactions);
	json_kv_u64(j, "expire_s", m->expire_s);
	json_kv_u64(j, "expires_ms", m->expires_ms);
}

int
print_message(
    const struct cli_opts *o, const struct msg_row *m, const char *title)
{
	char when[WHEN_CAP], line[MEDIA_LINE];
	struct json j;
	struct buf b;

	if (o->json) {
		line_begin(&j, &b);
		json_kv_message(&j, m);
		json_kv_str(&j, "name", title);
		return line_print(&j, &b);
	}
	printf("%lld  %s  %s%s%s%s%s%s%s\n", (long long)m->id,
	    when_text(when, m->sent_ms),
	    m->outgoing	  ? "You: "
	    : is_named(m) ? title
			  : "",
	    !m->outgoing && is_named(m) ? ": " : "",
	    m->media != NULL ? media_line(m->media, line) : "",
	    m->media != NULL && m->text[0] != '\0' ? " " : "", m->text,
	    m->edited ? "  (edited)" : "",
	    m->reactions != NULL ? m->reactions : "");
	return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

/* ---- names ---------------------------------------------------------------------- */

static bool
read_hex(uint8_t out[static ENGINE_ID_LEN], const char *text)
{
	size_t len;

	return strlen(text) >= HEX_LEN &&
	       sodium_hex2bin(
		   out, ENGINE_ID_LEN, text, HEX_LEN, NULL, &len, NULL) == 0 &&
	       len == ENGINE_ID_LEN;
}

/* 32 hexadecimal digits, and behind a colon those of who wrote it. */
static bool
read_name(const char *text, uint8_t id[static ENGINE_ID_LEN],
    uint8_t author[static ENGINE_ID_LEN], bool *has_author)
{
	const char *rest = text + HEX_LEN;

	if (!read_hex(id, text))
		return false;
	*has_author = *rest == ':';
	if (*rest == '\0')
		return true;
	return *has_author && strlen(rest + 1) == HEX_LEN &&
	       read_hex(author, rest + 1);
}

static int
find(struct front *f, const char *text, int64_t *id)
{
	uint8_t key[ENGINE_ID_LEN], author[ENGINE_ID_LEN];
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	bool has_author;
	int status = 0;

	if (!read_name(text, key, author, &has_author)) {
		fprintf(stderr,
		    "sotto: %s: no name of a message: a number that "
		    "list prints, or a message_id\n",
		    text);
		return CLI_EXIT_USAGE;
	}
	ev = front_finish(f,
	    engine_find_message(f->e, tag, key, has_author ? author : NULL),
	    tag);
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_PAGE || ev->n != 1)
		status = front_refused(ev);
	else
		*id = ev->msgs[0].id;
	engine_event_free(ev);
	return status;
}

int
message_of_name(struct front *f, const char *text, int64_t *id)
{
	char *end;
	long long n;

	if (strlen(text) >= HEX_LEN)
		return find(f, text, id);
	n = strtoll(text, &end, 10);
	if (*end != '\0' || n <= 0)
		return find(f, text, id);
	*id = n;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* common.c — what several commands share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/cli/commands.h"

const char *const trust_word[] = {
    [TRUST_FIRST_USE] = "first-use",
    [TRUST_VERIFIED] = "verified",
    [TRUST_CHANGED] = "changed",
};

void
line_begin(struct json *j, struct buf *b)
{
	buf_init(b, LINE_MAX_BYTES);
	json_begin(j, b);
	json_obj(j);
}

int
line_print(struct json *j, struct buf *b)
{
	int r = json_end(j);

	if (r == 0)
		r = buf_put_u8(b, '\n');
	if (r == 0 &&
	    (fwrite(b->p, 1, b->len, stdout) != b->len || fflush(stdout) != 0))
		r = ERR_IO;
	buf_clear(b);
	return r == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

uint32_t
timeout_of(const struct cli_opts *o)
{
	return o->timeout_ms > INT32_MAX ? INT32_MAX : (uint32_t)o->timeout_ms;
}

const char *
when_text(char out[static WHEN_CAP], uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(out, WHEN_CAP, "%Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
	return out;
}

void
flush_out(struct front *f, const struct cli_opts *o)
{
	uint64_t tag = front_tag(f);

	engine_event_free(
	    front_wait(f, engine_flush(f->e, tag), tag, timeout_of(o)));
}

int
need_relay(struct front *f, const struct cli_opts *o)
{
	int r = front_online(f, timeout_of(o));

	if (r == 0)
		return 0;
	if (r == ERR_TIMEOUT)
		fprintf(stderr, "sotto: the relay cannot be reached%s%s\n",
		    f->conn_text != NULL && f->conn_text[0] ? ": " : "",
		    f->conn_text != NULL ? f->conn_text : "");
	return r == ERR_DENIED ? CLI_EXIT_UNREGISTERED : CLI_EXIT_OFFLINE;
}

static int
ask_contact(struct front *f, const struct cli_opts *o, const char *number,
    const char *name, struct engine_event **ev)
{
	uint64_t tag = front_tag(f);
	int r = strcmp(number, "self") == 0
		    ? engine_to_self(f->e, tag)
		    : engine_contact(f->e, tag, number, name);

	*ev = front_wait(f, r, tag, timeout_of(o));
	return *ev == NULL ? CLI_EXIT_FAILURE : 0;
}

bool
read_account(const char *text, uint8_t out[static ENGINE_ID_LEN])
{
	size_t len;

	return strlen(text) == 2 * (size_t)ENGINE_ID_LEN &&
	       sodium_hex2bin(out, ENGINE_ID_LEN, text, strlen(text), NULL,
		   &len, NULL) == 0 &&
	       len == ENGINE_ID_LEN;
}

/* A chat that is in the list, by the id of its person or group. */
static int
chat_of_account(struct front *f, const uint8_t id[static ENGINE_ID_LEN],
    const char *text, int64_t *chat)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev = front_finish(f, engine_chats(f->e, tag), tag);
	int64_t found = 0;
	size_t i;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	for (i = 0; ev->kind == EV_CHATS && i < ev->n; i++)
		if (memcmp(ev->chats[i].account, id, ENGINE_ID_LEN) == 0)
			found = ev->chats[i].chat;
	engine_event_free(ev);
	if (found == 0) {
		fprintf(stderr, "sotto: %s: there is no such chat\n", text);
		return CLI_EXIT_NOT_FOUND;
	}
	*chat = found;
	return 0;
}

int
chat_of_number(struct front *f, const struct cli_opts *o, const char *number,
    const char *name, int64_t *chat)
{
	uint8_t id[ENGINE_ID_LEN];
	struct engine_event *ev;
	int r;

	if (read_account(number, id))
		return chat_of_account(f, id, number, chat);
	r = ask_contact(f, o, number, name, &ev);

	/* A number nobody wrote to before: the relay has to say who it is. */
	if (r == 0 && ev->kind == EV_ERROR && ev->code == ERR_CLOSED &&
	    !f->offline) {
		engine_event_free(ev);
		r = need_relay(f, o);
		if (r != 0)
			return r;
		r = ask_contact(f, o, number, name, &ev);
	}
	if (r != 0)
		return r;
	if (ev->kind == EV_CONTACT)
		*chat = ev->chat;
	else
		r = front_refused(ev);
	engine_event_free(ev);
	return r;
}

int
read_whole_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = 0;
	ssize_t n = 1;

	if (fd < 0)
		return ERR_SYS;
	while (r == 0 && n > 0) {
		r = buf_reserve(b, 65536);
		if (r == ERR_FULL && b->len < b->max)
			r = buf_reserve(b, b->max - b->len);
		n = r == 0 ? read(fd, b->p + b->len, b->cap - b->len) : 0;
		if (n > 0)
			b->len += (size_t)n;
		if (n < 0 && errno != EINTR)
			r = ERR_SYS;
	}
	close(fd);
	return r;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* app_send.c — a text on its way into the store, and back when it is
 * refused. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/app_int.h"

void
sending_free(struct sending *s)
{
	sodium_memzero(s->text, strlen(s->text));
	free(s->text);
	free(s);
}

static struct sending *
sending_new(struct app *a, const struct chat *c, const char *text)
{
	struct sending *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->text = strdup(text)) == NULL) {
		free(s);
		app_asked(a, ERR_NOMEM);
		return NULL;
	}
	s->tag = app_tag(a);
	s->chat = c->id;
	return s;
}

/* Queued, or not: r. */
static bool
sending_start(struct app *a, struct sending *s, int r)
{
	if (!app_asked(a, r)) {
		sending_free(s);
		return false;
	}
	s->next = a->sending;
	a->sending = s;
	composer_sent(&a->comp, s->text);
	a->typing_at = 0;
	return true;
}

static bool
can_send(struct app *a, const struct chat *c)
{
	if (c == NULL)
		return false;
	if (room_silent(a) != NULL) {
		app_notice(a, ST_WARN, "Not sent. %s.", room_silent(a));
		return false;
	}
	if (c->blocked) {
		app_notice(a, ST_WARN,
		    "Not sent: you have blocked them. Alt-I, b unblocks.");
		return false;
	}
	if (c->trust == TRUST_CHANGED) {
		app_notice(a, ST_WARN,
		    "Not sent: the safety number has changed. F3 shows it.");
		return false;
	}
	return true;
}

bool
app_send(struct app *a, const char *text)
{
	struct chat *c = app_chat(a);
	bool reply = writing_kind(a) == WRITE_REPLY;
	struct sending *s;
	int r;

	if (!can_send(a, c))
		return false;
	s = sending_new(a, c, text);
	if (s == NULL)
		return false;
	if (reply)
		r = a->be->send_reply(
		    a->e, s->tag, c->id, text, a->writing.msg);
	else
		r = a->be->send_text(a->e, s->tag, c->id, text);
	if (!sending_start(a, s, r))
		return false;
	if (reply)
		writing_done(a);
	/* The engine clears the saved draft together with the sending. */
	a->draft_at = a->draft_since = 0;
	if (model_set_draft(c, "") != 0)
		app_asked(a, ERR_NOMEM);
	app_latest(a);
	return true;
}

bool
app_send_once(struct app *a, const char *text)
{
	struct chat *c = app_chat(a);
	struct sending *s;

	if (!can_send(a, c))
		return false;
	s = sending_new(a, c, text);
	if (s == NULL)
		return false;
	if (!sending_start(a, s, a->be->send_once(a->e, s->tag, c->id, text)))
		return false;
	app_latest(a);
	return true;
}

/* The message that is being edited gets the text of the composer. */
static bool
change(struct app *a)
{
	const char *text = composer_text(&a->comp);
	struct chat *c = app_chat(a);
	int64_t msg = a->writing.msg;
	struct sending *s;

	if (!can_send(a, c))
		return false;
	s = sending_new(a, c, text);
	if (s == NULL)
		return false;
	s->edit_of = msg;
	if (!sending_start(a, s, a->be->edit(a->e, s->tag, msg, text)))
		return false;
	writing_done(a);
	return true;
}

bool
app_submit(struct app *a)
{
	if (writing_kind(a) == WRITE_EDIT)
		return change(a);
	if (!app_send(a, composer_text(&a->comp)))
		return false;
	if (composer_set(&a->comp, "", 0) != 0)
		app_asked(a, ERR_NOMEM);
	return true;
}

struct sending *
sending_take(struct app *a, uint64_t tag)
{
	struct sending **p = &a->sending, *s;

	for (; *p != NULL; p = &(*p)->next) {
		if ((*p)->tag == tag) {
			s = *p;
			*p = s->next;
			return s;
		}
	}
	return NULL;
}

void
sending_failed(struct app *a, struct sending *s, const char *why)
{
	struct chat *c = model_find(&a->m, s->chat);
	const char *text;
	struct buf b;
	int r;

	a->claimed = true;
	if (s->edit_of != 0) { /* Up has the text */
		app_notice(a, ST_ERROR, "Not changed. %s", why);
		return;
	}
	app_notice(a, ST_ERROR, "Not sent. %s", why);
	if (c == NULL)
		return;
	if (s->chat == a->open)
		writing_leave(a); /* an edit is no draft */
	text = s->chat == a->open ? composer_text(&a->comp) : c->draft;
	buf_init(&b, 2 * ENGINE_TEXT_MAX + 2);
	r = buf_printf(
	    &b, "%s%s%s", s->text, text[0] != '\0' ? "\n" : "", text);
	if (r == 0)
		r = buf_put_u8(&b, 0);
	if (r == 0 && s->chat == a->open)
		r = composer_set(&a->comp, (char *)b.p, b.len - 1);
	if (r == 0)
		r = model_set_draft(c, (char *)b.p);
	if (r == 0)
		r = a->be->set_draft(
		    a->e, APP_TAG_NONE, s->chat, (const char *)b.p);
	app_asked(a, r);
	buf_clear(&b);
}

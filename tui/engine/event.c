/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/event.h"
#include "tui/engine/impl.h"
#include "tui/engine/status.h"

#define SENTENCE_MAX 512

static void
wipe_string(char **s)
{
	if (*s != NULL)
		sodium_memzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

static void
wipe_bytes(uint8_t **p, size_t *len)
{
	if (*p != NULL)
		sodium_memzero(*p, *len);
	free(*p);
	*p = NULL;
	*len = 0;
}

void
media_row_free(struct media_row *m)
{
	if (m == NULL)
		return;
	wipe_string(&m->name);
	wipe_string(&m->mime);
	wipe_string(&m->why);
	wipe_string(&m->contact_name);
	wipe_string(&m->contact_phone);
	wipe_bytes(&m->tiny, &m->tiny_len);
	sodium_memzero(m, sizeof(*m));
	free(m);
}

void
msg_row_clear(struct msg_row *m)
{
	media_row_free(m->media);
	m->media = NULL;
	wipe_string(&m->text);
	wipe_string(&m->quote);
	wipe_string(&m->quote_from);
	wipe_string(&m->from);
	wipe_string(&m->reactions);
	free(m->mentions);
	m->mentions = NULL;
	m->n_mentions = 0;
}

void
chat_row_clear(struct chat_row *c)
{
	wipe_string(&c->title);
	wipe_string(&c->phone);
	wipe_string(&c->last_text);
	wipe_string(&c->draft);
}

void
group_row_clear(struct group_row *g)
{
	size_t i;

	for (i = 0; i < g->n_rows; i++) {
		wipe_string(&g->members[i].name);
		wipe_string(&g->members[i].phone);
	}
	free(g->members);
	g->members = NULL;
	g->n_rows = 0;
	wipe_string(&g->name);
	wipe_string(&g->about);
	wipe_string(&g->link);
	wipe_string(&g->failed);
	wipe_string(&g->alarm);
}

static void
self_clear(struct engine_self *s)
{
	wipe_string(&s->phone);
	wipe_string(&s->name);
	wipe_string(&s->relay);
	wipe_string(&s->relay_name);
}

static void
info_free(struct msg_info *info)
{
	size_t i;

	if (info == NULL)
		return;
	for (i = 0; i < info->n_receipts; i++)
		wipe_string(&info->receipts[i].name);
	for (i = 0; i < info->n_edits; i++)
		wipe_string(&info->edits[i].text);
	free(info->receipts);
	free(info->edits);
	free(info);
}

static void
backup_free(struct backup_row *b)
{
	if (b == NULL)
		return;
	wipe_string(&b->to);
	wipe_string(&b->credentials);
	wipe_string(&b->code);
	wipe_string(&b->why);
	free(b);
}

void
engine_event_free(struct engine_event *ev)
{
	size_t i;

	if (ev == NULL)
		return;
	for (i = 0; i < ev->n; i++) {
		if (ev->msgs != NULL)
			msg_row_clear(&ev->msgs[i]);
		if (ev->chats != NULL)
			chat_row_clear(&ev->chats[i]);
		if (ev->hits != NULL) {
			msg_row_clear(&ev->hits[i].msg);
			wipe_string(&ev->hits[i].title);
		}
		if (ev->groups != NULL)
			group_row_clear(&ev->groups[i]);
		if (ev->devices != NULL)
			wipe_string(&ev->devices[i].name);
		if (ev->history != NULL)
			wipe_string(&ev->history[i].text);
	}
	for (i = 0; ev->statuses != NULL && i < ev->n; i++)
		status_row_clear(&ev->statuses[i]);
	for (i = 0; i < ev->n_viewers; i++)
		wipe_string(&ev->viewers[i].name);
	free(ev->statuses);
	free(ev->viewers);
	status_audience_free(ev->status_audience);
	free(ev->rules);
	wipe_bytes(&ev->data, &ev->data_len);
	free(ev->history);
	backup_free(ev->backup);
	info_free(ev->info);
	free(ev->groups);
	free(ev->devices);
	free(ev->msgs);
	free(ev->chats);
	free(ev->hits);
	self_clear(&ev->self);
	wipe_string(&ev->text);
	wipe_string(&ev->name);
	free(ev);
}

struct engine_event *
event_new(struct engine *e, enum engine_event_kind kind, uint64_t tag)
{
	struct engine_event *ev = event_alloc();

	if (ev == NULL) {
		event_post_fatal(e, ERR_NOMEM, err_str(ERR_NOMEM));
		return NULL;
	}
	ev->kind = kind;
	ev->tag = tag;
	return ev;
}

static void
post_text(struct engine *e, enum engine_event_kind kind, uint64_t tag, int code,
    const char *text)
{
	struct engine_event *ev = event_new(e, kind, tag);

	if (ev == NULL)
		return;
	ev->code = code;
	ev->text = strdup(text); /* NULL only loses the sentence */
	event_post(e, ev);
}

void
reply_done(struct engine *e, uint64_t tag)
{
	struct engine_event *ev = event_new(e, EV_DONE, tag);

	if (ev != NULL)
		event_post(e, ev);
}

void
reply_error(struct engine *e, uint64_t tag, int code, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	if (fmt == NULL) {
		post_text(e, EV_ERROR, tag, code, err_str(code));
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	post_text(e, EV_ERROR, tag, code, text);
}

/* ---- text of others ------------------------------------------------------------- */

char *
clean_text(const char *from_others, size_t max, enum text_mode mode)
{
	size_t len = strlen(from_others), cap = TEXT_SANITIZE_CAP(len);
	char *out;

	if (cap > max + 1)
		cap = max + 1;
	out = malloc(cap);
	if (out != NULL)
		text_sanitize(out, cap, from_others, len, mode);
	return out;
}

char *
sentence_of(const char *from_others)
{
	return clean_text(from_others, SENTENCE_MAX - 1, TEXT_LINE);
}

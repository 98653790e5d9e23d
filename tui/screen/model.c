/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/model.h"

void
model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
}

static void
text_free(char *s)
{
	if (s != NULL)
		sodium_memzero(s, strlen(s));
	free(s);
}

static void
chat_free(struct chat *c)
{
	if (c == NULL)
		return;
	text_free(c->title);
	text_free(c->phone);
	text_free(c->last_text);
	text_free(c->draft);
	free(c);
}

static void
self_clear(struct engine_self *s)
{
	free(s->phone);
	free(s->name);
	free(s->relay);
	free(s->relay_name);
	memset(s, 0, sizeof(*s));
}

void
model_clear(struct model *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		chat_free(m->v[i]);
	free(m->v);
	free(m->conn_text);
	self_clear(&m->self);
	model_init(m);
}

static char *
dup(const char *s)
{
	return strdup(s != NULL ? s : "");
}

/* ---- chats ------------------------------------------------------------------- */

static struct chat *
chat_make(const struct chat_row *row, uint64_t wall, uint64_t mono)
{
	struct chat *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->id = row->chat;
	c->title = dup(row->title);
	c->phone = dup(row->phone);
	c->last_text = dup(row->last_text);
	c->draft = dup(row->draft);
	c->trust = row->trust;
	c->unread = row->unread;
	c->last_ms = row->last_ms;
	c->sort_ms = row->last_ms != 0 ? row->last_ms : wall;
	c->last_outgoing = row->last_outgoing;
	c->last_state = row->last_state;
	c->online = row->online;
	c->last_seen_ms = row->last_seen_ms;
	memcpy(c->account, row->account, sizeof(c->account));
	c->group = row->group;
	c->to_self = row->to_self;
	c->blocked = row->blocked;
	c->archived = row->archived;
	c->marked_unread = row->marked_unread;
	c->pinned_ms = row->pinned_ms;
	c->muted_until_ms = row->muted_until_ms;
	c->expire_s = row->expire_s;
	c->mentioned = row->mentions_me;
	c->typing_until = row->typing ? mono + MODEL_TYPING_MS : 0;
	if (c->title == NULL || c->phone == NULL || c->last_text == NULL ||
	    c->draft == NULL) {
		chat_free(c);
		return NULL;
	}
	return c;
}

/* What the engine does not know about a chat. */
static void
chat_inherit(struct chat *c, const struct chat *old)
{
	c->visited = old->visited;
	if (c->last_ms == 0)
		c->sort_ms = old->sort_ms;
}

size_t
model_index(const struct model *m, int64_t id)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->v[i]->id == id)
			break;
	}
	return i;
}

struct chat *
model_find(const struct model *m, int64_t id)
{
	size_t i = model_index(m, id);

	return i < m->n ? m->v[i] : NULL;
}

struct chat *
model_person(const struct model *m, const uint8_t account[static ENGINE_ID_LEN])
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (!m->v[i]->group &&
		    memcmp(m->v[i]->account, account, ENGINE_ID_LEN) == 0)
			return m->v[i];
	}
	return NULL;
}

/* Pinned ones, then the latest first, then archived ones; the same moment: the
 * newer chat first. */
static bool
before(const struct chat *a, const struct chat *b)
{
	if (a->archived != b->archived)
		return b->archived;
	if ((a->pinned_ms != 0) != (b->pinned_ms != 0))
		return a->pinned_ms != 0;
	if (a->sort_ms != b->sort_ms)
		return a->sort_ms > b->sort_ms;
	return a->id > b->id;
}

static int
grow(struct model *m, size_t n)
{
	size_t cap = m->cap > 0 ? m->cap : 16;
	struct chat **v;

	if (n <= m->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	v = realloc(m->v, cap * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	m->v = v;
	m->cap = cap;
	return 0;
}

struct chat *
model_put(
    struct model *m, const struct chat_row *row, uint64_t wall, uint64_t mono)
{
	size_t i = model_index(m, row->chat), to;
	struct chat *c = chat_make(row, wall, mono);

	if (c == NULL || grow(m, m->n + 1) != 0) {
		chat_free(c);
		return NULL;
	}
	if (i < m->n) {
		chat_inherit(c, m->v[i]);
		chat_free(m->v[i]);
	} else {
		m->n++;
	}
	for (; i + 1 < m->n && !before(c, m->v[i + 1]); i++)
		m->v[i] = m->v[i + 1];
	for (to = i; to > 0 && before(c, m->v[to - 1]); to--)
		m->v[to] = m->v[to - 1];
	m->v[to] = c;
	return c;
}

static int
by_time(const void *a, const void *b)
{
	const struct chat *const *x = a, *const *y = b;

	return before(*x, *y) ? -1 : before(*y, *x) ? 1 : 0;
}

int
model_put_all(struct model *m, const struct chat_row *rows, size_t n,
    uint64_t wall, uint64_t mono)
{
	struct model fresh = {0};
	const struct chat *old;
	size_t i;

	if (grow(&fresh, n) != 0)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		fresh.v[i] = chat_make(&rows[i], wall, mono);
		if (fresh.v[i] == NULL) {
			model_clear(&fresh);
			return ERR_NOMEM;
		}
		fresh.n++;
		old = m->n > 0 ? model_find(m, rows[i].chat) : NULL;
		if (old != NULL)
			chat_inherit(fresh.v[i], old);
	}
	for (i = 0; i < m->n; i++)
		chat_free(m->v[i]);
	free(m->v);
	m->v = fresh.v;
	m->n = fresh.n;
	m->cap = fresh.cap;
	if (m->n > 1)
		qsort(m->v, m->n, sizeof(m->v[0]), by_time);
	return 0;
}

/* ---- visits, unread ------------------------------------------------------------ */

void
model_visit(struct model *m, struct chat *c)
{
	c->visited = ++m->visits;
}

struct chat *
model_last_visited(const struct model *m, int64_t but)
{
	struct chat *best = NULL;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->v[i]->id != but && m->v[i]->visited > 0 &&
		    (best == NULL || m->v[i]->visited > best->visited))
			best = m->v[i];
	}
	return best;
}

bool
model_is_muted(const struct chat *c, uint64_t wall)
{
	return c->muted_until_ms > wall;
}

/* It has something that is to be looked at. */
static bool
calls(const struct chat *c, uint64_t wall)
{
	return (c->unread > 0 || c->marked_unread) && !c->archived &&
	       !model_is_muted(c, wall);
}

struct chat *
model_next_unread(const struct model *m, int64_t from, uint64_t wall)
{
	size_t i, at, start = model_index(m, from);

	for (i = 1; i <= m->n; i++) {
		at = start < m->n ? (start + i) % m->n : i - 1;
		if (calls(m->v[at], wall) && m->v[at]->id != from)
			return m->v[at];
	}
	return NULL;
}

uint32_t
model_unread(const struct model *m, uint64_t wall)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (calls(m->v[i], wall))
			sum += m->v[i]->unread > 0 ? m->v[i]->unread : 1;
	}
	return sum;
}

size_t
model_shown(const struct model *m)
{
	size_t n = m->n;

	while (n > 0 && m->v[n - 1]->archived)
		n--;
	return n;
}

void
model_drop(struct model *m, int64_t id)
{
	size_t i = model_index(m, id);

	if (i == m->n)
		return;
	chat_free(m->v[i]);
	m->n--;
	memmove(&m->v[i], &m->v[i + 1], (m->n - i) * sizeof(m->v[0]));
}

int
model_set_draft(struct chat *c, const char *text)
{
	char *s = strdup(text);

	if (s == NULL)
		return ERR_NOMEM;
	text_free(c->draft);
	c->draft = s;
	return 0;
}

bool
model_expire_typing(struct model *m, uint64_t mono, uint64_t *next)
{
	bool changed = false;
	struct chat *c;
	size_t i;

	for (i = 0; i < m->n; i++) {
		c = m->v[i];
		if (c->typing_until == 0)
			continue;
		if (c->typing_until <= mono) {
			c->typing_until = 0;
			changed = true;
		} else if (c->typing_until < *next) {
			*next = c->typing_until;
		}
	}
	return changed;
}

/* ---- ourselves, the connection ---------------------------------------------------- */

int
model_set_self(struct model *m, const struct engine_self *self)
{
	struct engine_self s = *self;

	s.phone = dup(self->phone);
	s.name = dup(self->name);
	s.relay = dup(self->relay);
	s.relay_name = dup(self->relay_name);
	if (s.phone == NULL || s.name == NULL || s.relay == NULL ||
	    s.relay_name == NULL) {
		self_clear(&s);
		return ERR_NOMEM;
	}
	self_clear(&m->self);
	m->self = s;
	m->has_self = true;
	return 0;
}

void
model_set_conn(struct model *m, enum conn_state conn, const char *text,
    uint32_t retry_ms, uint64_t mono)
{
	free(m->conn_text);
	m->conn_text = text != NULL ? strdup(text) : NULL;
	m->conn = conn;
	m->retry_at = retry_ms > 0 ? mono + retry_ms : 0;
}

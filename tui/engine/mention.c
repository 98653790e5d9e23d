/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/engine/mention.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/engine/group.h"
#include "tui/engine/row.h"

#define NAMELESS "member" /* who has given themselves no name */

static void
wipe(char **text)
{
	if (*text != NULL)
		sodium_memzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void
mentions_clear(struct mentions *m)
{
	wipe(&m->text);
	memset(m, 0, sizeof(*m));
}

/* ---- ours --------------------------------------------------------------------- */

/* A member, and by what they are named. */
struct person {
	uint8_t account[STORE_ID_LEN];
	char shown[STORE_NAME_MAX]; /* here */
	char profile[STORE_NAME_MAX]; /* by themselves; "" */
	char phone[STORE_PHONE_MAX]; /* "" */
};

struct people {
	struct person *v;
	size_t n;
};

static int
load_person(struct engine *e, const uint8_t *account, struct person *p)
{
	struct store_contact c;
	int r = store_contact_get(e->store, account, &c);

	memcpy(p->account, account, STORE_ID_LEN);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r; /* nothing to call them */
	account_name(e, account, p->shown);
	memcpy(p->profile, c.profile_name, sizeof(p->profile));
	memcpy(p->phone, c.phone, sizeof(p->phone));
	return 0;
}

static int
load_people(struct engine *e, const uint8_t *group, struct people *out)
{
	struct group_member m;
	struct group_view v;
	int r = group_view_get(e, group, &v);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	out->v = calloc(v.pub.n_members + 1, sizeof(*out->v));
	if (out->v == NULL)
		r = ERR_NOMEM;
	for (size_t i = 0; r == 0 && i < v.pub.n_members; i++) {
		group_public_member(&v.pub, i, &m);
		if (!own_account(e, m.account))
			r = load_person(e, m.account, &out->v[out->n++]);
	}
	group_view_clear(&v);
	return r;
}

/* A name does not go on in the middle of a word. */
static bool
ends_here(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return !isalnum(c) && c < 0x80;
}

static size_t
begins_with(const char *s, const char *name)
{
	size_t n = strlen(name);

	return n > 0 && strncasecmp(s, name, n) == 0 && ends_here(s + n) ? n
									 : 0;
}

/* Who is named at s, which is behind the "@"; NULL: nobody. *len: of it. */
static const struct person *
named_at(const struct people *all, const char *s, size_t *len)
{
	const struct person *found = NULL;
	bool several = false;

	*len = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct person *p = &all->v[i];
		const char *const names[] = {p->shown, p->profile, p->phone};
		size_t best = 0, n;

		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			n = begins_with(s, names[k]);
			best = n > best ? n : best;
		}
		if (best == 0 || best < *len)
			continue;
		several = best == *len;
		*len = best;
		found = p;
	}
	return several ? NULL : found;
}

static bool
may_begin(const char *text, const char *at)
{
	return at == text || (ends_here(at - 1) && at[-1] != '.');
}

/* What stands for them in what is sent: a number that was written stays. */
static int
put_name(struct buf *b, const struct person *p, const char *typed, size_t len)
{
	if (strlen(p->phone) == len && strncmp(p->phone, typed, len) == 0)
		return buf_put(b, typed, len);
	if (p->profile[0] != '\0')
		return buf_put(b, p->profile, strlen(p->profile));
	return buf_put(b, NAMELESS, strlen(NAMELESS));
}

static int
write_text(const struct people *all, const char *text, struct buf *b,
    struct mentions *out)
{
	const struct person *p;
	const char *s = text, *at;
	size_t len;
	int r = 0;

	while (r == 0 && out->n < STORE_MENTIONS_MAX &&
	       (at = strchr(s, '@')) != NULL) {
		p = may_begin(text, at) ? named_at(all, at + 1, &len) : NULL;
		r = buf_put(b, s, (size_t)(at + 1 - s));
		s = at + 1;
		if (r != 0 || p == NULL)
			continue;
		memcpy(out->v[out->n].account, p->account, STORE_ID_LEN);
		out->v[out->n].start = (uint32_t)(b->len - 1);
		r = put_name(b, p, s, len);
		out->v[out->n].len = (uint32_t)b->len - out->v[out->n].start;
		out->n++;
		s += len;
	}
	return r == 0 ? buf_put(b, s, strlen(s) + 1) : r;
}

int
mentions_of_text(struct engine *e, const struct store_chat *chat,
    const char *text, struct mentions *out)
{
	struct people all = {.v = NULL};
	size_t len;
	struct buf b;
	int r;

	memset(out, 0, sizeof(*out));
	if (chat->kind != STORE_CHAT_GROUP || strchr(text, '@') == NULL)
		return 0;
	buf_init(&b, STORE_TEXT_MAX + 1);
	r = load_people(e, chat->peer, &all);
	if (r == 0)
		r = write_text(&all, text, &b, out);
	if (r == 0 && out->n > 0)
		buf_detach(&b, (uint8_t **)&out->text, &len);
	if (r == ERR_FULL) { /* too long by a name: it goes as it is */
		mentions_clear(out);
		r = 0;
	}
	if (b.p != NULL)
		sodium_memzero(b.p, b.len);
	buf_clear(&b);
	free(all.v);
	return r;
}

/* ---- theirs ------------------------------------------------------------------- */

/* Between two characters of a text. */
static bool
at_boundary(const char *text, size_t i)
{
	return ((unsigned char)text[i] & 0xc0) != 0x80;
}

static bool
is_sound(
    const Sotto__Content__Mention *m, const char *text, size_t len, size_t from)
{
	return m->account_id.len == STORE_ID_LEN && m->start >= from &&
	       m->start < len && m->length >= 2 &&
	       m->length <= MENTION_LEN_MAX && m->length <= len - m->start &&
	       text[m->start] == '@' &&
	       at_boundary(text, (size_t)m->start + m->length) &&
	       memchr(text + m->start, '\n', m->length) == NULL;
}

static bool
all_sound(Sotto__Content__Mention *const *wire, size_t n, const char *text)
{
	size_t len = strlen(text), from = 0;

	if (n > STORE_MENTIONS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_sound(wire[i], text, len, from))
			return false;
		from = (size_t)wire[i]->start + wire[i]->length;
	}
	return true;
}

int
mentions_of_wire(struct engine *e, int64_t chat, const char *raw,
    const char *clean, Sotto__Content__Mention *const *wire, size_t n_wire,
    struct mentions *out, bool *me)
{
	uint8_t group[STORE_ID_LEN];
	enum store_chat_kind kind;
	struct group_view v;
	int r;

	memset(out, 0, sizeof(*out));
	*me = false;
	if (n_wire == 0 || strcmp(raw, clean) != 0 ||
	    !all_sound(wire, n_wire, clean))
		return 0;
	r = store_chat_kind(e->store, chat, &kind, group);
	if (r != 0 || kind != STORE_CHAT_GROUP)
		return r;
	r = group_view_get(e, group, &v);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	for (size_t i = 0; i < n_wire; i++) {
		struct store_mention *m = &out->v[out->n];

		if (!group_public_find(&v.pub, wire[i]->account_id.data, NULL))
			continue;
		memcpy(m->account, wire[i]->account_id.data, STORE_ID_LEN);
		m->start = wire[i]->start;
		m->len = wire[i]->length;
		*me |= own_account(e, m->account);
		out->n++;
	}
	group_view_clear(&v);
	return 0;
}

void
mentions_write(struct mentions_wire *w, const struct store_mention *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sotto__content__mention__init(&w->one[i]);
		w->one[i].account_id = (ProtobufCBinaryData){
		    STORE_ID_LEN, (uint8_t *)(uintptr_t)v[i].account};
		w->one[i].start = v[i].start;
		w->one[i].length = v[i].len;
		w->list[i] = &w->one[i];
	}
}

/* ---- shown -------------------------------------------------------------------- */

static int
put_shown(struct engine *e, struct buf *b, const struct store_mention *m,
    struct mention_row *row)
{
	char who[STORE_NAME_MAX];
	const char *name = account_name(e, m->account, who);

	*row = (struct mention_row){.me = own_account(e, m->account)};
	if (row->me && e->self.name != NULL && e->self.name[0] != '\0')
		name = e->self.name;
	memcpy(row->account, m->account, STORE_ID_LEN);
	row->off = (uint32_t)b->len;
	row->len = (uint32_t)strlen(name) + 1;
	return buf_printf(b, "@%s", name);
}

/* As it was when they were stored; history may come with another text. */
static bool
fits(const struct store_mention *v, size_t n, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].start < from || v[i].start >= len || v[i].len < 1 ||
		    v[i].len > len - v[i].start || text[v[i].start] != '@' ||
		    !at_boundary(text, (size_t)v[i].start + v[i].len))
			return false;
		from = (size_t)v[i].start + v[i].len;
	}
	return true;
}

int
mentions_show(struct engine *e, struct msg_row *out)
{
	struct store_mention v[STORE_MENTIONS_MAX];
	const char *text = out->text;
	size_t n = 0, at = 0, len = strlen(text);
	struct mention_row *rows;
	struct buf b;
	int r = store_mention_get(e->store, out->id, v, &n);

	if (r != 0 || n == 0 || !fits(v, n, text, len))
		return r;
	rows = calloc(n, sizeof(*rows));
	if (rows == NULL)
		return ERR_NOMEM;
	buf_init(&b, len + n * (STORE_NAME_MAX + 1) + 1);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = buf_put(&b, text + at, v[i].start - at);
		if (r == 0)
			r = put_shown(e, &b, &v[i], &rows[i]);
		at = (size_t)v[i].start + v[i].len;
	}
	if (r == 0)
		r = buf_put(&b, text + at, len - at + 1);
	if (r == 0) {
		wipe(&out->text);
		buf_detach(&b, (uint8_t **)&out->text, &len);
		out->mentions = rows;
		out->n_mentions = n;
		rows = NULL;
	}
	free(rows);
	buf_clear(&b);
	return r;
}

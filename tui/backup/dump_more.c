/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dump_more.c — groups, people of status posts and settings, both ways. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/backup/dump_int.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_group.h"
#include "tui/store/store_setting.h"
#include "tui/store/store_status.h"

/* What a person has set, and no state of this device. */
static const char *const settings[] = {
    "read_receipts",
    "share_presence",
    "group_key_messages",
    "group_key_days",
    STORE_SET_AUDIENCE,
};

enum part { GROUPS, PEOPLE, SETTINGS, NONE };

struct dump_more {
	struct store *s;
	enum part part;
	size_t next;
	struct store_group *groups; /* without records */
	struct store_status_person *people;
	size_t n_groups, n_people;
};

int
dump_more_new(struct dump_more **out, struct store *s)
{
	struct dump_more *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL)
		return ERR_NOMEM;
	m->s = s;
	r = store_group_list(s, &m->groups, &m->n_groups);
	if (r == 0)
		r = store_status_people(s, &m->people, &m->n_people);
	if (r != 0) {
		dump_more_free(m);
		return r;
	}
	*out = m;
	return 0;
}

void
dump_more_free(struct dump_more *m)
{
	if (m == NULL)
		return;
	if (m->groups != NULL) /* tokens */
		sodium_memzero(m->groups, m->n_groups * sizeof(*m->groups));
	free(m->groups);
	free(m->people);
	free(m);
}

/* ---- groups ------------------------------------------------------------------------ */

/* What is half way in, the relay tells anew. */
static bool
is_settled(uint32_t standing)
{
	return standing == STORE_GROUP_MEMBER || standing == STORE_GROUP_LEFT ||
	       standing == STORE_GROUP_REMOVED;
}

static int
pack_group(const struct store_group *g, const char *title, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Group k = SOTTO__BACKUP__GROUP__INIT;

	k.id = dump_bytes(g->id, STORE_ID_LEN);
	k.standing = g->standing;
	k.version = g->version;
	k.wanted = g->wanted;
	k.record = dump_bytes(g->record, g->len);
	if (g->has_token)
		k.token = dump_bytes(g->token, sizeof(g->token));
	k.alarm = (uint32_t)g->alarm;
	k.alarm_version = g->alarm_version;
	k.alarm_ms = g->alarm_ms;
	k.alarm_accepted = g->alarm_accepted;
	k.title = (char *)(uintptr_t)title;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_GROUP;
	rec.group = &k;
	return dump_pack(&rec, out);
}

/* ERR_NOTFOUND: this one is not kept. */
static int
put_group(struct dump_more *m, const struct store_group *row, struct buf *out)
{
	struct store_group g = {0};
	struct store_chat c = {0};
	int r = store_group_get(m->s, row->id, &g); /* may have gone */

	if (r != 0)
		return r;
	if (!is_settled(g.standing) || g.len == 0)
		r = ERR_NOTFOUND;
	if (r == 0)
		r = store_chat_get(m->s, g.chat, &c);
	if (r == 0)
		r = pack_group(&g, c.title, out);
	store_chat_clear(&c);
	store_group_clear(&g);
	return r;
}

static int
read_group(struct store_group *g, const Sotto__Backup__Group *k)
{
	if (k->id.len != STORE_ID_LEN || !is_settled(k->standing) ||
	    k->version == 0 || k->record.len == 0 ||
	    k->record.len > STORE_GROUP_RECORD_MAX ||
	    (k->token.len != 0 && k->token.len != sizeof(g->token)))
		return ERR_FORMAT;
	memcpy(g->id, k->id.data, STORE_ID_LEN);
	g->standing = (enum store_standing)k->standing;
	g->wanted = k->wanted > k->version ? k->wanted : k->version;
	g->alarm = (int)k->alarm;
	g->alarm_version = k->alarm_version;
	g->alarm_ms = k->alarm_ms;
	g->alarm_accepted = k->alarm_accepted;
	g->has_token = k->token.len != 0;
	if (g->has_token)
		memcpy(g->token, k->token.data, sizeof(g->token));
	/* What has happened meanwhile, the relay has. */
	if (g->standing == STORE_GROUP_MEMBER)
		g->todo = STORE_GROUP_ENTRIES;
	return 0;
}

/* A row without a record is what the relay's list has made of it. */
static int
put_restored(struct store *s, struct store_group *g,
    const Sotto__Backup__Group *k, uint32_t wanted)
{
	int r = store_chat_open(s, STORE_CHAT_GROUP, g->id, 0, &g->chat);

	if (g->wanted < wanted)
		g->wanted = wanted;
	if (r == 0)
		r = store_group_put(s, g);
	if (r == 0)
		r = store_group_put_record(
		    s, g->id, k->version, k->record.data, k->record.len);
	if (r == 0 && k->title[0] != '\0')
		r = store_chat_set_title(s, g->chat, k->title);
	return r;
}

int
restore_group(struct store *s, const Sotto__Backup__Group *k)
{
	struct store_group g = {0}, there = {0};
	int r = read_group(&g, k);

	if (r == 0 && s != NULL) {
		r = store_group_peek(s, g.id, &there);
		if (r == ERR_NOTFOUND || (r == 0 && there.version == 0))
			r = put_restored(s, &g, k, there.wanted);
	}
	sodium_memzero(&g, sizeof(g));
	sodium_memzero(&there, sizeof(there));
	return r;
}

/* ---- people ------------------------------------------------------------------------- */

static int
put_person(const struct store_status_person *p, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Person k = SOTTO__BACKUP__PERSON__INIT;

	if (!p->but && !p->only && !p->muted)
		return ERR_NOTFOUND;
	k.account_id = dump_bytes(p->account, STORE_ID_LEN);
	k.but = p->but;
	k.only = p->only;
	k.muted = p->muted;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_PERSON;
	rec.person = &k;
	return dump_pack(&rec, out);
}

int
restore_person(struct store *s, const Sotto__Backup__Person *k)
{
	const struct {
		enum store_status_mark mark;
		bool on;
	} marks[] = {
	    {STORE_STATUS_BUT, k->but},
	    {STORE_STATUS_ONLY, k->only},
	    {STORE_STATUS_MUTED, k->muted},
	};
	size_t i;
	int r = k->account_id.len == STORE_ID_LEN ? 0 : ERR_FORMAT;

	for (i = 0; s != NULL && r == 0 && i < ARRAY_LEN(marks); i++)
		if (marks[i].on)
			r = store_status_mark(
			    s, k->account_id.data, marks[i].mark, true);
	return r;
}

/* ---- settings ------------------------------------------------------------------------ */

static int
put_setting(struct store *s, const char *name, struct buf *out)
{
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Setting k = SOTTO__BACKUP__SETTING__INIT;
	char *value = NULL;
	int r = store_setting_get(s, name, &value);

	if (r != 0)
		return r;
	k.name = (char *)(uintptr_t)name;
	k.value = value;
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_SETTING;
	rec.setting = &k;
	r = dump_pack(&rec, out);
	free(value);
	return r;
}

int
restore_setting(struct store *s, const Sotto__Backup__Setting *k)
{
	char *there = NULL;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_LEN(settings); i++)
		if (strcmp(k->name, settings[i]) == 0)
			break;
	if (s == NULL || i == ARRAY_LEN(settings))
		return 0; /* of a newer sotto, or none of ours to take */
	r = store_setting_get(s, k->name, &there);
	free(there);
	return r == ERR_NOTFOUND ? store_setting_put(s, k->name, k->value) : r;
}

/* ---- one after another ----------------------------------------------------------------- */

int
dump_more_next(struct dump_more *m, struct buf *out)
{
	const size_t n[] = {m->n_groups, m->n_people, ARRAY_LEN(settings)};
	size_t i;
	int r;

	while (m->part != NONE) {
		if (m->next == n[m->part]) {
			m->part++;
			m->next = 0;
			continue;
		}
		i = m->next++;
		if (m->part == GROUPS)
			r = put_group(m, &m->groups[i], out);
		else if (m->part == PEOPLE)
			r = put_person(&m->people[i], out);
		else
			r = put_setting(m->s, settings[i], out);
		if (r != ERR_NOTFOUND)
			return r;
	}
	return ERR_NOTFOUND;
}

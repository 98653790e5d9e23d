/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status_people.c — who sees posts, and whose are muted; the same on all of our
 * devices. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/row.h"
#include "tui/engine/status.h"
#include "tui/engine/sync.h"
#include "tui/store/store_clock.h"
#include "tui/store/store_setting.h"

/* protobuf-c's bytes are not const; it only reads them. */
static ProtobufCBinaryData
bytes_of(const uint8_t *p)
{
	return (ProtobufCBinaryData){STORE_ID_LEN, (uint8_t *)(uintptr_t)p};
}

/* ---- the audience -------------------------------------------------------------- */

static int
get_mode(struct engine *e, enum status_mode *mode)
{
	int64_t v;
	int r = store_setting_get_int(
	    e->store, STORE_SET_AUDIENCE, STORE_AUDIENCE_ALL, &v);

	/* A later version's: nobody, rather than somebody too many. */
	if (r == 0)
		*mode = v < STATUS_ALL || v > STATUS_ONLY ? STATUS_ONLY
							  : (enum status_mode)v;
	return r;
}

static bool
sees(const struct store_status_person *p, enum status_mode mode)
{
	return p->contact && (mode == STATUS_ALL      ? true
				 : mode == STATUS_BUT ? !p->but
						      : p->only);
}

int
status_audience_now(struct engine *e, uint8_t (**v)[STORE_ID_LEN], size_t *n)
{
	struct store_status_person *p = NULL;
	uint8_t(*out)[STORE_ID_LEN];
	enum status_mode mode;
	size_t i, len = 0, n_people = 0;
	int r = get_mode(e, &mode);

	if (r == 0)
		r = store_status_people(e->store, &p, &n_people);
	if (r != 0)
		return r;
	out = calloc(n_people + 1, sizeof(*out));
	if (out == NULL) {
		free(p);
		return ERR_NOMEM;
	}
	for (i = 0; i < n_people && len < STORE_STATUS_AUDIENCE; i++)
		if (sees(&p[i], mode))
			memcpy(out[len++], p[i].account, STORE_ID_LEN);
	free(p);
	*v = out;
	*n = len;
	return 0;
}

/* What has not left is not for those who do not see it any more. */
static int
drop_others(struct engine *e)
{
	struct store_status_person *p = NULL;
	enum status_mode mode;
	size_t i, n = 0;
	int r = get_mode(e, &mode);

	if (r == 0)
		r = store_status_people(e->store, &p, &n);
	for (i = 0; r == 0 && i < n; i++)
		if (!sees(&p[i], mode))
			r = store_status_audience_drop(e->store, p[i].account);
	free(p);
	return r;
}

static int
put_audience(struct engine *e, enum status_mode mode,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n)
{
	int r = store_setting_put_int(e->store, STORE_SET_AUDIENCE, mode);

	if (r == 0 && mode != STATUS_ALL)
		r = store_status_list_put(e->store,
		    mode == STATUS_BUT ? STORE_STATUS_BUT : STORE_STATUS_ONLY,
		    accounts, n);
	return r == 0 ? drop_others(e) : r;
}

/* ---- as a row -------------------------------------------------------------------- */

void
status_audience_free(struct status_audience *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n_people; i++) {
		free(a->people[i].name);
		free(a->people[i].phone);
	}
	free(a->people);
	free(a);
}

static int
by_name(const void *a, const void *b)
{
	const struct status_person_row *x = a, *y = b;
	int c = strcasecmp(x->name, y->name);

	return c != 0 ? c : memcmp(x->account, y->account, ENGINE_ID_LEN);
}

static int
person_row(struct engine *e, struct status_person_row *out,
    const struct store_status_person *p, enum status_mode mode)
{
	struct store_contact c;
	char who[STORE_NAME_MAX];
	int r = store_contact_get(e->store, p->account, &c);

	if (r != 0)
		return r;
	*out = (struct status_person_row){.contact = p->contact,
	    .but = p->but,
	    .only = p->only,
	    .muted = p->muted,
	    .sees = sees(p, mode),
	    .name = strdup(account_name(e, p->account, who)),
	    .phone = strdup(c.phone)};
	memcpy(out->account, p->account, STORE_ID_LEN);
	return out->name != NULL && out->phone != NULL ? 0 : ERR_NOMEM;
}

static int
fill_people(struct engine *e, struct status_audience *a,
    const struct store_status_person *p, size_t n)
{
	size_t i;
	int r = 0;

	a->people = calloc(n + 1, sizeof(*a->people));
	if (a->people == NULL)
		return ERR_NOMEM;
	for (i = 0; r == 0 && i < n; i++) {
		r = person_row(e, &a->people[i], &p[i], a->mode);
		a->n_people++; /* also half of one, to be freed */
		a->sees += a->people[i].sees;
	}
	if (r == 0)
		qsort(a->people, a->n_people, sizeof(*a->people), by_name);
	return r;
}

int
status_audience_row(struct engine *e, struct status_audience **out)
{
	struct status_audience *a = calloc(1, sizeof(*a));
	struct store_status_person *p = NULL;
	size_t n = 0;
	int r = a == NULL ? ERR_NOMEM : get_mode(e, &a->mode);

	if (r == 0)
		r = store_status_people(e->store, &p, &n);
	if (r == 0)
		r = fill_people(e, a, p, n);
	free(p);
	if (r == 0)
		*out = a;
	else
		status_audience_free(a);
	return r;
}

/* ---- telling our other devices ------------------------------------------------------ */

struct lists {
	ProtobufCBinaryData *but, *only;
	size_t n_but, n_only;
};

static int
collect(const struct store_status_person *p, size_t n, struct lists *l)
{
	size_t i;

	*l = (struct lists){.but = calloc(n + 1, sizeof(*l->but)),
	    .only = calloc(n + 1, sizeof(*l->only))};
	if (l->but == NULL || l->only == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		if (p[i].but)
			l->but[l->n_but++] = bytes_of(p[i].account);
		if (p[i].only)
			l->only[l->n_only++] = bytes_of(p[i].account);
	}
	return 0;
}

static int
tell_audience(struct engine *e)
{
	Sotto__Content__SyncStatus m = SOTTO__CONTENT__SYNC_STATUS__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	struct store_status_person *p = NULL;
	struct lists l = {.but = NULL};
	enum status_mode mode;
	size_t n = 0;
	int r = get_mode(e, &mode);

	if (r == 0)
		r = store_clock_get(e->store, e->self.account,
		    STORE_CLOCK_AUDIENCE, &m.audience_stamp);
	if (r == 0)
		r = store_status_people(e->store, &p, &n);
	if (r == 0)
		r = collect(p, n, &l);
	if (r == 0 && m.audience_stamp > 0) {
		m.audience = mode;
		m.but = l.but;
		m.n_but = l.n_but;
		m.only = l.only;
		m.n_only = l.n_only;
		s.what_case = SOTTO__CONTENT__SYNC__WHAT_STATUS;
		s.status = &m;
		r = sync_tell(e, &s);
	}
	free(l.but);
	free(l.only);
	free(p);
	return r;
}

static int
tell_muted(struct engine *e, const struct store_status_person *p)
{
	Sotto__Content__SyncStatus__Muted one =
	    SOTTO__CONTENT__SYNC_STATUS__MUTED__INIT;
	Sotto__Content__SyncStatus__Muted *v[1] = {&one};
	Sotto__Content__SyncStatus m = SOTTO__CONTENT__SYNC_STATUS__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	int r = store_clock_get(
	    e->store, p->account, STORE_CLOCK_STATUS_MUTED, &one.stamp);

	if (r != 0)
		return r;
	one.account_id = bytes_of(p->account);
	one.on = p->muted;
	m.muted = v;
	m.n_muted = 1;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_STATUS;
	s.status = &m;
	return sync_tell(e, &s);
}

int
status_sync_all(struct engine *e)
{
	struct store_status_person *p = NULL;
	size_t i, n = 0;
	int r = tell_audience(e);

	if (r == 0)
		r = store_status_people(e->store, &p, &n);
	for (i = 0; r == 0 && i < n; i++)
		if (p[i].muted)
			r = tell_muted(e, &p[i]);
	free(p);
	return r;
}

static int
tell_post(struct engine *e, Sotto__Content__SyncStatusPost *m)
{
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;

	s.what_case = SOTTO__CONTENT__SYNC__WHAT_STATUS_POST;
	s.status_post = m;
	return sync_tell(e, &s);
}

int
status_sync_seen(struct engine *e, const struct store_status *st)
{
	Sotto__Content__SyncStatusPost m =
	    SOTTO__CONTENT__SYNC_STATUS_POST__INIT;

	m.author_account = bytes_of(st->account);
	m.message_id = bytes_of(st->message_id);
	m.seen = true;
	return tell_post(e, &m);
}

int
status_sync_sent(struct engine *e, const struct store_status *st)
{
	Sotto__Content__SyncStatusPost m =
	    SOTTO__CONTENT__SYNC_STATUS_POST__INIT;
	uint8_t(*to)[STORE_ID_LEN] = NULL;
	ProtobufCBinaryData *v = NULL;
	size_t i, n = 0;
	int r = store_status_audience(e->store, st->id, &to, &n);

	if (r == 0) {
		v = calloc(n + 1, sizeof(*v));
		r = v == NULL ? ERR_NOMEM : 0;
	}
	for (i = 0; r == 0 && i < n; i++)
		v[i] = bytes_of(to[i]);
	if (r == 0) {
		m.author_account = bytes_of(st->account);
		m.message_id = bytes_of(st->message_id);
		m.audience = v;
		m.n_audience = n;
		r = tell_post(e, &m);
	}
	free(v);
	free(to);
	return r;
}

/* ---- set here ------------------------------------------------------------------------ */

int
status_set_audience(struct engine *e, enum status_mode mode,
    const uint8_t (*accounts)[STORE_ID_LEN], size_t n)
{
	int r = put_audience(e, mode, accounts, n);

	if (r == 0)
		r = store_clock_tick(e->store, e->self.account,
		    STORE_CLOCK_AUDIENCE, engine_now_ms(), e->self.device);
	return r == 0 ? tell_audience(e) : r;
}

static int
put_muted(struct engine *e, const uint8_t account[static STORE_ID_LEN], bool on)
{
	struct engine_event *ev;
	int r = store_status_mark(e->store, account, STORE_STATUS_MUTED, on);

	if (r != 0)
		return r;
	ev = event_new(e, EV_STATUS_MUTED, 0);
	if (ev == NULL)
		return ERR_NOMEM;
	ev->changed = true;
	event_post_later(e, ev);
	return 0;
}

int
status_mute(
    struct engine *e, const uint8_t account[static STORE_ID_LEN], bool on)
{
	struct store_status_person p;
	int r = store_status_person(e->store, account, &p);

	if (r != 0 || p.muted == on)
		return r;
	p.muted = on;
	r = put_muted(e, account, on);
	if (r == 0)
		r = store_clock_tick(e->store, account,
		    STORE_CLOCK_STATUS_MUTED, engine_now_ms(), e->self.device);
	return r == 0 ? tell_muted(e, &p) : r;
}

int
status_blocked(struct engine *e, const uint8_t account[static STORE_ID_LEN])
{
	struct store_statuses l = {.n = 0};
	size_t i;
	int r = store_status_audience_drop(e->store, account);

	if (r == 0)
		r = store_status_page(e->store, 0, &l);
	for (i = 0; r == 0 && i < l.n; i++)
		if (memcmp(l.v[i].account, account, STORE_ID_LEN) == 0)
			r = status_remove(e, l.v[i].id);
	store_statuses_clear(&l);
	return r;
}

/* ---- set elsewhere --------------------------------------------------------------------- */

/* Those that are accounts; heap, NULL: no memory. */
static uint8_t (*accounts_of(
    const ProtobufCBinaryData *v, size_t n, size_t *len))[STORE_ID_LEN]
{
	uint8_t(*out)[STORE_ID_LEN] = calloc(n + 1, sizeof(*out));
	size_t i;

	*len = 0;
	for (i = 0; out != NULL && i < n && *len < STORE_STATUS_AUDIENCE; i++)
		if (v[i].len == STORE_ID_LEN)
			memcpy(out[(*len)++], v[i].data, STORE_ID_LEN);
	return out;
}

static int
take_list(struct engine *e, enum store_status_mark list,
    const ProtobufCBinaryData *v, size_t n)
{
	size_t len;
	uint8_t(*a)[STORE_ID_LEN] = accounts_of(v, n, &len);
	int r = a == NULL ? ERR_NOMEM
			  : store_status_list_put(e->store, list,
				(const uint8_t(*)[STORE_ID_LEN])a, len);

	free(a);
	return r;
}

static int
take_audience(struct engine *e, const Sotto__Content__SyncStatus *m)
{
	bool newer;
	int r = store_clock_take(e->store, e->self.account,
	    STORE_CLOCK_AUDIENCE, m->audience_stamp, &newer);

	if (r != 0 || !newer)
		return r;
	r = store_setting_put_int(e->store, STORE_SET_AUDIENCE, m->audience);
	if (r == 0)
		r = take_list(e, STORE_STATUS_BUT, m->but, m->n_but);
	if (r == 0)
		r = take_list(e, STORE_STATUS_ONLY, m->only, m->n_only);
	return r == 0 ? drop_others(e) : r;
}

static int
take_muted(struct engine *e, const Sotto__Content__SyncStatus__Muted *m)
{
	bool newer;
	int r;

	if (m->account_id.len != STORE_ID_LEN)
		return 0;
	r = store_clock_take(e->store, m->account_id.data,
	    STORE_CLOCK_STATUS_MUTED, m->stamp, &newer);
	return r == 0 && newer ? put_muted(e, m->account_id.data, m->on) : r;
}

int
status_sync_take(struct engine *e, const Sotto__Content__SyncStatus *m)
{
	size_t i;
	int r = take_audience(e, m);

	for (i = 0; r == 0 && i < m->n_muted; i++)
		r = take_muted(e, m->muted[i]);
	return r;
}

static int
take_sent_to(
    struct engine *e, int64_t id, const Sotto__Content__SyncStatusPost *m)
{
	size_t n;
	uint8_t(*a)[STORE_ID_LEN] = accounts_of(m->audience, m->n_audience, &n);
	int r = a == NULL ? ERR_NOMEM
			  : store_status_audience_put(e->store, id,
				(const uint8_t(*)[STORE_ID_LEN])a, n);

	free(a);
	return r == 0 ? status_changed(e, id) : r;
}

int
status_sync_take_post(struct engine *e, const Sotto__Content__SyncStatusPost *m)
{
	bool news = false;
	int64_t id;
	int r;

	if (m->author_account.len != STORE_ID_LEN ||
	    m->message_id.len != STORE_ID_LEN)
		return 0;
	r = store_status_find(
	    e->store, m->author_account.data, m->message_id.data, &id);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (own_account(e, m->author_account.data))
		return take_sent_to(e, id, m);
	if (m->seen)
		r = store_status_see(e->store, id, &news);
	return r == 0 && news ? status_changed(e, id) : r;
}

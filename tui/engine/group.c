/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group.c — what the rest of the engine asks about groups, and how a group's
 * row and record change. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/e164.h"
#include "tui/engine/group_int.h"
#include "tui/store/store_chat.h"

struct groups *
groups_get(struct engine *e)
{
	if (e->groups == NULL) {
		e->groups = calloc(1, sizeof(*e->groups));
		if (e->groups != NULL)
			e->groups->e = e;
	}
	return e->groups;
}

void
groups_close(struct engine *e)
{
	free(e->groups);
	e->groups = NULL;
}

/* ---- questions -------------------------------------------------------------- */

int
group_view_get(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    struct group_view *v)
{
	struct store_group g = {0};
	int r = store_group_get(e->store, id, &g);

	if (r != 0)
		return r;
	r = g.len == 0 ? ERR_NOTFOUND : group_view_open(v, g.record, g.len);
	store_group_clear(&g);
	return r;
}

/* Why nothing can be written at this standing; NULL: it can. */
static const char *
standing_why(enum store_standing s, int *err)
{
	*err = ERR_STATE;
	switch (s) {
	case STORE_GROUP_MEMBER:
		*err = 0;
		return NULL;
	case STORE_GROUP_MAKING:
		return "The relay does not have the group yet.";
	case STORE_GROUP_ADDED:
		return "Waiting for what a member tells about the group.";
	case STORE_GROUP_ASKED:
		return "An admin has not let you in yet.";
	case STORE_GROUP_JOINING:
		return "The relay has not taken you in yet.";
	case STORE_GROUP_LEFT:
	case STORE_GROUP_REMOVED:
	case STORE_GROUP_FAILED:
		break;
	}
	*err = ERR_DENIED;
	return s == STORE_GROUP_LEFT	  ? "You have left the group."
	       : s == STORE_GROUP_REMOVED ? "You are not in the group any more."
					  : "There is no such group.";
}

int
group_may_send(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], const char **why)
{
	struct store_group g = {0};
	struct group_view v;
	int err, r = store_group_get(e->store, id, &g);

	*why = "There is no such group.";
	if (r != 0)
		return r;
	*why = standing_why(g.standing, &err);
	if (err == 0 && g.alarm != 0 && !g.alarm_accepted) {
		*why = group_alarm_text(g.alarm);
		err = ERR_UNTRUSTED;
	}
	if (err == 0)
		err = g.len == 0 ? ERR_STATE
				 : group_view_open(&v, g.record, g.len);
	if (err == 0) {
		if (!group_public_may_send(&v.pub, e->self.account)) {
			*why = "Only admins may write in this group.";
			err = ERR_DENIED;
		}
		group_view_clear(&v);
	}
	store_group_clear(&g);
	return err;
}

bool
group_overridden(struct engine *e, const uint8_t id[static GROUP_ID_LEN])
{
	struct store_group g = {0};

	return store_group_peek(e->store, id, &g) == 0 && g.alarm != 0 &&
	       g.alarm_accepted;
}

int
group_chat(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], int64_t *chat)
{
	struct store_group g = {0};
	int r = store_group_peek(e->store, id, &g);

	if (r == 0)
		*chat = g.chat;
	return r;
}

const char *
group_who(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    char out[static GROUP_WHO_MAX])
{
	char shown[E164_FORMAT_CAP];
	struct store_contact c;
	const char *name = "Somebody";

	if (own_account(e, account))
		name = "You";
	else if (store_contact_get(e->store, account, &c) == 0)
		name = c.name[0] != '\0'	   ? c.name
		       : c.profile_name[0] != '\0' ? c.profile_name
		       : c.phone[0] != '\0'	   ? e164_format(shown, c.phone)
						   : name;
	text_sanitize(out, GROUP_WHO_MAX, name, strlen(name), TEXT_LINE);
	return out;
}

/* ---- what a message says --------------------------------------------------------- */

/* Somebody is at this version; fetch what we lack. */
static int
want(struct engine *e, struct store_group *g, uint32_t version)
{
	if (version <= g->version && g->version != 0)
		return 0;
	if (version > g->wanted)
		g->wanted = version;
	group_todo(g, STORE_GROUP_ENTRIES, 0);
	groups_wake(e);
	return store_group_put(e->store, g);
}

int
group_relay_at(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], uint32_t version)
{
	struct store_group g = {0};
	int r = store_group_peek(e->store, id, &g);

	if (r != 0 || version >= g.version)
		return r == 0 ? want(e, &g, version) : r;
	/* It may have said so before it took our change. */
	if (g.wanted < g.version)
		g.wanted = g.version;
	group_todo(&g, STORE_GROUP_ENTRIES, 0);
	groups_wake(e);
	return store_group_put(e->store, &g);
}

int
group_head_seen(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t account[static GROUP_ACCOUNT_LEN],
    const Sotto__Content__GroupHead *head, enum group_place *place)
{
	struct store_group g = {0};
	int r;

	(void)account;
	if (head->hash.len != GROUP_HASH_LEN || head->version == 0)
		return ERR_FORMAT;
	r = store_group_get(e->store, id, &g);
	if (r != 0)
		return r;
	*place = GROUP_THEY_AHEAD;
	if (g.len > 0)
		r = group_compare_head(
		    g.record, g.len, head->version, head->hash.data, place);
	if (r == 0 && *place == GROUP_THEY_AHEAD)
		r = want(e, &g, head->version);
	if (r == 0 && *place == GROUP_FORKED)
		r = group_alarm(e, &g, GROUP_WHY_FORK, head->version);
	store_group_clear(&g);
	return r;
}

/* ---- rows ------------------------------------------------------------------------- */

int
group_begin(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    enum store_standing standing, struct store_group *out)
{
	struct store_group g = {.standing = standing};
	int r;

	memcpy(g.id, id, sizeof(g.id));
	r = store_chat_open(
	    e->store, STORE_CHAT_GROUP, id, engine_now_ms(), &g.chat);
	if (r == 0)
		r = store_group_put(e->store, &g);
	if (r == 0)
		*out = g;
	return r;
}

void
group_todo(struct store_group *g, uint32_t bits, uint64_t after_ms)
{
	uint64_t at = engine_now_ms() + after_ms;

	if (g->todo == 0 || at < g->next_ms || after_ms == 0)
		g->next_ms = after_ms == 0 ? 0 : at;
	g->todo |= bits;
}

int
group_save(struct engine *e, const struct store_group *g)
{
	int r = store_group_put(e->store, g);

	if (r == 0)
		r = chat_changed(e, g->chat);
	return r == 0 ? group_changed(e, g->id) : r;
}

/* The name and the timer that members sealed. */
static int
show_meta(
    struct engine *e, const struct store_group *g, const struct group_view *v)
{
	char *title;
	int r;

	if (v->meta_version == 0)
		return 0;
	title = clean_text(v->meta.name, STORE_TEXT_MAX, TEXT_LINE);
	if (title == NULL)
		return ERR_NOMEM;
	r = store_chat_set_title(e->store, g->chat, title);
	free(title);
	return r == 0 ? store_chat_set(e->store, g->chat, STORE_CHAT_EXPIRE_S,
			    v->meta.timer_s)
		      : r;
}

static void
stand(struct engine *e, struct store_group *g, const struct group_view *v)
{
	if (group_public_find(&v->pub, e->self.account, NULL))
		g->standing = STORE_GROUP_MEMBER;
	else if (group_public_asked(&v->pub, e->self.account))
		g->standing = STORE_GROUP_ASKED;
	else if (g->standing == STORE_GROUP_ASKED)
		g->standing = STORE_GROUP_FAILED;
	else if (g->standing == STORE_GROUP_MEMBER)
		g->standing = STORE_GROUP_REMOVED;
	if (g->standing == STORE_GROUP_MEMBER && !v->has_secret &&
	    (g->todo & STORE_GROUP_ASK_KEY) == 0) {
		g->asked = 0;
		g->asked_ms = engine_now_ms(); /* it may be on its way */
		group_todo(g, STORE_GROUP_ASK_KEY, GROUP_KEY_MS);
	}
	if (v->has_secret || g->standing != STORE_GROUP_MEMBER)
		g->todo &= ~(uint32_t)STORE_GROUP_ASK_KEY;
	if (v->has_secret && (g->todo & STORE_GROUP_PROPOSE) != 0)
		group_todo(g, STORE_GROUP_PROPOSE, 0); /* it may wait for it */
}

/* A link that is none any more is not to be shown. */
static void
check_token(struct store_group *g, const struct group_view *v)
{
	uint8_t key[GROUP_LINK_KEY_LEN];

	if (!g->has_token)
		return;
	group_link_key(key, g->token);
	if (v->pub.link != GROUP_LINK_NONE &&
	    memcmp(key, v->pub.link_key, sizeof(key)) == 0)
		return;
	g->has_token = false;
	sodium_memzero(g->token, sizeof(g->token));
}

int
group_advance(struct engine *e, struct store_group *g, struct buf *rec)
{
	struct group_view v;
	uint8_t *p;
	size_t len;
	int r = group_view_open(&v, rec->p, rec->len);

	if (r != 0)
		return r;
	r = store_group_put_record(
	    e->store, g->id, v.pub.version, rec->p, rec->len);
	if (r == 0) {
		g->version = v.pub.version;
		if (g->wanted < g->version)
			g->wanted = g->version;
		stand(e, g, &v);
		check_token(g, &v);
		r = show_meta(e, g, &v);
	}
	group_view_clear(&v);
	if (r != 0)
		return r;
	buf_detach(rec, &p, &len);
	if (g->record != NULL)
		sodium_memzero(g->record, g->len);
	free(g->record);
	g->record = p;
	g->len = len;
	return group_save(e, g);
}

int
group_alarm(
    struct engine *e, struct store_group *g, int alarm, uint32_t version)
{
	int r;

	if (g->alarm == alarm && g->alarm_version == version)
		return 0;
	g->alarm = alarm;
	g->alarm_version = version;
	g->alarm_ms = engine_now_ms();
	g->alarm_accepted = false;
	r = note_add(e, g->chat, STORE_MSG_NOTE, group_alarm_text(alarm));
	return r == 0 ? group_save(e, g) : r;
}

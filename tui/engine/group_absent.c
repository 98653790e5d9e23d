/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_absent.c — what group.h promises, as far as a stored record tells it:
 * for builds without the chain of changes, whose own functions take the place
 * of these.
 */
#include "tui/engine/group.h"

#define WEAK __attribute__((weak))

WEAK int
group_view_get(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    struct group_view *v)
{
	struct store_group g;
	int r = store_group_get(e->store, id, &g);

	if (r != 0)
		return r;
	r = g.len == 0 ? ERR_NOTFOUND : group_view_open(v, g.record, g.len);
	store_group_clear(&g);
	return r;
}

WEAK int
group_may_send(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], const char **why)
{
	struct group_view v;
	int r = group_view_get(e, id, &v);

	*why = "There is no such group.";
	if (r != 0)
		return r;
	*why = "You are not a member any more.";
	r = group_public_may_send(&v.pub, e->self.account) ? 0 : ERR_DENIED;
	group_view_clear(&v);
	return r;
}

WEAK bool
group_overridden(struct engine *e, const uint8_t id[static GROUP_ID_LEN])
{
	(void)e;
	(void)id;
	return false;
}

WEAK int
group_chat(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], int64_t *chat)
{
	return store_chat_find(e->store, STORE_CHAT_GROUP, id, chat);
}

WEAK int
group_head_seen(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t account[static GROUP_ACCOUNT_LEN],
    const Sotto__Content__GroupHead *head, enum group_place *place)
{
	struct store_group g;
	int r = store_group_get(e->store, id, &g);

	(void)account;
	if (r != 0)
		return r;
	r = group_compare_head(
	    g.record, g.len, head->version, head->hash.data, place);
	store_group_clear(&g);
	return r;
}

WEAK int
group_behind(
    struct engine *e, const uint8_t id[static GROUP_ID_LEN], uint32_t version)
{
	(void)e;
	(void)id;
	(void)version;
	return 0;
}

WEAK int
group_content_take(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const Sotto__Content__Group *g)
{
	(void)e;
	(void)account;
	(void)g;
	return 0;
}

WEAK int
group_entry_take(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t *entry, size_t len)
{
	(void)e;
	(void)id;
	(void)entry;
	(void)len;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/group/apply.h"
#include "common/group/entry.h"
#include "common/group/pub.h"

static int
deny(enum group_why *why, enum group_why because)
{
	*why = because;
	return ERR_DENIED;
}

int
apply_verify(const struct group_entry *e, const struct group_keys *keys,
    enum group_why *why)
{
	struct identity_pk key;
	int r;

	r = keys->get(keys->ctx, e->actor, e->device, e->list_version, &key);
	if (r == ERR_NOTFOUND)
		return deny(why, GROUP_WHY_NO_DEVICE);
	if (r == 0)
		r = entry_verify(e, &key);
	return r == ERR_AUTH ? deny(why, GROUP_WHY_SIGNATURE) : r;
}

/* Whether the entry is the next one at all. */
static int
check_place(
    const struct pub *p, const struct group_entry *e, enum group_why *why)
{
	if (p->version == 0 && e->kind != GROUP_CREATE)
		return ERR_NOTFOUND;
	if (p->version > 0 && memcmp(p->id, e->id, sizeof(p->id)) != 0)
		return deny(why, GROUP_WHY_OTHER_GROUP);
	if (e->version == p->version &&
	    memcmp(e->hash, p->head, sizeof(p->head)) == 0)
		return ERR_DUP;
	if (e->version <= p->version)
		return ERR_EXISTS;
	return e->version - p->version > 1 ? ERR_AGAIN : 0;
}

static int
check_rules(struct pub *p, const struct group_entry *e, enum group_why *why)
{
	uint8_t state[GROUP_HASH_LEN];
	int r;

	if (memcmp(e->prev, p->head, sizeof(p->head)) != 0)
		return deny(why, GROUP_WHY_FORK);
	*why = pub_step(p, e);
	if (*why != GROUP_WHY_NONE)
		return ERR_DENIED;
	r = pub_hash(p, state);
	if (r != 0)
		return r;
	if (memcmp(state, e->state_hash, sizeof(state)) != 0)
		return deny(why, GROUP_WHY_STATE);
	memcpy(p->head, e->hash, sizeof(p->head));
	return 0;
}

int
apply_entry(const uint8_t *record, size_t len, const struct group_entry *e,
    const struct group_keys *keys, struct buf *out, enum group_why *why)
{
	struct pub *p = NULL;
	struct buf b;
	int r;

	buf_init(&b, GROUP_PUBLIC_MAX);
	*why = GROUP_WHY_NONE;
	r = pub_new(&p, record, len);
	if (r == 0)
		r = check_place(p, e, why);
	if (r == 0)
		r = apply_verify(e, keys, why);
	if (r == 0)
		r = check_rules(p, e, why);
	if (r == 0)
		r = pub_write(p, &b);
	if (r == 0)
		*out = b;
	else
		buf_clear(&b);
	free(p);
	return r;
}

int
group_public_apply(const uint8_t *record, size_t len, const uint8_t *entry,
    size_t entry_len, const struct group_keys *keys, struct buf *out,
    enum group_why *why)
{
	struct group_entry e;
	int r;

	r = group_entry_open(&e, entry, entry_len, why);
	if (r != 0)
		return r;
	r = apply_entry(record, len, &e, keys, out, why);
	group_entry_clear(&e);
	return r;
}

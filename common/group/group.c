/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A member follows the chain, and looks at where it stands. */
#include <sodium.h>

#include "common/group/apply.h"
#include "common/group/record.h"

/*
 * The entry's version is taken. Known: fine. Another entry, truly signed, in
 * the place of one we have: two stories.
 */
static int
taken(const struct group_record *r, const struct group_entry *e,
    const struct group_keys *keys, enum group_why *why)
{
	int x;

	if (record_place(r, e->version, e->hash) != GROUP_FORKED)
		return ERR_DUP;
	x = apply_verify(e, keys, why);
	if (x != 0)
		return x;
	*why = GROUP_WHY_FORK;
	return ERR_DENIED;
}

/* Apply to *r, which is made when there is none. */
static int
follow(struct group_record **r, const struct group_entry *e,
    const struct group_keys *keys, enum group_meta_state *meta,
    enum group_why *why)
{
	const uint8_t *old = *r != NULL ? (*r)->pub_bytes.p : NULL;
	size_t len = *r != NULL ? (*r)->pub_bytes.len : 0;
	struct buf b;
	int x;

	x = apply_entry(old, len, e, keys, &b, why);
	if (x == ERR_EXISTS)
		return taken(*r, e, keys, why);
	if (x != 0)
		return x;
	x = *r == NULL ? record_new(r, b.p, b.len) : record_advance(*r, &b);
	buf_clear(&b);
	if (x == 0 && e->sealed_len > 0)
		x = record_open_meta(*r, meta);
	return x;
}

int
group_apply(const uint8_t *record, size_t len, const uint8_t *entry,
    size_t entry_len, const struct group_keys *keys, struct buf *out,
    enum group_meta_state *meta, enum group_why *why)
{
	enum group_meta_state state = GROUP_META_KEPT;
	struct group_record *r = NULL;
	struct group_entry e = {0};
	int x;

	x = group_entry_open(&e, entry, entry_len, why);
	if (x != 0)
		return x;
	if (len > 0)
		x = record_open(&r, record, len);
	if (x == 0)
		x = follow(&r, &e, keys, &state, why);
	if (x == 0)
		x = record_pack(r, out);
	if (x == 0 && meta != NULL)
		*meta = state;
	record_free(r);
	group_entry_clear(&e);
	return x;
}

int
group_compare_head(const uint8_t *record, size_t len, uint32_t version,
    const uint8_t hash[static GROUP_HASH_LEN], enum group_place *out)
{
	struct group_record *r;
	int x = record_open(&r, record, len);

	if (x != 0)
		return x;
	*out = record_place(r, version, hash);
	record_free(r);
	return 0;
}

int
group_view_open(struct group_view *v, const uint8_t *record, size_t len)
{
	struct group_record *r;
	int x = record_open(&r, record, len);

	if (x != 0)
		return x;
	v->pub = r->pub;
	v->meta = r->meta;
	v->meta_version = r->meta_version;
	v->meta_current = r->meta_version == r->pub.sealed_version;
	v->has_secret = record_secret(r) != NULL;
	v->own = r;
	return 0;
}

void
group_view_clear(struct group_view *v)
{
	record_free(v->own);
	sodium_memzero(v, sizeof(*v));
}

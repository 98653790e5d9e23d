/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/group_forge.h"
#include "common/group/pub.h"

static uint8_t sealed[] = "some bytes, as many as nonce and tag must have";
static uint8_t state_hash[GROUP_HASH_LEN];
static uint8_t secret_hash[GROUP_HASH_LEN] = {0x5e};
static uint8_t link_key[GROUP_LINK_KEY_LEN];
static uint8_t proof[ENTRY_PROOF_LEN];
static const uint8_t token[GROUP_TOKEN_LEN] = {0x70};

struct group_entry
forge(struct world *w, int who, enum group_kind kind)
{
	struct group_public v = {0};
	struct group_entry e = {.kind = kind, .version = 1, .device = 1};

	e.state_hash = state_hash;
	memcpy(e.actor, w->p[who].account, GROUP_ACCOUNT_LEN);
	if (w->relay.len > 0) {
		assert_ok(group_public_open(&v, w->relay.p, w->relay.len));
		memcpy(e.id, v.id, GROUP_ID_LEN);
		memcpy(e.prev, v.head, GROUP_HASH_LEN);
		e.version = v.version + 1;
	}
	e.has_permissions = kind == GROUP_CREATE || kind == GROUP_PERMIT;
	if (kind == GROUP_CREATE || kind == GROUP_REMOVE ||
	    kind == GROUP_REKEY) {
		e.has_rekey = true;
		e.epoch = v.epoch + 1;
		e.secret_hash = secret_hash;
	}
	if (e.has_rekey || kind == GROUP_EDIT) {
		e.sealed = sealed;
		e.sealed_len = sizeof(sealed);
	}
	if (kind == GROUP_LINK) {
		group_link_key(link_key, token);
		e.has_link = true;
		e.link_key = link_key;
	}
	if (kind == GROUP_JOIN || kind == GROUP_REQUEST) {
		entry_prove(proof, &e, token);
		e.proof = proof;
	}
	return e;
}

struct buf
forge_sign(struct world *w, int signer, struct group_entry *e)
{
	struct pub *p;
	struct buf out;

	assert_ok(pub_new(&p, w->relay.p, w->relay.len));
	if (e->state_hash == state_hash && pub_step(p, e) == GROUP_WHY_NONE)
		assert_ok(pub_hash(p, state_hash));
	free(p);
	buf_init(&out, GROUP_ENTRY_MAX);
	assert_ok(entry_sign(e, &w->p[signer].key[0], &w->rng, &out));
	return out;
}

int
forge_try(struct world *w, const struct buf *entry, enum group_why *why)
{
	struct buf after;
	int r;

	r = group_public_apply(w->relay.p, w->relay.len, entry->p, entry->len,
	    &w->keys, &after, why);
	if (r == 0)
		buf_clear(&after);
	return r;
}

enum group_why
forge_why(struct world *w, int signer, struct group_entry *e)
{
	struct buf entry = forge_sign(w, signer, e);
	enum group_why why;
	int r = forge_try(w, &entry, &why);

	buf_clear(&entry);
	assert_true(r == 0 || r == ERR_DENIED);
	assert_true((r == 0) == (why == GROUP_WHY_NONE));
	return why;
}

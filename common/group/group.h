/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h — a group as a member's device keeps it: the public record, the
 * secrets its metadata is sealed with, and the way the chain took.
 * docs/groups.md.
 *
 * A group record is one opaque byte string and holds secrets: the store that
 * keeps it encrypts it. Every call takes it as it is stored and gives the new
 * one beside its result; a call that fails gives nothing. Each `out` is
 * initialised by the call, untouched on error, and cleared by the caller.
 *
 * How a change is made: group_propose(); store entry and record as pending;
 * send the entry; when the relay took it, the pending record becomes the
 * record. When another entry was first: group_apply() what the relay gives
 * (if one of them is the pending entry byte for byte, take the pending record
 * instead), group_rebase() the intent, propose again.
 */
#ifndef COMMON_GROUP_GROUP_H
#define COMMON_GROUP_GROUP_H

#include "common/group/public.h"

struct group_record; /* record.h, internal */

#define GROUP_SECRET_LEN  32
#define GROUP_TOKEN_LEN	  32 /* what an invite link carries */
#define GROUP_NAME_MAX	  256 /* bytes of UTF-8, without NUL */
#define GROUP_ABOUT_MAX	  2048
#define GROUP_PICTURE_MAX 1024 /* bytes of a locator */
#define GROUP_TIMER_MAX_S (366u * 24 * 3600)
#define GROUP_HEADS_MAX	  128 /* entries back that a fork is noticed */
#define GROUP_SECRETS_MAX 8 /* kept: older ones and ones that came early */
#define GROUP_RECORD_MAX  (64 * 1024) /* bytes of a record */
#define GROUP_SHARE_MAX	  256 /* bytes of a welcome or a key share */
#define GROUP_INTENT_MAX  (32 * 1024) /* bytes of a packed intent */

/* What members seal. Text is valid UTF-8, but from somebody else: sanitise. */
struct group_meta {
	char name[GROUP_NAME_MAX + 1];
	char about[GROUP_ABOUT_MAX + 1];
	uint8_t picture[GROUP_PICTURE_MAX];
	size_t picture_len; /* 0: none */
	uint32_t timer_s; /* 0: messages stay */
};

/* The device that acts; all borrowed. */
struct group_actor {
	const uint8_t *account; /* GROUP_ACCOUNT_LEN */
	uint32_t device;
	uint32_t list_version; /* of our signed device list */
	const struct identity_key_pair *identity;
	uint64_t now_ms;
	const struct signal_rng *rng;
};

/* group_intent.fields: which of the values are meant. */
enum group_field {
	GROUP_F_NAME = 1,
	GROUP_F_ABOUT = 2,
	GROUP_F_PICTURE = 4,
	GROUP_F_TIMER = 8,
	GROUP_F_SEND = 16,
	GROUP_F_EDIT = 32,
	GROUP_F_ADD = 64,
};

/*
 * A change that somebody wants. Of the accounts any order will do.
 *   CREATE            accounts, admins (both without oneself), permissions,
 *                     meta; the group's id is drawn
 *   ADD               accounts, admins
 *   REMOVE PROMOTE DEMOTE APPROVE DECLINE   accounts
 *   PERMIT            fields of permissions
 *   EDIT              fields of meta
 *   LINK              has_token and approval, or neither: revoke
 *   JOIN REQUEST      token
 *   REKEY             epoch: the one to replace; 0: if it is due
 *   LEAVE             nothing
 */
struct group_intent {
	enum group_kind kind;
	uint8_t (
	    *accounts)[GROUP_ACCOUNT_LEN]; /* heap or borrowed, see below */
	size_t n_accounts;
	uint8_t (*admins)[GROUP_ACCOUNT_LEN];
	size_t n_admins;
	unsigned fields;
	struct group_permissions permissions;
	struct group_meta meta;
	bool has_token, approval;
	uint8_t token[GROUP_TOKEN_LEN];
	uint32_t epoch;
};

/* To and from bytes, for an outbox. unpack makes heap arrays, which
 * group_intent_clear() frees; it wipes the rest. pack: 0, ERR_RANGE, ERR_NOMEM;
 * unpack: 0, ERR_FORMAT, ERR_RANGE, ERR_NOMEM. */
int group_intent_pack(const struct group_intent *in, struct buf *out) MUST_USE;
int group_intent_unpack(
    struct group_intent *in, const uint8_t *p, size_t len) MUST_USE;
void group_intent_clear(struct group_intent *in);

/* A signed entry for the relay, and the record once it is accepted. */
struct group_proposal {
	struct buf entry;
	struct buf record;
};

/*
 * Make the next entry. record is NULL and 0 for CREATE only.
 * Returns 0; ERR_DENIED it would not be valid, *why tells; ERR_NOTFOUND the
 * secret of this epoch has not come yet, or the metadata is not known: ask for
 * the key; ERR_RANGE metadata too long or not UTF-8, or too many accounts;
 * ERR_FORMAT, ERR_VERSION malformed record; ERR_NOMEM.
 */
int group_propose(const uint8_t *record, size_t len,
    const struct group_actor *me, const struct group_intent *in,
    struct group_proposal *out, enum group_why *why) MUST_USE;
void group_proposal_clear(struct group_proposal *p);

/*
 * After other entries were applied: what is left of a change. Shortens the
 * intent's lists and fields in place (nothing is freed).
 * Returns 0 propose it again; ERR_DUP nothing is left, it has come about;
 * ERR_DENIED it is not possible any more, *why tells; errors of
 * group_propose(). in is unchanged on error. Deterministic: it depends on the
 * record, the account and the intent only.
 */
int group_rebase(const uint8_t *record, size_t len,
    const uint8_t account[static GROUP_ACCOUNT_LEN], struct group_intent *in,
    enum group_why *why) MUST_USE;

/* What became of the sealed part. */
enum group_meta_state {
	GROUP_META_KEPT, /* the entry has none */
	GROUP_META_OPENED, /* new metadata */
	GROUP_META_WAITS, /* its key has not come yet */
	GROUP_META_BAD, /* it does not open: report; the former is shown */
};

/*
 * Check and apply an entry that the relay brought. record is NULL and 0 to
 * follow a chain from its first entry.
 * Returns 0; ERR_DENIED not valid: report *why, nothing has changed
 * (GROUP_WHY_FORK: proof that the relay, or a member with it, tells two
 * stories); ERR_DUP known already; ERR_AGAIN entries before it are missing;
 * ERR_NOTFOUND no record, no CREATE; ERR_FORMAT, ERR_VERSION malformed record;
 * ERR_NOMEM; errors of keys->get. meta may be NULL.
 */
int group_apply(const uint8_t *record, size_t len, const uint8_t *entry,
    size_t entry_len, const struct group_keys *keys, struct buf *out,
    enum group_meta_state *meta, enum group_why *why) MUST_USE;

/* Where somebody who names (version, hash) stands, seen from here. */
enum group_place {
	GROUP_SAME,
	GROUP_THEY_BEHIND, /* on our chain, or too old to tell */
	GROUP_THEY_AHEAD, /* fetch entries, then compare again */
	GROUP_FORKED, /* another chain than ours: report */
};

/* Returns 0, or the errors of group_view_open(). *out is written on success. */
int group_compare_head(const uint8_t *record, size_t len, uint32_t version,
    const uint8_t hash[static GROUP_HASH_LEN], enum group_place *out) MUST_USE;

/*
 * For a member that was added, that was approved, that joined, or that cannot
 * follow the chain any more. Send inside a pairwise session only.
 * Returns 0; ERR_NOTFOUND we lack the secret ourselves; ERR_FORMAT,
 * ERR_VERSION; ERR_NOMEM.
 */
int group_welcome(const uint8_t *record, size_t len, struct buf *out) MUST_USE;

/*
 * Take a welcome: pub is the relay's record of that version (not proven by
 * anything but this). record: what we have of the group, or NULL and 0. What a
 * member vouches for replaces what we have, but never goes back.
 * Returns 0; ERR_AUTH the relay's record is not what the member saw (version
 * and all: if it is newer, have the relay give the record of this version, or
 * ask for another welcome); ERR_DUP we are there or further; ERR_DENIED with
 * *why FORK: the member is on another chain than we; ERR_FORMAT, ERR_VERSION
 * malformed; ERR_NOMEM. That the sender may vouch is for the caller: the actor
 * of the entry that added us, or a member we know.
 */
int group_welcome_take(const uint8_t *record, size_t len,
    const uint8_t *welcome, size_t welcome_len, const uint8_t *pub,
    size_t pub_len, struct buf *out, enum group_why *why) MUST_USE;

/* Which group and version a welcome is for. 0, ERR_FORMAT, ERR_NOMEM. */
int group_welcome_peek(const uint8_t *welcome, size_t len,
    uint8_t id[static GROUP_ID_LEN], uint32_t *version) MUST_USE;

/*
 * For somebody with an invite link and without a member to vouch: a record
 * from what the relay says, to propose JOIN or REQUEST with. Nothing in it is
 * proven until a welcome or a key share comes; following the chain from its
 * first entry proves more. Errors of group_public_open(); ERR_NOMEM.
 */
int group_from_public(const uint8_t *pub, size_t len, struct buf *out) MUST_USE;

/*
 * The secret of the current epoch for members that lack it: after REMOVE and
 * REKEY for all, later when asked. Pairwise sessions only. Errors as
 * group_welcome().
 */
int group_key_share(
    const uint8_t *record, size_t len, struct buf *out) MUST_USE;

/*
 * Take a share from a member (the caller checks that it is one). A share for
 * an epoch that has not come is kept and proven when its entry comes.
 * Returns 0; ERR_DUP had it; ERR_AUTH not the secret the chain speaks of, or
 * of another group; ERR_EXPIRED of an epoch that is over; ERR_RANGE too far
 * ahead; ERR_FORMAT, ERR_VERSION; ERR_NOMEM. meta may be NULL.
 */
int group_key_take(const uint8_t *record, size_t len, const uint8_t *share,
    size_t share_len, struct buf *out, enum group_meta_state *meta) MUST_USE;
int group_key_peek(const uint8_t *share, size_t len,
    uint8_t id[static GROUP_ID_LEN], uint32_t *epoch) MUST_USE;

/* A link's public key from its token (32 random bytes). */
void group_link_key(uint8_t out[static GROUP_LINK_KEY_LEN],
    const uint8_t token[static GROUP_TOKEN_LEN]);

/* A record to look at; it owns what it shows. The caller clears. */
struct group_view {
	struct group_public pub;
	struct group_meta meta; /* zero before any opened */
	uint32_t meta_version; /* 0: none opened yet */
	bool meta_current; /* it is what the chain's newest says */
	bool has_secret; /* of the current epoch; if not, ask for it */
	struct group_record *own;
};

/* Returns 0; ERR_FORMAT, ERR_VERSION malformed; ERR_NOMEM. v is untouched on
 * error. */
int group_view_open(
    struct group_view *v, const uint8_t *record, size_t len) MUST_USE;
void group_view_clear(struct group_view *v);

#endif

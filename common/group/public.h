/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * public.h — the part of a group that everybody may see: members, roles,
 * permissions, the invite link's key, and where the chain of signed changes
 * stands. Relay and members apply the same entries by the same rules and come
 * to the same bytes. docs/groups.md §2-§4.
 *
 * A public record is one opaque byte string. As in session.h every call takes
 * it as it is stored and gives the new one beside its result; a call that
 * fails gives nothing.
 */
#ifndef COMMON_GROUP_PUBLIC_H
#define COMMON_GROUP_PUBLIC_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/signal/keys.h"

#define GROUP_ID_LEN	   16
#define GROUP_ACCOUNT_LEN  16
#define GROUP_HASH_LEN	   32
#define GROUP_LINK_KEY_LEN 32
#define GROUP_MEMBERS_MAX  1024
#define GROUP_REQUESTS_MAX 256 /* waiting for approval */
#define GROUP_SEALED_MAX   6144 /* bytes of sealed metadata */
#define GROUP_ENTRY_MAX	   (32 * 1024) /* bytes, signed */
#define GROUP_PUBLIC_MAX   (48 * 1024) /* bytes of a public record */

/* Why an entry is refused. Said to a person when a relay let it through. */
#define GROUP_WHYS(X) /* name    what a person is told */                      \
	X(NONE, "nothing is wrong")                                            \
	X(MALFORMED, "the change is malformed")                                \
	X(UNKNOWN_KIND, "the change was made by a newer version")              \
	X(OVERSIZE, "the change is too long")                                  \
	X(OTHER_GROUP, "the change belongs to another group")                  \
	X(FORK, "the relay shows different changes to different members")      \
	X(NO_DEVICE, "the change is signed by an unknown device")              \
	X(SIGNATURE, "the signature of the change is wrong")                   \
	X(NOT_MEMBER, "only a member can do that")                             \
	X(NOT_ADMIN, "only an admin can do that")                              \
	X(NOT_PERMITTED, "the group does not permit that to members")          \
	X(ALREADY, "they have that place in the group already")                \
	X(ABSENT, "they are not in the group")                                 \
	X(FULL, "the group is full")                                           \
	X(LAST_ADMIN, "a group needs an admin")                                \
	X(NO_LINK, "the invite link is not valid any more")                    \
	X(PROOF, "the invite link is wrong")                                   \
	X(EPOCH, "the change names the wrong key of the group")                \
	X(STATE, "the change does not lead to the state it claims")            \
	X(ENDED, "nobody is left in the group")

enum group_why {
#define X(name, text) GROUP_WHY_##name,
	GROUP_WHYS(X)
#undef X
};

/* Never NULL, static storage. */
const char *group_why_str(enum group_why why); /* a sentence */
const char *group_why_name(enum group_why why); /* "NOT_ADMIN", for logs */

/* As in group.proto. */
enum group_kind {
	GROUP_CREATE = 1,
	GROUP_ADD,
	GROUP_REMOVE,
	GROUP_LEAVE,
	GROUP_PROMOTE,
	GROUP_DEMOTE,
	GROUP_PERMIT,
	GROUP_LINK,
	GROUP_JOIN,
	GROUP_REQUEST,
	GROUP_APPROVE,
	GROUP_DECLINE,
	GROUP_EDIT,
	GROUP_REKEY,
};

enum group_role { GROUP_MEMBER = 0, GROUP_ADMIN = 1 };
enum group_who { GROUP_EVERYBODY = 0, GROUP_ADMINS = 1 };
enum group_link { GROUP_LINK_NONE = 0, GROUP_LINK_OPEN, GROUP_LINK_APPROVAL };

struct group_permissions {
	enum group_who send, edit, add;
};

struct group_member {
	uint8_t account[GROUP_ACCOUNT_LEN];
	enum group_role role;
	uint32_t since; /* version of the entry that made them a member */
};

/*
 * Identity keys of devices, to verify signatures: of the account's device
 * list, whose version was list_version when the entry was made. Returns 0;
 * ERR_NOTFOUND there is no such device (the entry is refused, NO_DEVICE);
 * another error is passed on to the caller.
 */
struct group_keys {
	int (*get)(void *ctx, const uint8_t account[static GROUP_ACCOUNT_LEN],
	    uint32_t device, uint32_t list_version, struct identity_pk *out);
	void *ctx;
};

/*
 * Check a signed entry against a public record and apply it: the relay's whole
 * duty. What it does not check is what it cannot read (metadata).
 *   record, len  the stored record, or NULL and 0 for version 1 (CREATE)
 *   out          set to the new record (initialised by the call, caller clears)
 *   why          GROUP_WHY_NONE, or with ERR_DENIED the reason
 * Returns 0; ERR_DENIED the entry is not valid, *why tells; ERR_AGAIN its
 * version is beyond the next: entries are missing; ERR_DUP it is the newest one
 * we have; ERR_EXISTS its version is taken by another entry: give the sender
 * the entries since (*why is NONE), the same for an older entry; ERR_NOTFOUND
 * there is no record and it is no CREATE; ERR_FORMAT, ERR_VERSION malformed or
 * unknown record; ERR_NOMEM; an error of keys->get. out is untouched on error.
 */
int group_public_apply(const uint8_t *record, size_t len, const uint8_t *entry,
    size_t entry_len, const struct group_keys *keys, struct buf *out,
    enum group_why *why) MUST_USE;

/* A view of a public record; borrows its bytes. */
struct group_public {
	const uint8_t *id; /* GROUP_ID_LEN */
	uint32_t version;
	const uint8_t *head; /* GROUP_HASH_LEN: hash of that version's entry */
	uint32_t epoch; /* of the secret */
	uint32_t epoch_version; /* the entry that brought the epoch */
	const uint8_t *secret_hash;
	bool rekey_due; /* somebody left and still knows the secret */
	struct group_permissions permissions;
	enum group_link link;
	const uint8_t *link_key; /* zeros without a link */
	uint32_t sealed_version; /* the entry the metadata came with */
	const uint8_t *sealed;
	size_t sealed_len;
	size_t n_members, n_admins, n_requests;
	const uint8_t *members, *requests; /* packed; use the functions */
};

/* Returns 0; ERR_FORMAT, ERR_VERSION. O(members). v is unchanged on error. */
int group_public_open(
    struct group_public *v, const uint8_t *record, size_t len) MUST_USE;

/* The i-th member (i < n_members) in ascending order of account. */
void group_public_member(
    const struct group_public *v, size_t i, struct group_member *out);

/* O(log n). False when the account is no member; out may be NULL. */
bool group_public_find(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN], struct group_member *out);

/* The i-th account (i < n_requests) that waits for approval; borrowed. */
const uint8_t *group_public_request(const struct group_public *v, size_t i);
bool group_public_asked(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN]);

/* Whether an account may do these now; false for one that is no member. */
bool group_public_may_send(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN]);
bool group_public_may_edit(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN]);
bool group_public_may_add(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN]);
bool group_public_is_admin(const struct group_public *v,
    const uint8_t account[static GROUP_ACCOUNT_LEN]);

/* SHA-256 over the state without its head: what entries and welcomes name. */
void group_public_hash(
    const struct group_public *v, uint8_t out[static GROUP_HASH_LEN]);

/* What a signed entry says; nothing is proven by reading it. */
struct group_entry {
	uint8_t id[GROUP_ID_LEN];
	uint32_t version;
	uint8_t prev[GROUP_HASH_LEN];
	uint8_t hash[GROUP_HASH_LEN]; /* its own */
	uint8_t actor[GROUP_ACCOUNT_LEN];
	uint32_t device, list_version;
	uint64_t when_ms;
	enum group_kind kind;
	const uint8_t *accounts, *admins; /* GROUP_ACCOUNT_LEN each */
	size_t n_accounts, n_admins;
	bool has_permissions;
	struct group_permissions permissions;
	bool has_link, approval;
	const uint8_t *link_key; /* NULL: revoked */
	const uint8_t *proof; /* 64 bytes, or NULL */
	bool has_rekey;
	uint32_t epoch;
	const uint8_t *secret_hash;
	const uint8_t *sealed;
	size_t sealed_len;
	const uint8_t *state_hash;
	void *own; /* what the pointers point into */
};

/*
 * Returns 0; ERR_DENIED with *why (MALFORMED, OVERSIZE, UNKNOWN_KIND);
 * ERR_NOMEM. e is untouched on error; the caller clears it.
 */
int group_entry_open(struct group_entry *e, const uint8_t *entry, size_t len,
    enum group_why *why) MUST_USE;
void group_entry_clear(struct group_entry *e);

#endif

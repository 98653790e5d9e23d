/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops_group.h — part of store.h: groups, and one body for many devices.
 * docs/protocol.md §9, §10.
 *
 * The store keeps of a group its public record and its signed entries, and
 * applies an entry by the rules of common/group/public.h itself, so that what
 * a message is checked against is what is on disk.
 */
#ifndef RELAY_STORE_OPS_GROUP_H
#define RELAY_STORE_OPS_GROUP_H

#include "common/group/public.h"
#include "relay/store/store.h"

#define STORE_GROUP_DEVICES_MAX 16384 /* devices one body may go to */
#define STORE_GROUPS_MAX	1000 /* that an account made or joined itself */
#define STORE_GROUP_LIST_MAX	20000 /* ids in one answer */
#define STORE_ENTRIES_BYTES	(960 * 1024) /* of entries in one answer */
#define STORE_STATUS_MS		((uint64_t)24 * 3600 * 1000)
#define STORE_TYPE_GROUP_ENTRY	64 /* of a row: a signed entry */

struct group_id {
	uint8_t b[GROUP_ID_LEN];
};

/* Whom a body went to; owned by its op. Of an envelope only dev and the
 * results after it are set; dev 0: its queue is full, it got nothing. */
struct store_fan {
	struct store_envelope *v;
	size_t n;
	uint32_t full; /* how many got nothing */
};

/*
 * A signed entry, of version 1 too. Its actor must be the sender.
 * On success it is stored, and queued (a row of type STORE_TYPE_GROUP_ENTRY)
 * for the devices of everybody it concerns but the sender.
 * ERR_DENIED not valid, *why tells (NO_DEVICE: the sender is not the actor, or
 * its list version is to come); ERR_EXISTS another entry was first: entries has
 * them from that version on; ERR_AGAIN its version is beyond the next;
 * ERR_NOTFOUND no such group, or the sender is no device any more (then
 * sender_device is 0); ERR_FULL the sender is in too many groups. A repeat of
 * the newest one succeeds and queues nothing.
 */
struct op_group_change {
	struct store_op op;
	store_dev sender;
	const uint8_t *entry; /* borrowed */
	size_t len;
	enum group_why why; /* results from here on; with ERR_DENIED */
	struct account_id sender_account;
	uint32_t sender_device;
	struct group_id group;
	uint8_t message_id[STORE_MESSAGE_ID_LEN]; /* of the rows */
	uint64_t server_ms;
	uint32_t version; /* now; with 0 and ERR_EXISTS */
	struct store_fan fan;
	struct buf entries; /* with ERR_EXISTS; as in op_group_entries */
	bool more;
};

/*
 * Entries from a version on. ERR_NOTFOUND no such group, or the asker is no
 * member of it.
 */
struct op_group_entries {
	struct store_op op;
	struct account_id asker;
	struct group_id group;
	uint32_t from_version; /* 0 is 1 */
	uint32_t version; /* results; of the group, now */
	struct buf entries; /* u32 length and bytes, each; owned by the op */
	bool more;
};

/*
 * The public record. ERR_NOTFOUND no such group, or the asker is neither a
 * member, nor waits for approval, nor has the key of the link.
 */
struct op_group_state {
	struct store_op op;
	struct account_id asker;
	struct group_id group;
	const uint8_t *proof; /* 64 bytes, borrowed; NULL: none */
	struct buf record; /* result, owned by the op */
};

struct store_group {
	struct group_id id;
	uint32_t version;
};

/* Whose member somebody is, oldest group first; at most STORE_GROUP_LIST_MAX. */
struct op_group_list {
	struct store_op op;
	struct account_id account;
	struct store_group *v; /* results, owned by the op */
	size_t n;
};

struct store_place {
	struct account_id account;
	uint32_t device_id;
	uint32_t registration_id;
	store_dev dev;
};

/*
 * Every device of a group's members, or of the accounts given and the asker's
 * own; ascending by account and device. ERR_NOTFOUND no such group or no
 * member; ERR_RANGE too many accounts; ERR_FULL too many devices.
 */
struct op_audience {
	struct store_op op;
	struct account_id asker;
	bool has_group;
	struct group_id group;
	const struct account_id
	    *accounts; /* borrowed; any order, repeats fine */
	size_t n_accounts; /* 0..STORE_ACCOUNTS_MAX */
	uint32_t version; /* results; of the group, else 0 */
	uint8_t digest[32];
	struct store_place *v; /* owned by the op */
	size_t n;
};

/*
 * One body for the whole of a group or an audience, but for the sending device.
 * ERR_STATE version or digest is not right: nothing was queued, both tell what
 * is; ERR_DENIED the sender may not send there (or is not listed yet, then
 * unlisted is set); ERR_NOTFOUND the sender is no device any more (then
 * sender_device is 0), or no member of such a group; ERR_RANGE sizes; ERR_FULL
 * too many devices. Repeats as in op_send.
 */
struct op_fan_out {
	struct store_op op;
	store_dev sender;
	bool has_group; /* false: a status post, for STORE_STATUS_MS */
	struct group_id group;
	const struct account_id *accounts; /* as in op_audience */
	size_t n_accounts;
	uint32_t version; /* in and out */
	uint8_t digest[32]; /* in and out */
	uint8_t message_id[STORE_MESSAGE_ID_LEN];
	uint32_t type;
	uint32_t len;
	const uint8_t *body; /* borrowed; 0..STORE_BODY_MAX */
	bool check_only; /* verify and fill in devs, queue nothing */
	struct account_id sender_account; /* results from here on */
	uint32_t sender_device;
	bool unlisted;
	uint64_t server_ms;
	uint64_t expires_ms; /* 0: with the others of its queue */
	struct store_fan fan;
};

#endif

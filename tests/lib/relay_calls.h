/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_calls.h — the requests about devices and groups as one call each, for
 * tests with a whole relay (relay_rig.h); and people whose identity keys are
 * real, so that what they sign holds.
 */
#ifndef TESTS_LIB_RELAY_CALLS_H
#define TESTS_LIB_RELAY_CALLS_H

#include "common/group/group.h"
#include "tests/lib/relay_rig.h"

#define CALLS_DEVICES 8

struct who {
	struct rc_person p;
	struct identity_key_pair key;
	uint32_t list_version;
	struct buf record; /* of the one group it is in */
};

/* Registered, with a device list of version 10 that names device 1. */
void who_make(struct rig *g, struct who *w, unsigned n);
void who_clear(struct who *w);

/*
 * Link one more device of w (its first) by the whole of §4.1; d gets the same
 * account and phone, and a key, an identity and a number of its own. Listed as
 * the next version when `listed`. all: the devices to name beside it.
 */
void who_link(struct rig *g, struct who *w, struct who *d, bool listed);

/* Publish a list of version ++w->list_version that names these devices. */
int calls_list(
    struct rc *c, struct who *w, const struct who *const *v, size_t n);

/*
 * A request and its answer, unpacked: *resp is freed by the caller with
 * protobuf_c_message_free_unpacked(), and is set on success only.
 */
int calls_ask(struct rc *c, uint16_t method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *type, void *resp) MUST_USE;
void calls_free(void *resp);

/* A request whose answer says nothing. */
int calls_do(
    struct rc *c, uint16_t method, const ProtobufCMessage *req) MUST_USE;

ProtobufCBinaryData calls_bytes(const void *p, size_t len);

/* ---- groups -------------------------------------------------------------------------- */

/* A signed entry of w, made from its record; *next is the record it leads to. */
void calls_propose(struct who *w, const struct group_intent *in,
    struct buf *entry, struct buf *next);

/* Hand it over; *resp as in calls_ask(). */
int calls_change(struct rc *c, const struct buf *entry,
    Sotto__Relay__GroupChangeResponse **resp) MUST_USE;

/* Propose, hand over, and take the record; fails the test unless it is taken. */
void calls_act(struct rc *c, struct who *w, const struct group_intent *in);

/* w makes a group with the others, who get their records. */
void calls_create(struct rc *c, struct who *w, struct who *const *others,
    size_t n, uint8_t id[static GROUP_ID_LEN]);

/* w applies an entry it was given. */
void calls_follow(struct who *w, const struct who *const *all, size_t n,
    const uint8_t *entry, size_t len);

int calls_devices(struct rc *c, const uint8_t id[static GROUP_ID_LEN],
    Sotto__Relay__GroupDevicesResponse **resp) MUST_USE;

/* One message for the group; digest and version as the relay tells them when
 * NULL and 0. */
int calls_send(struct rc *c, const uint8_t id[static GROUP_ID_LEN],
    uint32_t version, const uint8_t *digest, const void *message_id,
    const char *text, bool ephemeral,
    Sotto__Relay__SendGroupResponse **resp) MUST_USE;

#endif

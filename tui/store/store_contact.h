/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_contact.h — other accounts and their devices. The account's identity
 * key is its primary's; every device has its own.
 */
#ifndef TUI_STORE_STORE_CONTACT_H
#define TUI_STORE_STORE_CONTACT_H

#include "tui/store/store.h"

#define STORE_DEVICE_LIST_MAX 65536 /* bytes */

/* Numbers are on disk. */
enum store_trust {
	STORE_TRUST_FIRST_USE = 0,
	STORE_TRUST_VERIFIED = 1,
	STORE_TRUST_CHANGED = 2, /* was verified, key changed: blocks sending */
};

struct store_contact {
	uint8_t account[STORE_ID_LEN];
	char phone[STORE_PHONE_MAX]; /* E.164 */
	bool phone_known; /* the relay said so; else the peer's claim */
	char name[STORE_NAME_MAX]; /* the person's own name for them */
	char profile_name[STORE_NAME_MAX]; /* what they call themselves */
	bool has_identity;
	uint8_t identity[STORE_PUB_LEN];
	enum store_trust trust;
	uint64_t key_changed_ms; /* 0: never */
	uint64_t verified_ms;
	uint32_t list_version; /* highest device list seen; 0: none */
	uint64_t seen_ms; /* last seen online; 0: unknown */
	bool blocked;
	uint64_t created_ms;
};

/* Insert, or replace all of the row but its device list. */
int store_contact_put(struct store *s, const struct store_contact *c) MUST_USE;

/* Returns 0; ERR_NOTFOUND. By phone: the one put last, if several claim it;
 * rows whose phone the relay confirmed come first. */
int store_contact_get(struct store *s,
    const uint8_t account[static STORE_ID_LEN],
    struct store_contact *out) MUST_USE;
int store_contact_by_phone(
    struct store *s, const char *phone, struct store_contact *out) MUST_USE;

/* All of them, by account id. *v is heap, freed by free(). */
int store_contact_list(
    struct store *s, struct store_contact **v, size_t *n) MUST_USE;

/* Returns 0; ERR_NOTFOUND no such contact. */
int store_contact_set_seen(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint64_t seen_ms) MUST_USE;

/* The SignedDeviceList as it came. put: ERR_NOTFOUND no such contact;
 * ERR_STATE older than the one that is there. get: ERR_NOTFOUND none; *p is
 * heap, freed by free(). */
int store_contact_put_device_list(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t version, const void *p,
    size_t len) MUST_USE;
int store_contact_get_device_list(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint8_t **p,
    size_t *len) MUST_USE;

/* ---- devices of an account, one's own others too ----------------------------- */

struct store_device {
	uint8_t account[STORE_ID_LEN];
	uint32_t device;
	uint8_t identity[STORE_PUB_LEN];
	uint32_t registration_id;
	bool active; /* false: was there once, gets nothing */
	uint64_t added_ms;
};

/* Insert or replace. No contact needs to exist. */
int store_device_put(struct store *s, const struct store_device *d) MUST_USE;
int store_device_get(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device,
    struct store_device *out) MUST_USE;
/* By device id. *v is heap, freed by free(). */
int store_device_list(struct store *s,
    const uint8_t account[static STORE_ID_LEN], struct store_device **v,
    size_t *n) MUST_USE;
/* With its session. Returns 0 also when there was none. */
int store_device_delete(struct store *s,
    const uint8_t account[static STORE_ID_LEN], uint32_t device) MUST_USE;

#endif

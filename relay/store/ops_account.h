/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops_account.h — part of store.h: the devices of an account come and go, the
 * registration lock, another number; reports. docs/protocol.md §4, §11.
 */
#ifndef RELAY_STORE_OPS_ACCOUNT_H
#define RELAY_STORE_OPS_ACCOUNT_H

#include "relay/store/store.h"

#define STORE_PIN_HASH_LEN 32
#define STORE_PIN_TRIES	   5 /* wrong ones, then STORE_PIN_WAIT_MS */
#define STORE_PIN_WAIT_MS  ((uint64_t)24 * 3600 * 1000)
#define STORE_PIN_LAPSE_MS ((uint64_t)7 * 24 * 3600 * 1000)
#define STORE_SEEN_MS	   ((uint64_t)3600 * 1000) /* how exact seen_ms is */
#define STORE_REPORTS_MAX  1000
#define STORE_REPORT_MAX   (256 * 1024) /* bytes of one */

/*
 * A number for a device that is to be linked: of the account of `primary`,
 * which must be its first. The same key again gives the same number and a new
 * time. ERR_NOTFOUND; ERR_DENIED not the first device; ERR_EXISTS that key is a
 * live device; ERR_FULL no number left.
 */
struct op_link_reserve {
	struct store_op op;
	store_dev primary;
	uint8_t noise_pk[STORE_NOISE_PK_LEN]; /* of the new device */
	uint64_t expires_ms;
	uint32_t device_id; /* result */
};

/*
 * The device that LINK_RESERVE made room for. It is listed once a device list
 * names it. ERR_NOTFOUND nobody waits for that key; ERR_EXPIRED; ERR_RANGE,
 * ERR_FORMAT keys.
 */
struct op_link_finish {
	struct store_op op;
	uint8_t noise_pk[STORE_NOISE_PK_LEN];
	uint8_t identity_pk[STORE_IDENTITY_PK_LEN];
	uint32_t registration_id;
	struct store_keys keys; /* signed_key and last_resort present */
	struct account_id account; /* results from here on */
	uint32_t device_id;
	store_dev dev;
};

struct store_own_device {
	uint32_t device_id;
	uint32_t registration_id;
	uint64_t added_ms, seen_ms;
	bool listed;
};

/* Every device, listed or not. ERR_NOTFOUND. */
struct op_own_devices {
	struct store_op op;
	struct account_id account;
	size_t n; /* results */
	struct store_own_device v[STORE_DEVICE_MAX];
};

/* It is connected now. Nothing happens when there is no such device. */
struct op_device_seen {
	struct store_op op;
	store_dev dev;
};

/* Sets or lifts the lock. ERR_NOTFOUND; ERR_DENIED not the first device. */
struct op_pin_set {
	struct store_op op;
	store_dev primary;
	bool has_pin;
	uint8_t hash[STORE_PIN_HASH_LEN];
};

/*
 * To the number of an attempt that was made for this account's change of
 * number. ERR_AUTH with attempts_left; ERR_NOTFOUND no such attempt, or the
 * device is gone (then gone is set); ERR_EXPIRED; ERR_EXISTS the number has an
 * account (the code is not spent); ERR_DENIED not the first device.
 */
struct op_account_move {
	struct store_op op;
	store_dev primary;
	uint8_t token[STORE_TOKEN_LEN];
	uint8_t code_hash[STORE_CODE_HASH_LEN];
	uint32_t attempts_left; /* result with ERR_AUTH */
	bool gone; /* result with ERR_NOTFOUND */
};

/* ---- reports ------------------------------------------------------------------ */

/* ERR_FULL STORE_REPORTS_MAX wait; ERR_RANGE size. */
struct op_report_add {
	struct store_op op;
	const uint8_t *blob; /* borrowed; 1..STORE_REPORT_MAX bytes */
	size_t len;
};

struct store_report {
	uint64_t id;
	uint64_t received_ms;
	uint32_t len;
};

/* In order of arrival. */
struct op_report_list {
	struct store_op op;
	uint64_t after; /* 0: from the start; then next of the page before */
	uint32_t max; /* 1..STORE_PAGE_MAX */
	struct store_report *v; /* results, owned by the op */
	size_t n;
	uint64_t next; /* 0: that was all */
};

/* ERR_NOTFOUND. */
struct op_report_get {
	struct store_op op;
	uint64_t id;
	uint64_t received_ms; /* results */
	struct buf blob; /* owned by the op */
};

/* ERR_NOTFOUND. */
struct op_report_del {
	struct store_op op;
	uint64_t id;
};

#endif

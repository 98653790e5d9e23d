/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h — what the relay remembers: accounts, devices, keys, invites, codes
 * and the queue of every device. Asynchronous, durable, one interface for
 * every backend. docs/adr/0003-group-commit-store.md.
 *
 * How it is used
 *   An operation is a struct op_<name> whose first member is a struct store_op.
 *   The caller fills the arguments, submits it from any thread and must leave
 *   it (and all it borrows) alone until done() runs on the thread that owns
 *   the op's sink. op.result is then 0 or an error; results are valid with 0
 *   only, unless a comment says otherwise.
 *
 * What done() promises
 *   Everything the operation wrote is on disk. Whatever it read was on disk or
 *   is by now. A commit that fails (disk full, I/O error) answers every
 *   operation in it with ERR_IO and nothing of them is visible; the store goes
 *   on working.
 *
 * Order
 *   Operations run in the order of submission, one after the other, so each
 *   sees all that were submitted before it. (Operations of lane READER run
 *   beside them and see what was committed.) Operations that wait together
 *   share one commit; each is all or nothing by itself.
 *
 * Delivery in order
 *   A device acknowledges by the seq up to which it has stored everything, so
 *   it must never be handed seq n while an older one is still to come. Two
 *   loops may learn of their commits in either order, therefore a send answers
 *   with prev_seq, the message before this one in the same queue: whoever owns
 *   the device's connection hands the message out only when everything up to
 *   prev_seq has been handed out, and otherwise reads the queue from there.
 *   Likewise clamp an ack to what has been handed out.
 *
 * Times are Unix milliseconds. ERR_NOMEM, ERR_IO and ERR_CLOSED (the store
 * shuts down) may answer every operation.
 */
#ifndef RELAY_STORE_STORE_H
#define RELAY_STORE_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define STORE_ACCOUNT_ID_LEN  16
#define STORE_MESSAGE_ID_LEN  16
#define STORE_TOKEN_LEN	      16 /* names one attempt to register */
#define STORE_CODE_HASH_LEN   32
#define STORE_NOISE_PK_LEN    32
#define STORE_IDENTITY_PK_LEN 33
#define STORE_PHONE_MAX	      16 /* '+' and up to 15 digits */
#define STORE_INVITE_MAX      64 /* bytes of an invite token */
#define STORE_NOTE_MAX	      128 /* bytes of an invite's note */
#define STORE_DEVICE_MAX      127 /* device ids are 1..127, never reused */
#define STORE_KEY_MAX	      2048 /* bytes of one public key or signature */
#define STORE_POOL_MAX	      1000 /* one-time keys kept per device and kind */
#define STORE_DEVICE_LIST_MAX (64 * 1024)
#define STORE_BODY_MAX	      (1024 * 1024) /* bytes of one queued message */
#define STORE_ACCOUNTS_MAX    1024 /* accounts in one send */
#define STORE_LOOKUP_MAX      256 /* phone numbers in one lookup */
#define STORE_PAGE_MAX	      1000 /* rows in one answer */
#define STORE_OTP_PER_PHONE   3 /* attempts alive at once; the oldest goes */
#define STORE_WHY_MAX	      320

struct store; /* heap, owned by the relay's main thread */

struct account_id {
	uint8_t b[STORE_ACCOUNT_ID_LEN];
};

/* Devices 1..127 as bits. */
struct device_set {
	uint64_t w[2];
};

static inline bool
device_set_has(const struct device_set *s, uint32_t id)
{
	return id < 128 && (s->w[id / 64] >> (id % 64) & 1);
}

/*
 * A device's number inside this store ("dev" everywhere): set when the device
 * registers, never reused, gone when the device is revoked or replaced. A
 * session keeps it from DEVICE_BY_KEY on.
 */
typedef uint64_t store_dev;

/* The devs that stop existing by an operation: close their sessions. */
struct store_devs {
	size_t n;
	store_dev v[STORE_DEVICE_MAX];
};

/* ---- life ------------------------------------------------------------------ */

/* Zero means the default in every number. */
struct store_opts {
	const char *dir; /* made 0700 when absent; files in it are 0600 */
	uint64_t (*now_ms)(void *ctx); /* NULL: the system's clock */
	void *ctx;
	uint64_t queue_ttl_ms; /* undelivered messages; 30 days */
	uint32_t queue_max; /* rows per device; 100,000 */
	uint32_t batch_ops; /* most operations in one commit; 4,096 */
	uint32_t batch_bytes; /* most message bytes in one commit; 8 MiB */
	uint32_t cache_devices; /* devices remembered in memory; 65,536 */
	uint32_t
	    recent_rows; /* newest rows in which a repeat is seen; 262,144 */
	/* Told on the store's thread when commits begin to fail, with the
	 * reason, and with NULL when they work again. May be NULL. */
	void (*trouble)(void *ctx, const char *reason);
};

/* Why opening failed, in a sentence for the operator. */
struct store_why {
	char text[STORE_WHY_MAX];
};

/*
 * Open or create the store, bring its schema up to date, start its threads.
 * Returns 0; ERR_BUSY another process has the folder; ERR_VERSION made by a
 * newer sotto-relay; ERR_FORMAT not a store of ours; ERR_DENIED; ERR_SYS;
 * ERR_IO; ERR_NOMEM. why is always set, empty on success; *s on success only.
 */
int store_open(struct store **s, const struct store_opts *opts,
    struct store_why *why) MUST_USE;

/*
 * Finish every operation submitted so far, close, join the threads. All their
 * sinks have got them when it returns (drain them once more). NULL is fine.
 */
void store_free(struct store *s);

/* ---- sinks: where finished operations come back ------------------------------ */

struct store_op;

/*
 * One per loop, caller's storage, outlives its operations. wake() is called on
 * the store's thread when the sink becomes non-empty, once per batch; it calls
 * uv_async_send() or the like and returns.
 */
struct store_sink {
	void (*wake)(void *ctx);
	void *ctx;
	pthread_mutex_t lock; /* private from here on */
	struct store_op *head, **tail; /* finished */
	struct store_op *batch, **batch_tail; /* of the commit under way */
	struct store_sink *touched; /* the next sink of that commit */
};

/* Returns 0 or ERR_SYS. */
int store_sink_init(
    struct store_sink *k, void (*wake)(void *ctx), void *ctx) MUST_USE;
void store_sink_clear(struct store_sink *k);

/* Run done() of every finished operation, in order, on the calling thread.
 * done() may free or resubmit its op. Returns how many ran. */
size_t store_sink_drain(struct store_sink *k);

/* ---- operations -------------------------------------------------------------- */

/* Where an operation runs. */
enum store_lane {
	STORE_WRITER, /* in order, in the shared commit */
	STORE_READER, /* beside it: long reads of the operator */
};

/* NAME, name (struct op_<name>), lane, what it does */
#define STORE_OPS(X)                                                           \
	X(LOOKUP, lookup, WRITER, "accounts by phone number")                  \
	X(ACCOUNT_GET, account_get, WRITER, "one account by id or phone")      \
	X(DEVICE_BY_KEY, device_by_key, WRITER,                                \
	    "the device of a Noise key, revoked ones too")                     \
	X(OTP_PUT, otp_put, WRITER, "remember an attempt to register")         \
	X(OTP_CHECK, otp_check, WRITER, "spend an attempt by its code")        \
	X(REGISTER, register, WRITER,                                          \
	    "check the code; make or replace account and first device")        \
	X(DEVICE_REVOKE, device_revoke, WRITER,                                \
	    "remove a device, its keys and its queue")                         \
	X(KEYS_PUT, keys_put, WRITER, "upload pre-keys")                       \
	X(KEYS_TAKE, keys_take, WRITER,                                        \
	    "bundles of an account; spends one-time keys")                     \
	X(KEYS_COUNT, keys_count, WRITER, "one-time keys left of a device")    \
	X(DEVICE_LIST_SET, device_list_set, WRITER,                            \
	    "publish the signed device list")                                  \
	X(DEVICES, devices, WRITER, "signed device list and live devices")     \
	X(SEND, send, WRITER,                                                  \
	    "check device sets, then queue one message for all of them")       \
	X(QUEUE_PUT, queue_put, WRITER,                                        \
	    "queue one row under a seq the caller took")                       \
	X(QUEUE_ACK, queue_ack, WRITER, "delete a queue up to a seq")          \
	X(QUEUE_READ, queue_read, WRITER, "messages of a device, in order")    \
	X(QUEUE_COUNT, queue_count, WRITER, "messages waiting for a device")   \
	X(SWEEP, sweep, WRITER, "drop what has expired, a bounded piece")      \
	X(INVITE_ADD, invite_add, WRITER, "make an invite")                    \
	X(INVITE_REVOKE, invite_revoke, WRITER, "void an invite")              \
	X(INVITE_LIST, invite_list, READER, "invites, a page")                 \
	X(ACCOUNT_BAN, account_ban, WRITER, "ban or unban an account")         \
	X(ACCOUNT_DELETE, account_delete, WRITER,                              \
	    "erase an account and all its rows")                               \
	X(ACCOUNT_LIST, account_list, READER, "accounts, a page")              \
	X(STATS, stats, READER, "counters of the whole store")                 \
	X(BACKUP, backup, READER, "a verified copy, while running")            \
	X(CHECK, check, READER, "check the store's integrity")                 \
	X(LINK_RESERVE, link_reserve, WRITER,                                  \
	    "a number for a device to be linked")                              \
	X(LINK_FINISH, link_finish, WRITER, "the device it was for")           \
	X(OWN_DEVICES, own_devices, WRITER, "all devices of an account")       \
	X(DEVICE_SEEN, device_seen, WRITER, "a device is connected")           \
	X(PIN_SET, pin_set, WRITER, "set or lift the registration lock")       \
	X(ACCOUNT_MOVE, account_move, WRITER, "to another number")             \
	X(GROUP_CHANGE, group_change, WRITER,                                  \
	    "apply a signed entry, tell whom it concerns")                     \
	X(GROUP_ENTRIES, group_entries, WRITER, "entries of a group, a page")  \
	X(GROUP_STATE, group_state, WRITER, "the public record of a group")    \
	X(GROUP_LIST, group_list, WRITER, "the groups of an account")          \
	X(AUDIENCE, audience, WRITER, "devices of a group or of accounts")     \
	X(FAN_OUT, fan_out, WRITER, "one body for all of those")               \
	X(REPORT_ADD, report_add, WRITER, "keep a sealed report")              \
	X(REPORT_LIST, report_list, READER, "reports, a page")                 \
	X(REPORT_GET, report_get, READER, "one report")                        \
	X(REPORT_DEL, report_del, WRITER, "drop a report")                     \
	X(BLOB_ADD, blob_add, WRITER, "room for a blob of an account")         \
	X(BLOB_GET, blob_get, WRITER, "what is known of a blob")               \
	X(BLOB_STORED, blob_stored, WRITER, "a blob is whole")                 \
	X(BLOB_DELIVERED, blob_delivered, WRITER, "everybody has a blob")      \
	X(BLOB_DEL, blob_del, WRITER, "drop a blob")                           \
	X(BLOB_EXPIRED, blob_expired, WRITER, "drop blobs that are over")

enum store_kind {
#define X(NAME, name, lane, doc) STORE_##NAME,
	STORE_OPS(X)
#undef X
	    STORE_KINDS,
};

struct store_op {
	enum store_kind kind;
	int result;
	void (*done)(struct store_op *op);
	void *ctx; /* the caller's */
	struct store_sink *sink;
	struct store_op *next, **link; /* private from here on */
	uint32_t weight;
	bool waiting;
};

/* Prepare the head of an op; arguments are the caller's to fill. */
void store_op_init(struct store_op *op, enum store_kind kind,
    struct store_sink *sink, void (*done)(struct store_op *op), void *ctx);

/* Free what results of this op own (their struct says which do), keep the op
 * usable. Only before submission or after done(). */
void store_op_clear(struct store_op *op);

/* "SEND", ...; for logs and metrics. */
const char *store_op_name(enum store_kind kind);

/* Hand over an op: never blocks on the disk, thread-safe, always answered. */
void store_submit(struct store *s, struct store_op *op);

/*
 * Take an op back. True: it was still waiting, nothing of it happens, done()
 * is not called and the op is the caller's again. False: too late, done() will
 * come (or came). Thread-safe against the store, not against a second cancel.
 */
bool store_op_cancel(struct store *s, struct store_op *op);

/* Operations waiting now; for back-pressure and metrics. */
size_t store_waiting(struct store *s);

/*
 * Take n seqs, consecutive from *first, never given out before or again, also
 * after a crash. For callers that hand a message out before it is queued
 * (QUEUE_PUT): only the loop that owns the device's connection may take seqs
 * for it, and submits in that order.
 * Returns 0; ERR_AGAIN the durable reserve is used up (it grows with the next
 * commit). Thread-safe.
 */
int store_seq_take(struct store *s, uint32_t n, uint64_t *first) MUST_USE;

/* Commits, rows and times so far; racy by nature, for metrics. */
struct store_metrics {
	uint64_t ops, commits, failed_commits;
	uint64_t rows_in, rows_out, rows_acked, rows_expired;
	uint64_t commit_us_total, commit_us_max;
};
void store_metrics(struct store *s, struct store_metrics *m);

/* ---- registry ---------------------------------------------------------------- */

struct store_lookup {
	char phone[STORE_PHONE_MAX + 1]; /* E.164 with '+' */
	bool found; /* result */
	struct account_id account; /* result */
};

/* ERR_RANGE n over STORE_LOOKUP_MAX; a malformed number is not found. Nobody
 * finds, asks keys of or writes to a banned account. */
struct op_lookup {
	struct store_op op;
	size_t n;
	struct store_lookup *v; /* borrowed; results are written into it */
};

struct store_account {
	struct account_id id;
	char phone[STORE_PHONE_MAX + 1];
	uint64_t created_ms; /* of the present registration */
	uint32_t devices;
	bool banned;
};

/* By phone when it is set, else by id. ERR_NOTFOUND; ERR_FORMAT. */
struct op_account_get {
	struct store_op op;
	const char *phone; /* borrowed; NULL: by id */
	struct account_id id;
	struct store_account account; /* result */
};

/* ERR_NOTFOUND: the key was never a device. */
struct op_device_by_key {
	struct store_op op;
	uint8_t noise_pk[STORE_NOISE_PK_LEN];
	struct account_id account; /* results from here on */
	bool revoked; /* was a device once; only account is valid beside it */
	bool banned;
	uint32_t device_id;
	uint32_t registration_id;
	bool listed; /* the signed device list names it, or it is the first */
	store_dev dev;
	uint32_t one_time_left;
	uint32_t kyber_left;
	uint64_t queued; /* messages waiting */
};

/* A public key, borrowed. Absent: pk NULL. */
struct store_key {
	uint32_t id;
	const uint8_t *pk;
	size_t pk_len;
	const uint8_t *sig; /* none for one-time keys: NULL, 0 */
	size_t sig_len;
};

/*
 * What a device uploads, borrowed. Ids of one-time and of Kyber one-time keys
 * grow from upload to upload: a key whose id is not above every one uploaded
 * before is skipped, so that a repeated upload cannot bring a spent key back.
 */
struct store_keys {
	struct store_key signed_key; /* absent: unchanged */
	struct store_key last_resort; /* Kyber; absent: unchanged */
	const struct store_key *one_time;
	size_t n_one_time;
	const struct store_key *kyber;
	size_t n_kyber;
};

/*
 * An attempt to register. The invite, when given, must be valid now; it is
 * consumed by REGISTER. ERR_NOTFOUND no such invite; ERR_EXPIRED invite
 * expired; ERR_FULL invite used up; ERR_DENIED the number's account is banned;
 * ERR_FORMAT phone; ERR_EXISTS token.
 */
struct op_otp_put {
	struct store_op op;
	uint8_t token[STORE_TOKEN_LEN]; /* random */
	char phone[STORE_PHONE_MAX + 1];
	char invite[STORE_INVITE_MAX + 1]; /* "": none */
	uint8_t code_hash[STORE_CODE_HASH_LEN]; /* keyed, over token and code */
	uint64_t expires_ms;
	uint32_t attempts; /* wrong codes after which it is void, 1.. */
	bool moves; /* for ACCOUNT_MOVE of that account, and nothing else */
	struct account_id account;
};

/*
 * Right code: the attempt is spent (single use). ERR_AUTH wrong code, counted
 * durably before the answer, attempts_left is valid; ERR_NOTFOUND unknown or
 * spent token, or no attempts left; ERR_EXPIRED. Compared in constant time.
 */
struct op_otp_check {
	struct store_op op;
	uint8_t token[STORE_TOKEN_LEN];
	uint8_t code_hash[STORE_CODE_HASH_LEN];
	uint32_t attempts_left; /* result with 0 and ERR_AUTH */
	char phone[STORE_PHONE_MAX + 1]; /* result */
	char invite[STORE_INVITE_MAX + 1]; /* result */
};

/* Why the right code was not enough: the account has a PIN. */
struct store_lock {
	bool locked; /* the rest is valid */
	struct account_id account;
	uint32_t tries_left; /* 0: none counts before wait_ms has passed */
	uint64_t wait_ms; /* from now on */
	uint64_t lapses_ms; /* from then on no PIN is asked for */
};

/*
 * OTP_CHECK and, in the same commit, account and device 1 with its keys. A
 * number that has an account keeps its account id; all its devices, keys,
 * queues, its device list and its PIN go. An invite is consumed.
 * Errors of OTP_CHECK (ERR_AUTH with attempts_left; with lock.locked the code
 * is right and not spent, but the PIN's hash is missing, or wrong, which is
 * counted); ERR_EXISTS the Noise key
 * is a live device of another account; ERR_DUP the replaced device 1 had the
 * same registration id (others would not notice: choose another); ERR_FULL
 * invite used up or void meanwhile; ERR_DENIED banned; ERR_RANGE, ERR_FORMAT keys.
 * Apart from a counted wrong code nothing changes on error.
 */
struct op_register {
	struct store_op op;
	uint8_t token[STORE_TOKEN_LEN];
	uint8_t code_hash[STORE_CODE_HASH_LEN];
	struct account_id new_account; /* random; used when the number is new */
	uint8_t noise_pk[STORE_NOISE_PK_LEN];
	uint8_t identity_pk[STORE_IDENTITY_PK_LEN];
	uint32_t registration_id;
	struct store_keys keys; /* signed_key and last_resort present */
	bool has_pin;
	uint8_t pin_hash[32];
	uint32_t attempts_left; /* result with ERR_AUTH */
	struct store_lock lock; /* result with ERR_AUTH */
	struct account_id account; /* results from here on */
	uint32_t device_id;
	store_dev dev;
	bool replaced;
	struct store_devs gone;
};

/* ERR_NOTFOUND. */
struct op_device_revoke {
	struct store_op op;
	struct account_id account;
	uint32_t device_id;
	store_dev dev; /* result: the one that was */
};

/* Banned: every device answers so from now on; gone lists its devs (they still
 * exist, close their sessions). By phone when set, else by id. ERR_NOTFOUND. */
struct op_account_ban {
	struct store_op op;
	const char *phone; /* borrowed; NULL: by id */
	struct account_id id;
	bool ban;
	struct store_devs gone; /* result */
};

/* Erases account, number, devices, keys, queues, attempts, memberships, and
 * the groups that have no other account left. Messages it sent that wait for
 * others stay theirs, and its id stays in the records of groups, which others
 * have signed. ERR_NOTFOUND; ERR_DENIED with both: they do not match. */
struct op_account_delete {
	struct store_op op;
	const char *phone; /* borrowed; NULL: by id */
	bool both; /* phone is set, and id must be that account */
	struct account_id id;
	struct store_devs gone; /* result */
};

/* ---- keys -------------------------------------------------------------------- */

/* ERR_NOTFOUND dev; ERR_FULL over STORE_POOL_MAX; ERR_RANGE, ERR_FORMAT. */
struct op_keys_put {
	struct store_op op;
	store_dev dev;
	struct store_keys keys;
	uint32_t one_time_left; /* results */
	uint32_t kyber_left;
};

struct op_keys_count {
	struct store_op op;
	store_dev dev;
	uint32_t one_time_left; /* results */
	uint32_t kyber_left;
};

struct store_bundle {
	uint32_t device_id;
	uint32_t registration_id;
	store_dev dev;
	uint8_t identity_pk[STORE_IDENTITY_PK_LEN];
	struct store_key signed_key;
	struct store_key one_time; /* absent when the pool is empty */
	struct store_key kyber; /* one-time, else the last resort */
};

/*
 * A one-time key is deleted on disk before done() runs and is never handed out
 * again. Unknown device ids are skipped. ERR_NOTFOUND account (or banned).
 */
struct op_keys_take {
	struct store_op op;
	struct account_id account;
	struct device_set devices; /* none: all */
	store_dev but; /* not this one (the asker's own); 0: none */
	struct store_bundle *v; /* results, owned by the op; borrow from data */
	size_t n;
	struct buf device_list; /* as uploaded; empty: never uploaded */
	struct buf data;
};

struct store_device {
	uint32_t device_id;
	uint32_t registration_id;
	store_dev dev;
};

/* Who there is, nothing is spent. ERR_NOTFOUND account (or banned). */
struct op_devices {
	struct store_op op;
	struct account_id account;
	size_t n; /* results */
	struct store_device v[STORE_DEVICE_MAX];
	struct buf device_list; /* owned by the op; empty: never uploaded */
};

struct store_listed {
	uint32_t device_id;
	uint8_t identity_pk[STORE_IDENTITY_PK_LEN];
};

/*
 * A device that is not listed is there for nobody: KEYS_TAKE, DEVICES, SEND and
 * groups leave it out, and it cannot send. The first one is always listed; the
 * others while the newest list names them with the identity key they have.
 * ERR_STATE version not above the present one (a repeat of the same bytes is
 * fine); ERR_NOTFOUND; ERR_RANGE over STORE_DEVICE_LIST_MAX. */
struct op_device_list_set {
	struct store_op op;
	struct account_id account;
	uint32_t version;
	const uint8_t *list; /* borrowed */
	size_t len;
	const struct store_listed *v; /* borrowed; whom it names */
	size_t n; /* 0..STORE_DEVICE_MAX */
};

/* ---- messages ---------------------------------------------------------------- */

struct store_envelope {
	uint32_t device_id;
	uint32_t registration_id;
	uint32_t type;
	uint32_t len;
	const uint8_t *body; /* borrowed; 0..STORE_BODY_MAX bytes */
	store_dev dev; /* results from here on */
	uint64_t seq; /* order in the device's queue, over 0 */
	uint64_t prev_seq; /* the message before it; 0: none is known */
	bool repeat; /* it was queued already, under this seq */
};

struct store_target {
	struct account_id account;
	struct store_envelope *v; /* borrowed; results are written into it */
	size_t n; /* 0..STORE_DEVICE_MAX, each device once */
	bool stale; /* results from here on: the set is not right */
	bool gone; /* no such account */
	struct device_set missing; /* live, but not in the set */
	struct device_set extra; /* in the set, but not live */
	struct device_set reregistered; /* another registration id */
};

/*
 * One message for every device of the accounts (of the sender's own account:
 * every device but the sender's). When a set is not right nothing is queued:
 * the answer is ERR_STATE and the targets tell what is wrong. Otherwise one
 * row each; a row of the same device, sender and message id among the newest
 * recent_rows is not queued twice (its seq is returned, repeat set, prev_seq
 * 0), whether it waits still or was acknowledged meanwhile. Older than that it
 * is queued again and the receiving device, which knows its ids, drops it.
 * ERR_STATE; ERR_NOTFOUND the sender is no device any more, or banned; ERR_DENIED
 * it is not listed yet; ERR_FULL a queue is full; ERR_RANGE sizes, a device or an account twice.
 */
struct op_send {
	struct store_op op;
	store_dev sender;
	uint8_t message_id[STORE_MESSAGE_ID_LEN];
	bool check_only; /* verify and fill in dev, queue nothing */
	struct store_target *v; /* borrowed; results are written into it */
	size_t n;
	struct account_id sender_account; /* results from here on */
	uint32_t sender_device;
	uint64_t server_ms;
};

/*
 * One row under a seq of store_seq_take(), for messages handed out first;
 * cancel it when the device acknowledges before the store takes it.
 * ERR_NOTFOUND dev is gone; ERR_FULL; ERR_DUP that message was queued already;
 * ERR_RANGE a seq that nobody took, or not above all in that queue (it could be
 * acknowledged unseen).
 */
struct op_queue_put {
	struct store_op op;
	store_dev dev;
	uint64_t seq;
	struct account_id sender_account;
	uint32_t sender_device;
	uint8_t message_id[STORE_MESSAGE_ID_LEN];
	uint32_t type;
	uint32_t len;
	const uint8_t *body; /* borrowed */
	uint64_t server_ms;
};

/* No message up to and with seq is read again; again is fine. Its bytes leave
 * the disk with the next SWEEPs, within seconds. */
struct op_queue_ack {
	struct store_op op;
	store_dev dev;
	uint64_t seq;
	uint64_t deleted; /* result */
};

struct store_row {
	uint64_t seq;
	uint64_t server_ms;
	struct account_id sender_account;
	uint32_t sender_device;
	uint32_t type;
	uint8_t message_id[STORE_MESSAGE_ID_LEN];
	bool in_group;
	uint8_t group_id[16]; /* with in_group */
	uint64_t expires_ms; /* a status post; else 0 */
	uint32_t len;
	const uint8_t *body; /* borrowed from the op */
};

/* The oldest messages after a seq. At least one row is returned when there is
 * one, whatever max_bytes says. The op's memory is reused when it is submitted
 * again. ERR_RANGE max_rows 0 or over STORE_PAGE_MAX. */
struct op_queue_read {
	struct store_op op;
	store_dev dev;
	uint64_t after_seq;
	uint32_t max_rows; /* 1..STORE_PAGE_MAX */
	uint32_t max_bytes; /* of bodies */
	struct store_row *v; /* results, owned by the op */
	size_t n;
	size_t cap; /* private */
	struct buf data; /* bodies */
	bool more; /* newer messages wait */
	uint64_t upto; /* all up to this seq is in here or acknowledged */
};

struct op_queue_count {
	struct store_op op;
	store_dev dev;
	uint64_t count; /* result */
};

/* ---- upkeep ------------------------------------------------------------------ */

/* Also tidies up what was acknowledged. Call it every few seconds; again at
 * once while more is set. */
struct op_sweep {
	struct store_op op;
	uint32_t max_rows; /* deleted at most; 0: 1,000 */
	uint64_t messages, attempts, invites; /* results: how many went */
	bool more;
};

struct store_invite {
	char token[STORE_INVITE_MAX + 1];
	char note[STORE_NOTE_MAX + 1];
	uint32_t uses; /* in total */
	uint32_t used;
	uint64_t created_ms;
	uint64_t expires_ms; /* 0: never */
};

/* ERR_EXISTS token; ERR_RANGE token empty or too long, uses 0. */
struct op_invite_add {
	struct store_op op;
	struct store_invite invite; /* used and created_ms are the store's */
};

/* ERR_NOTFOUND. */
struct op_invite_revoke {
	struct store_op op;
	char token[STORE_INVITE_MAX + 1];
};

/* In order of creation. */
struct op_invite_list {
	struct store_op op;
	uint64_t after; /* 0: from the start; then next of the page before */
	uint32_t max; /* 1..STORE_PAGE_MAX */
	struct store_invite *v; /* results, owned by the op */
	size_t n;
	uint64_t next; /* 0: that was all */
};

/* In order of creation. */
struct op_account_list {
	struct store_op op;
	uint64_t after; /* as in op_invite_list */
	uint32_t max;
	struct store_account *v; /* results, owned by the op */
	size_t n;
	uint64_t next;
};

struct op_stats {
	struct store_op op;
	uint64_t accounts, banned, devices; /* results */
	uint64_t queued, queued_bytes, oldest_ms;
	uint64_t one_time_keys, kyber_keys, invites, attempts;
	uint64_t groups, reports;
	uint64_t disk_bytes;
	uint32_t schema_version;
};

/* Copies the committed state into a new file (0600) and checks the copy.
 * ERR_EXISTS the path exists; ERR_SYS; ERR_IO; ERR_FORMAT the copy is bad.
 * No file is left on error. Writers go on meanwhile. */
struct op_backup {
	struct store_op op;
	const char *path; /* borrowed */
	uint64_t bytes; /* result */
};

/* 0: sound. ERR_FORMAT with the first complaint in text. */
struct op_check {
	struct store_op op;
	char text[STORE_WHY_MAX]; /* result with ERR_FORMAT */
};

#include "relay/store/ops_account.h"
#include "relay/store/ops_blob.h"
#include "relay/store/ops_group.h"

#endif

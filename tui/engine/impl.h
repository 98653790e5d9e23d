/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * impl.h — the engine's inside, shared by the files of tui/engine only.
 * Everything here runs on the engine's thread.
 */
#ifndef TUI_ENGINE_IMPL_H
#define TUI_ENGINE_IMPL_H

#include <protobuf-c/protobuf-c.h>
#include <uv.h>

#include "common/buf.h"
#include "common/noise/noise.h"
#include "common/signal/session.h"
#include "common/text.h"
#include "common/uri.h"
#include "tui/engine/cmd.h"
#include "tui/engine/devicelist.h"
#include "tui/engine/engine.h"
#include "tui/engine/event.h"
#include "tui/net/link.h"
#include "tui/store/lock.h"
#include "tui/store/store.h"
#include "tui/store/store_account.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_outbox.h"

#define OUTBOX_INFLIGHT 32 /* SENDs without an answer at once */
#define FETCHES_MAX	16 /* GET_KEYS without an answer at once */
#define REQUEST_MS	30000
#define SIGNAL_VERSION	4 /* PQXDH; version 3 is for tests */

/* Private keys, in one locked allocation while the store is open. */
struct keyring {
	struct identity_key_pair identity;
	struct noise_keypair noise;
	struct store_account row; /* what the account row says */
};

struct event_node {
	struct engine_event ev; /* first: an event is freed as its node */
	struct event_node *next;
};

struct event_list {
	struct event_node *head;
	struct event_node **tail;
};

/* A registration under way. */
struct registration {
	bool active;
	bool sent; /* REGISTER has gone out on this connection */
	bool by_invite; /* what the relay's policy is */
	uint64_t tag; /* the command that waits, 0: none */
	struct uri uri;
	char phone[STORE_PHONE_MAX];
	char name[STORE_NAME_MAX];
	uint8_t token[64];
	size_t token_len;
	bool locked; /* the number has a PIN, salted with: */
	uint8_t lock_account[STORE_ID_LEN];
};

#define PIN_PROOF_LEN 32

struct relock { /* a PIN that is to hold again after registering */
	bool due;
	uint8_t account[STORE_ID_LEN];
	uint8_t proof[PIN_PROOF_LEN];
};

struct moving { /* to another number */
	uint64_t tag; /* the command that waits, 0: none */
	char phone[STORE_PHONE_MAX];
	uint8_t token[64];
	size_t token_len;
};

struct sending { /* one SEND in flight */
	struct engine *e;
	int64_t row; /* outbox id; 0: this slot is free */
	bool answered; /* result below waits for the next turn */
	bool group; /* a SEND_GROUP, or with status: */
	bool status; /* a SEND_STATUS */
	int err;
	uint32_t retry_ms;
	char *text; /* why, when it failed for good */
};

struct fetch { /* one GET_KEYS in flight */
	struct engine *e;
	size_t asked; /* for so many devices; 0: all */
	bool used;
	bool had; /* bundles came */
	bool quiet; /* for groups, which can do without */
	struct buf answer; /* has come, is not taken yet */
	uint8_t account[STORE_ID_LEN];
};

struct peer_presence {
	uint8_t account[STORE_ID_LEN];
	bool online;
	uint64_t last_seen_ms;
	uint64_t typing_until_ms; /* 0: not typing */
	bool typing_in_group;
	uint8_t group[STORE_ID_LEN]; /* then: which one */
	uint64_t typed_ms; /* when we last told them that we type */
	uint64_t heard_ms; /* when something of theirs last arrived */
};

struct drafting { /* a draft that other devices do not know yet */
	int64_t chat; /* 0: free */
	uint64_t due_ms;
};

struct held { /* a delivery that waits for a list of devices */
	struct held *next;
	size_t len;
	uint8_t body[];
};

struct engine {
	/* shared with the front, under the lock */
	uv_mutex_t lock;
	struct {
		struct cmd *head;
		struct cmd **tail;
	} cmds;
	struct event_list events;
	bool stop;
	bool shown; /* under lock: a first page was answered */
	bool loaded; /* under lock: the loader is done */

	/* constant after engine_new() */
	struct engine_opts opts;
	char *dir, *proxy;
	unsigned home; /* country calling code, 0 none */
	uv_thread_t thread;
	struct lock *profile_lock;

	/* the engine thread's own */
	uv_loop_t loop;
	uv_async_t async;
	uv_timer_t timer; /* typing marks expire, upkeep once a day */
	uv_timer_t kick; /* outbox: next turn, or after a rate limit */
	uv_timer_t link_timer; /* linking.c */
	uv_timer_t expiry; /* timer.c */
	uv_timer_t backup_timer; /* backups.h: when the next is due */
	uv_thread_t loader; /* of libcurl; joined while loading */
	uv_cond_t showing; /* with lock: shown, stop */
	bool loading, dial_when_loaded;
	bool failed;
	struct engine_event *reserve;
	struct event_list pending; /* of the open transaction */

	struct store *store;
	struct keyring *keys; /* sodium_malloc */
	struct engine_self self;

	struct link *link;
	struct noise_public
	    offered; /* the relay key the person is asked about */
	uint32_t one_time_left, kyber_left;
	uint8_t report_key[32]; /* report.c; with has_report_key */
	uint32_t sync_done, sync_total;
	struct held *held, **held_tail; /* inbox.c */
	size_t held_bytes;
	struct {
		uint8_t account[STORE_ID_LEN];
		uint32_t device;
		bool settled; /* the list has come, or will not */
	} doubt; /* whose device is asked for */
	bool drained; /* the queue was empty once on this connection */
	bool offered_set; /* offered waits for an answer */
	bool upkeep_busy, confirm_busy, stopping;
	bool has_report_key;
	bool history_busy; /* history.h: a part may be made */

	struct registration reg;
	struct relock relock; /* account_care.h */
	struct moving moving;
	struct sending sending[OUTBOX_INFLIGHT];
	int64_t outbox_cursor;
	uint64_t outbox_hold_ms; /* rate limited until */
	uint64_t receipts_full_ms; /* receipt.c: when a burst may be sent */
	struct fetch fetches[FETCHES_MAX];
	struct group_room *rooms; /* group_send.c */
	uint64_t slice_end_ns; /* group_room.c: uv_hrtime() to stop at */
	struct drafting drafting[8]; /* sync.c; SYNC_DRAFTS */
	uint64_t flush_tag; /* outbox.c: who waits until nothing leaves */
	uint32_t list_sent; /* devices.c: version on its way to the relay */
	uint32_t list_waits; /* lists without an answer */
	uint64_t list_tag; /* the command that waits for it, 0: none */
	struct linking *linking; /* linking.h; NULL: none is under way */
	struct backing *backing; /* backups.h; NULL: none is under way */
	struct medias *media; /* media.h; NULL: the store is not open */
	struct groups *groups; /* group_int.h; NULL: nothing was to do yet */
	struct engine *link_ctx; /* e; what its requests are known by */
	struct peer_presence *peers;
	size_t n_peers;
};

/* ---- engine.c --------------------------------------------------------------- */

uint64_t engine_now_ms(void);
void engine_finish(struct engine *e);
struct engine_event *event_alloc(void);
void event_post_fatal(struct engine *e, int code, const char *text);

/*
 * Transactions: events made in one are told only once it is on disk.
 * txn_end(r): commits when r is 0, else rolls back; returns the result. A
 * failing disk ends the engine with EV_FATAL.
 */
int txn_begin(struct engine *e) MUST_USE;
int txn_end(struct engine *e, int r) MUST_USE;
void event_post_later(struct engine *e, struct engine_event *ev);

/* Pack any protobuf message behind what is in out. 0, ERR_FULL, ERR_NOMEM. */
int pack_into(struct buf *out, const ProtobufCMessage *m) MUST_USE;

/* Pack and send one request; cb as in link.h. */
int ask_relay(struct engine *e, uint16_t method, const ProtobufCMessage *m,
    link_reply_fn *cb, void *ctx) MUST_USE;

/* Is it our own? */
bool own_account(
    const struct engine *e, const uint8_t account[static STORE_ID_LEN]);

/* Heap copy of a sentence from others, sanitised; NULL: no memory. */
char *sentence_of(const char *from_others);

/* Heap copy of a text from others, sanitised and cut to max bytes; NULL: no
 * memory. */
char *clean_text(const char *from_others, size_t max, enum text_mode mode);

struct signal_local engine_local(const struct engine *e);

/* ---- connection.c ----------------------------------------------------------- */

/* Have libcurl loaded by another thread; before the loop runs. */
void connection_prepare(struct engine *e);
/* A page was answered: the loader need not hold back any more. */
void connection_shown(struct engine *e);
/* The loader may be done; called whenever the loop is woken. */
void connection_loaded(struct engine *e);
/* Wait for the loader; nothing dials afterwards. */
void connection_unprepare(struct engine *e);
/* Dial the account's relay, as soon as that is done. */
void connection_dial(struct engine *e);
int connection_open(struct engine *e, const struct uri *u) MUST_USE;
void connection_close(struct engine *e);
bool connection_online(const struct engine *e);

/* ---- account.c, register.c, upkeep.c ------------------------------------------ */

void account_close(struct engine *e);
int account_save(struct engine *e) MUST_USE;
int self_load(struct engine *e) MUST_USE;
void self_post(struct engine *e, enum engine_event_kind kind, uint64_t tag);
void register_link_open(struct engine *e);
void register_link_failed(struct engine *e, int err, const char *reason);

/* Keys that are missing on the relay: make, upload. */
void account_upkeep(struct engine *e);

/* ---- contact.c, keys.c ------------------------------------------------------- */

/* The contact of an account, made from what its message says when it is new.
 * In a transaction. */
int contact_ensure(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const char *phone_claim, const char *name_claim,
    struct store_contact *out) MUST_USE;

/*
 * Somebody proved to have this primary identity key: remember it, or note the
 * change in chat and trust. In a transaction.
 */
int contact_identity(struct engine *e, struct store_contact *c,
    const struct identity_pk *identity) MUST_USE;

/* Ask the relay whether claimed numbers are true. */
void contacts_confirm(struct engine *e);

/* Fetch bundles and start sessions; the outbox is kicked when it is done.
 * ids NULL: all devices. */
void keys_fetch(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    const uint32_t *ids, size_t n);
/* The same for a group: it goes without those whose keys cannot be had
 * (group_send_no_keys()), and nothing else waits for them. */
void keys_fetch_quietly(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], const uint32_t *ids, size_t n);
bool keys_fetching(
    const struct engine *e, const uint8_t account[static STORE_ID_LEN]);
/* Take answers that have come, for a slice of time; the outbox's turn. */
void keys_turn(struct engine *e);
/* Forget what is under way: the store is closed, or another one. */
void keys_lock(struct engine *e);

/* The account's list of devices alone; no bundle is spent. done (may be NULL)
 * is called when it was taken (0), refused or not had. ERR_CLOSED. */
typedef void keys_list_fn(struct engine *e, int r);
int keys_fetch_list(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], keys_list_fn *done) MUST_USE;

/*
 * Somebody has proven this identity as a device of that account. Is it one?
 * Returns 0; ERR_AUTH no; ERR_NOTFOUND that the list has to tell, which must
 * be fetched. A first device is taken at its word: contact_identity().
 */
int keys_vouched(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, const struct identity_pk *identity) MUST_USE;

/*
 * The identity of a device by the account's list, of this version or later.
 * Returns 0; ERR_NOTFOUND the list does not have it; ERR_BUSY no such list is
 * here: fetch it.
 */
int keys_of_device(struct engine *e, const uint8_t account[static STORE_ID_LEN],
    uint32_t device, uint32_t list_version, struct identity_pk *out) MUST_USE;

/* ---- outbox.c, seal.c --------------------------------------------------------- */

/* Whom something is for, and what it is to us. */
struct outbox_for {
	const uint8_t *account; /* STORE_ID_LEN bytes, borrowed */
	int64_t message; /* local id; 0 for what is not shown */
	enum store_line line;
	uint32_t device; /* with STORE_LINE_RETRY: which one it is meant for */
	const uint8_t *chat; /* a copy for our own devices: of what was sent in
			      * the conversation with this account; else NULL */
	uint32_t only_device; /* the account's other devices get a content that
			       * says nothing; 0: it is for all */
	const uint8_t *group; /* account NULL: to this group; else pairwise and
			       * about it; or NULL */
};

/* Put a content into the outbox, sealed if the account's devices are known.
 * In a transaction. */
int outbox_add(struct engine *e, const struct outbox_for *whom,
    const struct buf *content,
    const uint8_t message_id[static STORE_ID_LEN]) MUST_USE;
/* Look at everything that waits, soon. */
void outbox_kick(struct engine *e);
/* There may be receipts or requests to make; rows that wait go on waiting. */
void outbox_wake(struct engine *e);
void outbox_wake_in(struct engine *e, uint64_t ms); /* in so long */
void outbox_link_lost(struct engine *e);
/* Nothing leaves for so long; 0: the usual pause. */
void outbox_hold(struct engine *e, uint32_t ms);
/* Nothing more can be sent to this account: fail what waits. */
void outbox_account_gone(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], const char *why);
bool outbox_sending(const struct engine *e, int64_t row);
/* So much is under way that what has time waits for its answers. */
bool outbox_crowded(const struct engine *e);

/* ---- inbox.c ------------------------------------------------------------------ */

void inbox_deliver(struct engine *e, const uint8_t *body, size_t len);
/* What waits for a list of devices comes again on the next connection. */
void inbox_link_lost(struct engine *e);
/* Nothing waits on the relay any more: told once a connection. */
void inbox_drained(struct engine *e);

/* ---- presence.c ----------------------------------------------------------------- */

void presence_start(struct engine *e);
void presence_link_lost(struct engine *e);
void presence_event(struct engine *e, const uint8_t *body, size_t len);
void presence_typing(
    struct engine *e, const uint8_t account[static STORE_ID_LEN], bool started);
/* The same in a group. */
void presence_typing_in(struct engine *e,
    const uint8_t account[static STORE_ID_LEN],
    const uint8_t group[static STORE_ID_LEN], bool started);
/* Does anybody type in that group? */
bool presence_types_in(
    const struct engine *e, const uint8_t group[static STORE_ID_LEN]);
void presence_heard(
    struct engine *e, const uint8_t account[static STORE_ID_LEN]);
/* Made when absent; NULL: no memory. Valid until the next call. */
struct peer_presence *presence_get(
    struct engine *e, const uint8_t account[static STORE_ID_LEN]);
const struct peer_presence *presence_of(
    const struct engine *e, const uint8_t account[static STORE_ID_LEN]);

/* ---- view.c --------------------------------------------------------------------- */

/* The chat's row as an EV_CHAT, when the transaction is on disk. */
int chat_changed(struct engine *e, int64_t chat) MUST_USE;
int msg_row_from(struct engine *e, struct msg_row *out,
    const struct store_message *m) MUST_USE;
int chat_row_from(struct engine *e, struct chat_row *out,
    const struct store_chat *c) MUST_USE;
/* An EV_MSG_NEW for a message just stored. */
int message_added(struct engine *e, int64_t id) MUST_USE;
/* An EV_MSG_CHANGED: its text, marks or reactions are others now. */
int message_changed(struct engine *e, int64_t id) MUST_USE;
int message_moved(struct engine *e, int64_t id) MUST_USE;
/* An EV_MSG_GONE for a message just deleted. */
int message_gone(struct engine *e, int64_t chat, int64_t id) MUST_USE;
/* A calm line of our own in a chat. In a transaction. */
int note_add(struct engine *e, int64_t chat, enum store_msg_kind kind,
    const char *text) MUST_USE;

#endif

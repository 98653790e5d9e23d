/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h — the client without its face: account, contacts, sessions,
 * outbox, inbox. Screen, command line and daemon are fronts on it.
 *
 * The engine has a thread of its own that does all that may take time: the
 * encrypted store, key derivation, the ratchets, the relay connection. A front
 * submits commands (each function below with a tag) and takes events; neither
 * ever blocks. docs/architecture.md, "Threads".
 *
 * Every command is answered by exactly one event that carries its tag, with
 * code 0 or an error and a sentence for a person. Events without a tag (0)
 * tell what happened by itself. Strings in events come from others only after
 * text_sanitize(): a front may draw them as they are. Timestamps are Unix
 * milliseconds.
 */
#ifndef TUI_ENGINE_ENGINE_H
#define TUI_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define ENGINE_TEXT_MAX	       65536 /* bytes of one text message */
#define ENGINE_ID_LEN	       16 /* account and message ids */
#define ENGINE_PAGE_MAX	       200 /* messages in one page */
#define ENGINE_SAFETY_LEN      60 /* digits of a safety number */
#define ENGINE_DEVICE_NAME_MAX 64 /* bytes of a device's name */
#define ENGINE_EVER	       UINT64_MAX /* muted without end */
#define ENGINE_EXPIRE_MAX_S    (4u * 7 * 24 * 3600) /* disappearing messages */
#define ENGINE_FORWARD_MAX     50 /* messages, and chats, of one forward */
#define ENGINE_REPORT_MAX      50 /* messages of one report */
#define ENGINE_FILES_MAX       30 /* files of one album */
#define ENGINE_READ_MAX	       (32u << 20) /* bytes of a file in an event */
#define ENGINE_TINY_MAX	       1155 /* bytes of a tiny picture, media/tiny.h */
#define ENGINE_BARS	       64 /* of a waveform */

struct engine; /* heap, owned by its front */

struct engine_opts {
	const char *dir; /* profile data folder, exists, 0700 */
	/* Called on the engine's thread when the event queue becomes
	 * non-empty; wake your own loop in it (uv_async_send) and return. */
	void (*wake)(void *ctx);
	void *ctx;
	const char *country; /* home country calling code, "49"; may be NULL */
	const char *proxy; /* libcurl proxy URL; may be NULL */
	bool offline; /* never dial (search, list, ...) */
	bool fast_kdf; /* tests only: minimal Argon2id for new stores */
	bool picture_first; /* getting ready to dial waits for a first page,
			     * but not for long */
	bool auto_fetch; /* files are fetched by themselves, as media_rules
			  * says; what was asked for is fetched anyway */
};

/* How the store is opened; exactly one is set. Strings are copied. */
struct engine_key {
	const char *passphrase;
	const char *command; /* its first output line is the passphrase */
	const char *key_file; /* 32 raw bytes or more */
};

/* ---- life ------------------------------------------------------------------ */

/*
 * Start the thread. Takes the profile's lock at once.
 * Returns 0; ERR_BUSY another process has the profile (*pid says which, 0
 * unknown); ERR_NOMEM; ERR_SYS.
 */
int engine_new(
    struct engine **e, const struct engine_opts *opts, int *pid) MUST_USE;

/* Stop: commits what is under way, closes connection and store, wipes keys,
 * joins the thread, drops unread events. NULL is fine. */
void engine_free(struct engine *e);

/* True when the profile folder already holds a store (no unlock needed). */
bool engine_exists(const struct engine_opts *opts);

/* The next event, owned by the caller, or NULL when none waits. */
struct engine_event *engine_next(struct engine *e);
void engine_event_free(struct engine_event *ev);

/* ---- rows ------------------------------------------------------------------ */

enum conn_state { CONN_OFFLINE, CONN_CONNECTING, CONN_ONLINE };

/* Order matters: a state only ever moves forward (FAILED apart). */
enum msg_state {
	MSG_PENDING = 0, /* clock: in the outbox, not on the relay yet */
	MSG_SENT = 1, /* one tick: the relay has it */
	MSG_DELIVERED = 2, /* two ticks: a device of theirs stored it */
	MSG_READ = 3, /* two ticks in colour: seen */
	MSG_FAILED = 4, /* will not leave by itself; engine_retry() */
	MSG_RECEIVED = 5, /* incoming */
	MSG_WAITING = 6, /* incoming, cannot be opened; was asked for again by
			  * itself. It becomes a new row, goes, or stays */
};

enum msg_kind {
	MSG_TEXT = 0,
	MSG_KEY_CHANGED = 1, /* a line of ours: their safety number changed */
	MSG_NOTE = 2, /* another calm line of ours; text says it */
	MSG_DELETED = 3, /* taken back by who wrote it; text says so */
	MSG_ONCE = 4, /* a view-once text; text says what can be done. Not
		       * answered, forwarded, starred or edited. With media: a
		       * view-once photo, video or voice note */
	MSG_MEDIA = 5, /* media says what; text is its caption */
};

/* ---- media: docs/media.md §4 ---- */

/* Numbers are on the wire and on disk. */
enum media_kind {
	MEDIA_KIND_FILE = 0, /* any file, and what a later version invents */
	MEDIA_KIND_PHOTO = 1,
	MEDIA_KIND_VIDEO = 2,
	MEDIA_KIND_VOICE = 3, /* a voice note */
	MEDIA_KIND_AUDIO = 4,
	MEDIA_KIND_CONTACT = 5, /* no file: contact_name, contact_phone */
	MEDIA_KIND_LOCATION = 6, /* no file: lat_e7, lon_e7 */
	MEDIA_KINDS
};

/* Numbers are on disk. Of contacts and places it is MEDIA_IS_HERE. */
enum media_state {
	MEDIA_IS_PREPARED = 1, /* ours: metadata goes, it is sealed */
	MEDIA_IS_SENT = 2, /* ours: on its way up; then the message leaves */
	MEDIA_IS_HERE = 3, /* can be looked at and saved */
	MEDIA_IS_THERE = 4, /* not fetched: engine_fetch() */
	MEDIA_IS_FETCHED = 5, /* on its way down */
	MEDIA_IS_GONE = 6, /* the relay has it no more; why */
	MEDIA_IS_FAILED = 7, /* why; engine_fetch(), or ours: engine_retry() */
};

struct media_row {
	enum media_kind kind;
	enum media_state state;
	bool paused; /* SENT, FETCHED: by hand, engine_media_resume() */
	uint64_t size; /* bytes of the file */
	uint64_t done; /* SENT, FETCHED: about so many of them */
	char *name; /* a name that harms nobody, media/safe_name.h */
	char *mime; /* as its sender says, sanitised; may be "" */
	uint32_t width, height; /* pixels; 0 unknown */
	uint32_t duration_ms; /* 0 unknown */
	bool has_bars;
	uint8_t bars[ENGINE_BARS]; /* loudness of a voice note, 0..255 */
	uint8_t *tiny; /* media/tiny.h, checked; NULL none */
	size_t tiny_len;
	bool in_album;
	uint8_t album[ENGINE_ID_LEN]; /* the same for all of one album */
	char *why; /* a sentence; NULL none */
	char *contact_name, *contact_phone; /* CONTACT; E.164 */
	int32_t lat_e7, lon_e7; /* LOCATION: degrees times 10^7 */
};

/* What is fetched by itself, and how fast. */
struct media_rules {
	/* Bytes up to which a file is; 0 never. Contacts, places: no matter */
	uint64_t max[MEDIA_KINDS];
	uint64_t metered_max[MEDIA_KINDS]; /* while metered */
	bool metered; /* this network costs by the byte */
	uint64_t up_bytes_s, down_bytes_s; /* of all together; 0: any */
};

/* "@Name" in the text of a row. */
struct mention_row {
	uint8_t account[ENGINE_ID_LEN];
	uint32_t off, len; /* bytes of msg_row.text, with the "@" */
	bool me;
};

struct msg_row {
	int64_t id; /* local, grows in the order shown */
	int64_t chat;
	enum msg_kind kind;
	enum msg_state state;
	bool outgoing;
	uint64_t sent_ms; /* the sender's clock */
	uint64_t received_ms; /* ours */
	char *text; /* UTF-8, sanitised, newlines kept */
	bool edited, starred, forwarded;
	char *quote; /* what it answers, one line; NULL: nothing */
	char *quote_from; /* who wrote that; NULL with quote */
	int64_t quote_id; /* that message here; 0: it is not here */
	char *reactions; /* "👍 2  ❤️", one line; NULL: none */
	/* What names it on every device of everybody; zeros for notes. */
	uint8_t message_id[ENGINE_ID_LEN];
	uint8_t author[ENGINE_ID_LEN];
	char *from; /* in a group: who wrote it; NULL: we, or nobody */
	bool opened; /* MSG_ONCE: nothing is left of it */
	uint32_t expire_s; /* disappears so long after it was seen; 0: stays */
	uint64_t expires_ms; /* when; 0: the timer does not run yet */
	struct media_row *media; /* heap; NULL: it is a text */
	struct mention_row *mentions; /* heap: whom it names, in order */
	size_t n_mentions;
	bool mentions_me; /* somebody else names us */
};

enum trust {
	TRUST_FIRST_USE = 0, /* never compared */
	TRUST_VERIFIED = 1, /* safety number compared */
	TRUST_CHANGED = 2, /* was verified, key changed: sending is blocked */
};

struct chat_row {
	int64_t chat;
	uint8_t account[ENGINE_ID_LEN];
	char *title; /* name, or the number as shown */
	char *phone; /* E.164 */
	enum trust trust;
	uint32_t unread;
	uint64_t last_ms; /* 0: empty chat */
	char *last_text; /* one line, may be ""; what others wrote in a group
			  * with their name before it */
	bool last_outgoing;
	enum msg_state last_state;
	char *draft; /* "" when there is none */
	bool online; /* presence, where it is shared with us */
	uint64_t last_seen_ms;
	bool typing;
	bool group; /* account is the group's id; engine_group() */
	bool to_self; /* the chat with one's own account: notes */
	bool blocked; /* nothing of theirs comes, nothing can be sent */
	bool archived; /* a new message ends it, unless it is muted */
	bool marked_unread; /* by hand; reading ends it */
	bool mentions_me; /* something unread in it does */
	uint64_t pinned_ms; /* since when; 0: not. Pinned ones are first */
	uint64_t muted_until_ms; /* 0: not; ENGINE_EVER. May be over */
	uint32_t expire_s; /* of new messages; 0: they stay */
};

struct hit_row {
	struct msg_row msg;
	char *title; /* the chat's */
	uint32_t mark_off; /* bytes: first match inside msg.text */
	uint32_t mark_len;
};

/* What is known of one account that a message went to. */
struct receipt_row {
	uint8_t account[ENGINE_ID_LEN];
	char *name;
	uint64_t delivered_ms; /* to its first device; 0: not told */
	uint64_t read_ms; /* 0: not told */
};

/* A text that a message had before. */
struct edit_row {
	uint64_t written_ms;
	char *text;
};

/* Beside the row itself, EV_MSG_INFO: */
struct msg_info {
	struct receipt_row *receipts; /* own messages only */
	size_t n_receipts;
	struct edit_row *edits; /* oldest first */
	size_t n_edits;
	uint64_t edited_ms; /* when it got its text of now; 0: never */
};

struct device_row {
	uint32_t id; /* 1: the first one, which signs the list */
	char *name; /* "" when nobody has named it */
	uint64_t added_ms;
	uint64_t seen_ms; /* to the hour; 0: unknown */
	bool this_one;
	bool listed; /* in the signed list; else others do not know it */
	bool gone; /* listed, but the relay has it no more */
};

enum history_state {
	HISTORY_ASKED = 1, /* that device asks us for it: a person decides */
	HISTORY_ASKING, /* we have asked; nothing has come yet */
	HISTORY_SENDING,
	HISTORY_RECEIVING,
	HISTORY_WHOLE, /* all of it is there */
	HISTORY_ENDED, /* called off, refused or not possible; text */
};

/* How much of the past; all zeros: everything. */
struct history_amount {
	uint32_t days; /* the last days */
	uint32_t messages; /* the newest messages, at most so many */
};

/* History that a device of ours has from another one. */
struct history_row {
	uint32_t device; /* the other one */
	bool incoming; /* we get it from there */
	enum history_state state;
	struct history_amount amount;
	uint64_t done, total; /* messages; total is about right, 0: unknown */
	char *text; /* HISTORY_ENDED: why; else NULL */
};

/* Numbers as in the store. */
enum group_standing {
	GROUP_IS_MAKING = 0, /* ours; the relay has not taken it yet */
	GROUP_IS_MEMBER = 1,
	GROUP_IS_ADDED = 2, /* we were added; what it is has not come yet */
	GROUP_IS_ASKED = 3, /* by a link; an admin decides */
	GROUP_IS_LEFT = 4,
	GROUP_IS_REMOVED = 5,
	GROUP_IS_FAILED = 6, /* it was never made, or we were not let in */
	GROUP_IS_JOINING = 7, /* the relay has not taken us in yet */
};

struct group_member_row {
	uint8_t account[ENGINE_ID_LEN];
	char *name; /* as the person knows them; "Somebody" */
	char *phone; /* E.164; "" unknown */
	bool you, admin;
	bool asks; /* no member: waits for an admin */
};

struct group_row {
	int64_t chat;
	uint8_t id[ENGINE_ID_LEN];
	char *name, *about; /* "" as long as they are not known */
	uint32_t timer_s; /* messages disappear after; 0: they stay */
	enum group_standing standing;
	uint32_t version;
	uint32_t n_members, n_asking;
	bool admin; /* us */
	bool may_send, may_edit, may_add; /* us, now */
	bool admins_send, admins_edit, admins_add; /* not everybody may */
	bool has_link, link_approval;
	char *link; /* text, for admins that know it; else NULL */
	uint32_t pending; /* own changes that wait for the relay */
	char *failed; /* why the last own change was not made; "" it was */
	bool catching_up; /* changes are missing yet */
	char *alarm; /* a sentence: the relay tells two stories; NULL: no */
	bool alarm_accepted; /* engine_group_accept() */
	struct group_member_row *members; /* with answers only: first members
					   * by account, then who asks */
	size_t n_rows;
};

/* ---- backups: docs/backup.md ---- */

enum backup_doing {
	BACKUP_AT_REST = 0,
	BACKUP_IS_MADE, /* done, total: messages */
	BACKUP_IS_SENT, /* bytes */
	BACKUP_IS_READ, /* verified: bytes, then messages */
};

/* Backups by themselves, and the one under way. */
struct backup_row {
	char *to; /* folder or URL; "": none are made */
	char *credentials; /* a file; "" none */
	uint32_t every_days, keep;
	bool has_code;
	char *code; /* what opens them, in groups of four digits; "" unless it
		     * was asked for, or has just been made: show it */
	uint64_t last_ms; /* the last that worked; 0: none yet */
	uint64_t next_ms; /* 0: never */
	uint64_t failed_ms; /* a later try that did not; 0: none */
	char *why; /* of that one; "" */
	enum backup_doing doing;
	uint64_t done, total;
};

/* ---- status posts: docs/status.md ---- */

enum status_kind {
	STATUS_TEXT = 0,
	STATUS_OTHER = 1, /* a later version's; text: a sentence that says so,
			   * and its caption */
};

/* A post, for 24 hours. */
struct status_row {
	int64_t id; /* local; not that of a message */
	uint8_t
	    message_id[ENGINE_ID_LEN]; /* with author: names it everywhere */
	uint8_t author[ENGINE_ID_LEN];
	char *name; /* as the person knows them; of own ones NULL */
	char *phone; /* E.164, "" unknown; of own ones NULL */
	bool own;
	bool muted; /* its author is */
	bool seen; /* here, or on another device of ours. Own ones are */
	enum status_kind kind;
	char *text; /* UTF-8, sanitised, newlines kept */
	uint64_t posted_ms, expires_ms;
	/* of own ones */
	enum msg_state state; /* MSG_PENDING, MSG_SENT, MSG_FAILED */
	uint32_t audience; /* accounts it went to */
	uint32_t views; /* of those have seen it, as far as they tell */
};

struct status_viewer_row {
	uint8_t account[ENGINE_ID_LEN];
	char *name;
	uint64_t viewed_ms;
};

/* Who sees posts that are made from now on. */
enum status_mode {
	STATUS_ALL = 0, /* all contacts: whom the person has named, compared or
			 * written to, and has not blocked */
	STATUS_BUT = 1, /* without those marked `but` */
	STATUS_ONLY = 2, /* only those marked `only` */
};

struct status_person_row {
	uint8_t account[ENGINE_ID_LEN];
	char *name;
	char *phone; /* E.164; "" unknown */
	bool contact;
	bool but, only; /* kept whatever the mode is */
	bool muted;
	bool sees; /* contact, and by the mode */
};

struct status_audience {
	enum status_mode mode;
	struct status_person_row *people; /* by name */
	size_t n_people;
	uint32_t sees; /* how many of them do */
};

/* ---- events ---------------------------------------------------------------- */

enum engine_event_kind {
	/* answers only */
	EV_DONE = 1, /* command worked and has nothing more to say */
	EV_ERROR, /* code, text, retry_after_ms */
	EV_UNLOCKED, /* self: registered or not */
	EV_CODE_SENT, /* digits, expires_ms, resend_after_ms; text: a warning */
	EV_REGISTERED, /* self */
	EV_CONTACT, /* chat: found (or made) for that number */
	EV_CHATS, /* chats[n]: the whole list, latest first */
	EV_PAGE, /* msgs[n] ascending; more_before, more_after */
	EV_SENT_LOCALLY, /* msg: in the store and the outbox */
	EV_HITS, /* hits[n], newest first */
	EV_SAFETY, /* safety digits, trust */
	EV_SELF, /* self */
	EV_LINK_OFFER, /* text: show it, as a QR code too; expires_ms */
	EV_DEVICES, /* devices[n], by id */
	EV_GROUPS, /* groups[n], without members */
	EV_MSG_INFO, /* msgs[1], info */
	EV_ONCE, /* msgs[1]: its text, for this once */
	EV_FORWARDED, /* total: messages made; each came by an EV_MSG_NEW */
	EV_STATUSES, /* statuses[n]: own ones first, then person by person, each
		      * in order of posting; whose latest is newest is first */
	EV_STATUS_VIEWERS, /* statuses[1], viewers: latest first */
	EV_STATUS_AUDIENCE, /* audience */
	EV_MEDIA_RULES, /* rules */
	EV_MEDIA_DATA, /* data, data_len: the whole file, of msg_id */
	EV_MEDIA_SAVED, /* text: the path of the new file; msg_id */
	/* by itself */
	EV_GROUP, /* groups[1]: it has changed, without members. Also the
		   * answer to commands about groups, then with members */
	EV_CONN, /* conn, text: why, retry_ms: when next */
	EV_MSG_NEW, /* msg; shown chats append it */
	EV_MSG_STATE, /* msg_id, chat, state */
	EV_MSG_CHANGED, /* msg: the row looks different now */
	EV_MSG_GONE, /* msg_id, chat: this row is no more. A text that waited
		      * comes as a new row, EV_MSG_NEW, behind this event */
	EV_CHAT, /* chats[1]: this row changed (also new ones) */
	EV_CHAT_CLEARED, /* chat: deleted, but for what was new elsewhere: ask
			  * for its pages anew */
	EV_CHAT_GONE, /* chat: it has left the list */
	EV_GROUP_KEYS, /* chat; done, total: accounts that were given the key of
			* a large group. Messages leave when all have it */
	EV_SYNC, /* done, total: draining a long queue; 0, 0 once after each
		  * connect when nothing waits there any more */
	EV_RELAY_KEY, /* text: fingerprint, changed; answer with
			 * engine_relay_key() */
	EV_LINK_CODE, /* text: six digits to compare; name: the new device's;
		       * expires_ms. Also the answer to engine_link_answer() */
	EV_LINK_ENDED, /* linking is over without success: code, text */
	EV_REMOVED, /* this device is no longer part of the account; text. Offer
		     * engine_wipe() */
	EV_HISTORY, /* history[n]: these have moved. As an answer: all that are
		     * known */
	EV_STATUS_NEW, /* statuses[1]; own ones too */
	EV_STATUS_CHANGED, /* statuses[1] */
	EV_STATUS_GONE, /* msg_id: of a status_row. Over, or taken back */
	EV_STATUS_MUTED, /* changed: of some author; ask for the list anew */
	EV_BACKUP, /* backup: as it is now. By itself: it moves, or has ended:
		    * then text says how, and code */
	EV_MEDIA, /* msgs[1], its media alone moved: progress, or it waits for
		   * the network. Other changes: EV_MSG_CHANGED */
	EV_FATAL, /* the store failed; nothing more will work. text */
};

struct engine_self {
	bool registered;
	uint8_t account[ENGINE_ID_LEN];
	uint32_t device;
	char *phone;
	char *name;
	char *relay; /* URI with its key */
	char *relay_name; /* what the operator calls it; may be "" */
	bool read_receipts;
	bool share_presence;
	bool pin_set; /* a registration lock, as this device knows it */
	bool pin_ask; /* it is time to see whether the person knows it yet:
		       * engine_check_pin() */
};

struct engine_event {
	enum engine_event_kind kind;
	uint64_t tag;
	int code; /* 0 or common/err.h */
	char *text; /* a sentence; NULL when there is none */
	uint32_t retry_after_ms;

	int64_t chat;
	int64_t msg_id;
	enum msg_state state;
	enum conn_state conn;
	enum trust trust;
	bool changed;
	bool more_before, more_after;
	uint32_t digits, resend_after_ms;
	uint64_t expires_ms;
	uint32_t done, total;
	char safety[ENGINE_SAFETY_LEN + 1];
	struct engine_self self;
	char *name; /* EV_LINK_CODE */
	uint32_t device; /* EV_DONE to engine_link_confirm(): the new one's */
	/* EV_ERROR to engine_verify(): the code is right, but the number has a
	 * registration lock. Ask for the PIN and call engine_verify_pin() with
	 * the same code. tries_left 0: retry_after_ms says when */
	bool locked;
	uint32_t tries_left;
	uint64_t lapses_ms; /* from then on no PIN is asked for */

	struct backup_row *backup;
	struct history_row *history; /* n rows */
	struct msg_info *info;
	struct device_row *devices;
	struct group_row *groups;
	struct msg_row *msgs; /* n rows; EV_MSG_NEW, EV_SENT_LOCALLY: one */
	struct chat_row *chats;
	struct hit_row *hits;
	struct status_row *statuses;
	size_t n;
	struct status_viewer_row *viewers;
	size_t n_viewers;
	struct status_audience *status_audience;
	struct media_rules *rules;
	uint8_t *data; /* heap, wiped with the event; take it and set NULL */
	size_t data_len;
};

/* ---- commands: 0 when queued, ERR_NOMEM, ERR_RANGE (argument) ---------------- */

/* Open the store of the profile, or make it when there is none. EV_UNLOCKED,
 * EV_ERROR (ERR_AUTH: wrong passphrase). Dials when registered. */
int engine_unlock(
    struct engine *e, uint64_t tag, const struct engine_key *key) MUST_USE;
int engine_change_passphrase(struct engine *e, uint64_t tag,
    const char *old_passphrase,
    const char *passphrase) MUST_USE; /* EV_DONE; ERR_AUTH */

/*
 * Ask the relay for a one-time code. uri is a relay URI or invite link
 * (common/uri.h); phone as a person types it. EV_CODE_SENT or EV_ERROR, whose
 * text says what to do next. May be repeated (resend, other number).
 */
int engine_register(struct engine *e, uint64_t tag, const char *uri,
    const char *phone, const char *name) MUST_USE;
int engine_verify(struct engine *e, uint64_t tag,
    const char *code) MUST_USE; /* EV_REGISTERED */
/* The same, with the PIN of the registration lock. */
int engine_verify_pin(
    struct engine *e, uint64_t tag, const char *code, const char *pin) MUST_USE;
int engine_relay_key(
    struct engine *e, uint64_t tag, bool accept) MUST_USE; /* EV_DONE */

/*
 * Link this profile to an account, as a new device of it. EV_LINK_OFFER or
 * EV_ERROR; then by itself EV_LINK_CODE, and EV_REGISTERED or EV_LINK_ENDED.
 * The relay's key: as with engine_register(). name: what the person calls this
 * device, ENGINE_DEVICE_NAME_MAX bytes of it count.
 */
int engine_link_begin(
    struct engine *e, uint64_t tag, const char *uri, const char *name) MUST_USE;
/* Take a new device into our account: its offer as scanned or pasted.
 * EV_LINK_CODE or EV_ERROR; the person compares the code with the one that the
 * new device shows, and then: EV_DONE once it is linked, EV_ERROR. */
int engine_link_answer(
    struct engine *e, uint64_t tag, const char *offer) MUST_USE;
int engine_link_confirm(struct engine *e, uint64_t tag, bool accept) MUST_USE;
/* On either side. EV_DONE, also when there is none under way. */
int engine_link_cancel(struct engine *e, uint64_t tag) MUST_USE;

/* EV_DEVICES; without the relay what the list says. Renaming and removing
 * others is for the first device, EV_DONE; a removed one is no part of the
 * account from then on. */
int engine_devices(struct engine *e, uint64_t tag) MUST_USE;
int engine_device_rename(
    struct engine *e, uint64_t tag, uint32_t device, const char *name) MUST_USE;
int engine_device_remove(
    struct engine *e, uint64_t tag, uint32_t device) MUST_USE;
/* Destroy this profile's store. EV_DONE; engine_unlock() makes a new one. */
int engine_wipe(struct engine *e, uint64_t tag) MUST_USE;

/*
 * History for another device of ours, as EV_HISTORY tells from then on; it goes
 * on by itself after a restart of either side. Sending answers a device that
 * asked, too; a former one for that device ends. A device takes history from
 * the first device, or from one that it has asked. EV_DONE; EV_ERROR.
 */
int engine_history_send(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount) MUST_USE;
int engine_history_ask(struct engine *e, uint64_t tag, uint32_t device,
    const struct history_amount *amount) MUST_USE;
/* Call off what is under way with that device, in both directions; refuses what
 * it asks for. What has come stays. EV_DONE, also when there is none. */
int engine_history_cancel(
    struct engine *e, uint64_t tag, uint32_t device) MUST_USE;
int engine_history(struct engine *e, uint64_t tag) MUST_USE; /* EV_HISTORY */

/*
 * The account itself; only the first device may, ERR_DENIED.
 */
#define ENGINE_PIN_MIN 4 /* characters */
#define ENGINE_PIN_MAX 64 /* bytes */
/* The PIN of the registration lock; NULL lifts it. EV_SELF. */
int engine_set_pin(struct engine *e, uint64_t tag, const char *pin) MUST_USE;
/* Does the person know it yet? EV_SELF; ERR_AUTH no. Asked for after 12 hours,
 * then after longer and longer, up to two weeks; a wrong one begins anew. */
int engine_check_pin(struct engine *e, uint64_t tag, const char *pin) MUST_USE;
/* Move to another number: EV_CODE_SENT, as when registering; then EV_SELF. */
int engine_change_number(
    struct engine *e, uint64_t tag, const char *phone) MUST_USE;
int engine_change_number_code(
    struct engine *e, uint64_t tag, const char *code) MUST_USE;
/* End the account for good; phone: its number, as the person types it. EV_DONE,
 * and an EV_REMOVED; ERR_DENIED that is not the number. */
int engine_delete_account(
    struct engine *e, uint64_t tag, const char *phone) MUST_USE;

/*
 * Backups by themselves, while this engine runs. All are answered by EV_BACKUP.
 * place: a folder or a URL (tui/backup/place.h), NULL: no more of them;
 * credentials: a file, NULL: as it is. A first place makes the recovery code,
 * which the answer shows: whoever loses it loses the history.
 */
int engine_backup(struct engine *e, uint64_t tag, bool show_code) MUST_USE;
int engine_backup_set(struct engine *e, uint64_t tag, const char *place,
    const char *credentials, uint32_t every_days, uint32_t keep) MUST_USE;
/* Make one, or read the newest of this device and see whether it is whole. How
 * that ends is told by an EV_BACKUP of its own. ERR_BUSY; ERR_STATE no place. */
int engine_backup_now(struct engine *e, uint64_t tag) MUST_USE;
int engine_backup_verify(struct engine *e, uint64_t tag) MUST_USE;
/* Call off what is under way; EV_DONE. */
int engine_backup_cancel(struct engine *e, uint64_t tag) MUST_USE;

/* Own profile. EV_SELF. A NULL name leaves it. */
int engine_self(struct engine *e, uint64_t tag) MUST_USE;
int engine_set_profile(struct engine *e, uint64_t tag, const char *name,
    bool read_receipts, bool share_presence) MUST_USE;

/* Find a person by number and open (make) the chat. EV_CONTACT. Asks the
 * relay unless the number is known already. name may be NULL. */
int engine_contact(struct engine *e, uint64_t tag, const char *phone,
    const char *name) MUST_USE;

int engine_chats(struct engine *e, uint64_t tag) MUST_USE; /* EV_CHATS */
/* The first n of them, sooner; more_after: perhaps not all. EV_CHATS. */
int engine_chats_top(struct engine *e, uint64_t tag, uint32_t n) MUST_USE;

/* n messages before (older than) an id, 0: the latest. EV_PAGE. */
int engine_page_before(struct engine *e, uint64_t tag, int64_t chat,
    int64_t before, uint32_t n) MUST_USE;
int engine_page_after(struct engine *e, uint64_t tag, int64_t chat,
    int64_t after, uint32_t n) MUST_USE;
/* A page with the message in its middle (search hits). EV_PAGE. */
int engine_page_around(struct engine *e, uint64_t tag, int64_t chat, int64_t id,
    uint32_t n) MUST_USE;

/* EV_SENT_LOCALLY once text and outbox are on disk; EV_ERROR (ERR_UNTRUSTED:
 * a verified key changed). Later EV_MSG_STATE. Also clears the draft. */
int engine_send_text(
    struct engine *e, uint64_t tag, int64_t chat, const char *text) MUST_USE;
int engine_retry(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
/* The same, as an answer to a message of that chat. */
int engine_send_reply(struct engine *e, uint64_t tag, int64_t chat,
    const char *text, int64_t reply_to) MUST_USE;
/* The text of a message into another chat, said to be forwarded.
 * EV_SENT_LOCALLY. */
int engine_forward(
    struct engine *e, uint64_t tag, int64_t msg_id, int64_t chat) MUST_USE;

/* What can be done to a message later. EV_DONE, and EV_MSG_CHANGED before it;
 * EV_ERROR says in words why not. */
/* An own text, for 15 minutes. */
int engine_edit(
    struct engine *e, uint64_t tag, int64_t msg_id, const char *text) MUST_USE;
/* An own message, from everybody. */
int engine_retract(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
/* Here only: EV_MSG_GONE. */
int engine_forget(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
/* One emoji or character; "" takes it back. */
int engine_react(
    struct engine *e, uint64_t tag, int64_t msg_id, const char *emoji) MUST_USE;
int engine_star(
    struct engine *e, uint64_t tag, int64_t msg_id, bool on) MUST_USE;

/* Each of these messages into each of these chats, or none: EV_FORWARDED.
 * ERR_RANGE beyond ENGINE_FORWARD_MAX of either. */
int engine_forward_all(struct engine *e, uint64_t tag, const int64_t *msgs,
    size_t n_msgs, const int64_t *chats, size_t n_chats) MUST_USE;
/* Starred ones of a chat (0: of all), newest first; before: below that id, 0:
 * the latest. EV_HITS without marks; more_before. */
int engine_starred(struct engine *e, uint64_t tag, int64_t chat, int64_t before,
    uint32_t n) MUST_USE;
int engine_msg_info(
    struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE; /* EV_MSG_INFO */
/* A message by its name. author NULL: whoever wrote it. EV_PAGE with that one;
 * EV_ERROR ERR_NOTFOUND. */
int engine_find_message(struct engine *e, uint64_t tag,
    const uint8_t message_id[static ENGINE_ID_LEN],
    const uint8_t *author) MUST_USE;

/* A text that can be looked at once. EV_SENT_LOCALLY; here nobody sees it
 * again. */
int engine_send_once(
    struct engine *e, uint64_t tag, int64_t chat, const char *text) MUST_USE;
/* Look at one that came: EV_ONCE, and an EV_MSG_CHANGED; the text is on no
 * disk any more by then. ERR_STATE it was opened already. */
int engine_open_once(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;

/* Tell the operator of the relay: these messages of a chat, as they are here,
 * sealed to them. EV_DONE once the relay has it; ERR_STATE this relay takes
 * none. block: engine_block() too. */
int engine_report(struct engine *e, uint64_t tag, int64_t chat,
    const int64_t *msgs, size_t n, bool block) MUST_USE;

/* What a person sets for a chat; other devices of theirs follow. EV_DONE, and
 * an EV_CHAT before it. */
/* No notice of it until then; 0: as usual; ENGINE_EVER. */
int engine_mute(
    struct engine *e, uint64_t tag, int64_t chat, uint64_t until_ms) MUST_USE;
int engine_pin(struct engine *e, uint64_t tag, int64_t chat, bool on) MUST_USE;
int engine_archive(
    struct engine *e, uint64_t tag, int64_t chat, bool on) MUST_USE;
int engine_mark_unread(
    struct engine *e, uint64_t tag, int64_t chat, bool on) MUST_USE;
/* The person of this chat. */
int engine_block(
    struct engine *e, uint64_t tag, int64_t chat, bool on) MUST_USE;
int engine_rename_contact(
    struct engine *e, uint64_t tag, int64_t chat, const char *name) MUST_USE;
/* New messages of both sides disappear so long after they were seen; 0: they
 * stay. The other side is told. ERR_RANGE ENGINE_EXPIRE_MAX_S. */
int engine_set_timer(
    struct engine *e, uint64_t tag, int64_t chat, uint32_t seconds) MUST_USE;
/* On this account's devices only: all messages, or the chat too.
 * EV_CHAT_CLEARED, EV_CHAT_GONE. */
int engine_clear_chat(struct engine *e, uint64_t tag, int64_t chat) MUST_USE;
int engine_delete_chat(struct engine *e, uint64_t tag, int64_t chat) MUST_USE;
/* The chat with oneself, made when there is none. EV_CONTACT. */
int engine_to_self(struct engine *e, uint64_t tag) MUST_USE;

/* Everything up to this message is seen: clears unread, sends receipts when
 * they are on. EV_DONE. */
int engine_mark_read(
    struct engine *e, uint64_t tag, int64_t chat, int64_t up_to) MUST_USE;
int engine_set_draft(struct engine *e, uint64_t tag, int64_t chat,
    const char *text) MUST_USE; /* EV_DONE */
/* The person types in this chat; the engine rate-limits. EV_DONE. */
int engine_typing(struct engine *e, uint64_t tag, int64_t chat) MUST_USE;

/* Full text, as people type it; chat 0: everywhere. EV_HITS. */
int engine_search(struct engine *e, uint64_t tag, int64_t chat,
    const char *query, uint32_t limit) MUST_USE;

int engine_safety(
    struct engine *e, uint64_t tag, int64_t chat) MUST_USE; /* EV_SAFETY */
/* TRUST_VERIFIED: compared and equal. TRUST_FIRST_USE: accept the new key
 * without comparing, or take a verification back. EV_SAFETY. */
int engine_set_trust(
    struct engine *e, uint64_t tag, int64_t chat, enum trust trust) MUST_USE;

/* Try to connect now instead of at the next turn of the back-off. EV_DONE. */
int engine_reconnect(struct engine *e, uint64_t tag) MUST_USE;
/* EV_DONE when all that can leave now has left: for fronts that end. */
int engine_flush(struct engine *e, uint64_t tag) MUST_USE;

/*
 * Incoming messages of every chat, oldest first: those with an id above
 * `after`, or above the saved cursor. EV_PAGE; more_after: ask again.
 */
#define ENGINE_SAVED_CURSOR (-1)
int engine_incoming_after(
    struct engine *e, uint64_t tag, int64_t after, uint32_t n) MUST_USE;
/* Everything up to this message has been handed on: what `sotto recv` keeps,
 * so that nothing is lost while nobody reads. EV_DONE. */
int engine_set_cursor(struct engine *e, uint64_t tag, int64_t id) MUST_USE;

/* ---- media: docs/media.md §4 ------------------------------------------------------ */

/*
 * Send files, a message each; of more than one they are an album. What a photo
 * tells besides itself (where it was taken) is removed.
 */
struct engine_files {
	const char *const *paths; /* absolute, or relative to here; copied */
	size_t n; /* 1..ENGINE_FILES_MAX */
	const char *caption; /* of the first; NULL none */
	int64_t answers; /* local id of what it answers; 0 nothing */
	bool original; /* photos with all they tell */
	bool as_files; /* shown as files, whatever they are */
	bool voice; /* one, Ogg Opus: a voice note */
	bool once; /* photos, videos and voice notes, to be viewed once */
	bool discard; /* the paths are removed once they are sealed: what was
		       * recorded or pasted */
};
/* EV_SENT_LOCALLY with msgs[n] once the rows are on disk; EV_ERROR names the
 * file that cannot be sent, and then nothing is. The message leaves when the
 * file is up; until then it is MSG_PENDING. What does not work out makes it
 * MSG_FAILED, media.why says why. ERR_RANGE. */
int engine_send_files(struct engine *e, uint64_t tag, int64_t chat,
    const struct engine_files *files) MUST_USE;
/* A contact's card: of whoever has that number. EV_SENT_LOCALLY. */
int engine_send_contact(struct engine *e, uint64_t tag, int64_t chat,
    const char *name, const char *phone) MUST_USE;
int engine_send_location(struct engine *e, uint64_t tag, int64_t chat,
    int32_t lat_e7, int32_t lon_e7, const char *caption) MUST_USE;

/* Have it here. EV_DONE once that is under way, or it is there; EV_MEDIA and
 * EV_MSG_CHANGED tell the rest. ERR_STATE; ERR_NOTFOUND. */
int engine_fetch(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
/* Of one on its way, up or down; EV_DONE. Cancelling a download keeps what came
 * of it, cancelling an upload makes the message MSG_FAILED: engine_retry() goes
 * on, engine_forget() ends it. */
int engine_media_pause(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
int engine_media_resume(
    struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
int engine_media_cancel(
    struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;

/* The bytes of one that is MEDIA_IS_HERE: EV_MEDIA_DATA. ERR_STATE it is not,
 * or can be viewed once: engine_open_once(), whose EV_ONCE has data; ERR_RANGE
 * more than ENGINE_READ_MAX; ERR_AUTH what came is not what was sent. */
int engine_media_read(struct engine *e, uint64_t tag, int64_t msg_id) MUST_USE;
/* A new file in that folder, which exists; never over another: EV_MEDIA_SAVED.
 * Not of what can be viewed once. */
int engine_media_save(
    struct engine *e, uint64_t tag, int64_t msg_id, const char *dir) MUST_USE;

int engine_media_rules(struct engine *e, uint64_t tag) MUST_USE;
/* Both: EV_MEDIA_RULES. For this device alone. */
int engine_set_media_rules(
    struct engine *e, uint64_t tag, const struct media_rules *rules) MUST_USE;

/* ---- groups: docs/groups.md §9 -------------------------------------------------- */

#define ENGINE_GROUP_NAME_MAX  256 /* bytes */
#define ENGINE_GROUP_ABOUT_MAX 2048
#define ENGINE_GROUP_MEMBERS   1024

/*
 * Changes are answered by EV_GROUP once the relay has taken them, by EV_ERROR
 * (ERR_DENIED: its text says why it cannot be); without the relay at once,
 * pending says that they wait: they are made as soon as it is there. Accounts
 * are chat_row.account of people.
 */
int engine_groups(struct engine *e, uint64_t tag) MUST_USE; /* EV_GROUPS */
int engine_group(
    struct engine *e, uint64_t tag, int64_t chat) MUST_USE; /* EV_GROUP */
int engine_group_create(struct engine *e, uint64_t tag, const char *name,
    const char *about, uint32_t timer_s,
    const uint8_t (*accounts)[ENGINE_ID_LEN], size_t n) MUST_USE;

enum engine_group_act {
	ENGINE_GROUP_ADD,
	ENGINE_GROUP_REMOVE,
	ENGINE_GROUP_PROMOTE,
	ENGINE_GROUP_DEMOTE,
	ENGINE_GROUP_APPROVE, /* who asked to be let in */
	ENGINE_GROUP_DECLINE, /* the same; oneself: take it back */
	ENGINE_GROUP_LEAVE, /* no accounts */
};
int engine_group_act(struct engine *e, uint64_t tag, int64_t chat,
    enum engine_group_act act, const uint8_t (*accounts)[ENGINE_ID_LEN],
    size_t n) MUST_USE;

/* NULL: as it is. picture: an opaque locator; timer_s: ENGINE_GROUP_AS_IS. */
#define ENGINE_GROUP_AS_IS UINT32_MAX
struct engine_group_edit {
	const char *name, *about;
	const uint8_t *picture;
	size_t picture_len;
	uint32_t timer_s;
};
int engine_group_edit(struct engine *e, uint64_t tag, int64_t chat,
    const struct engine_group_edit *edit) MUST_USE;

/* Who may: -1 as it is, 0 everybody, 1 admins. */
int engine_group_permit(struct engine *e, uint64_t tag, int64_t chat, int send,
    int edit, int add) MUST_USE;
enum engine_group_link { ENGINE_LINK_OFF, ENGINE_LINK_OPEN, ENGINE_LINK_ASK };
/* A new link; the one before is none any more. */
int engine_group_link(struct engine *e, uint64_t tag, int64_t chat,
    enum engine_group_link link) MUST_USE;
/* Join, or ask to be let in. Needs the relay. */
int engine_group_join(
    struct engine *e, uint64_t tag, const char *link) MUST_USE;
/* The relay tells two stories, and the person goes on with ours. */
int engine_group_accept(struct engine *e, uint64_t tag, int64_t chat) MUST_USE;

/* ---- status posts: docs/status.md ------------------------------------------------ */

#define ENGINE_STATUS_MAX 4096 /* bytes of a post's text */

int engine_statuses(struct engine *e, uint64_t tag) MUST_USE; /* EV_STATUSES */
/* To whoever the setting says now. EV_STATUS_NEW once post and outbox are on
 * disk; ERR_STATE nobody would see it, ERR_RANGE too long or empty. Later
 * EV_STATUS_CHANGED with its state. */
int engine_status_post(
    struct engine *e, uint64_t tag, const char *text) MUST_USE;
/* The person has seen it: EV_DONE, and an EV_STATUS_CHANGED before it. The
 * poster is told if read receipts are on. Of an own one, nothing. */
int engine_status_see(struct engine *e, uint64_t tag, int64_t id) MUST_USE;
/* Of an own one; EV_STATUS_VIEWERS. */
int engine_status_viewers(struct engine *e, uint64_t tag, int64_t id) MUST_USE;
/* Take an own one back, from everybody. EV_DONE, and an EV_STATUS_GONE. */
int engine_status_delete(struct engine *e, uint64_t tag, int64_t id) MUST_USE;
/* An own one that is MSG_FAILED, again. EV_DONE. */
int engine_status_retry(struct engine *e, uint64_t tag, int64_t id) MUST_USE;
/* Answer in the chat with its author: a message that quotes it.
 * EV_SENT_LOCALLY. */
int engine_status_reply(
    struct engine *e, uint64_t tag, int64_t id, const char *text) MUST_USE;
/* Posts of theirs are not shown among the new ones. EV_DONE, and an
 * EV_STATUS_MUTED before it. */
int engine_status_mute(struct engine *e, uint64_t tag,
    const uint8_t account[static ENGINE_ID_LEN], bool on) MUST_USE;
/* EV_STATUS_AUDIENCE. */
int engine_status_audience(struct engine *e, uint64_t tag) MUST_USE;
/* With STATUS_BUT and STATUS_ONLY accounts is that list, whole; with STATUS_ALL
 * there are none, and both lists stay. Other devices of ours follow.
 * EV_STATUS_AUDIENCE. ERR_RANGE more than ENGINE_STATUS_PEOPLE. */
#define ENGINE_STATUS_PEOPLE 1024
int engine_status_set_audience(struct engine *e, uint64_t tag,
    enum status_mode mode, const uint8_t (*accounts)[ENGINE_ID_LEN],
    size_t n) MUST_USE;

#endif

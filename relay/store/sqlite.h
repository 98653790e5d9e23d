/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sqlite.h — what the files of the SQLite backend share; inside relay/store
 * only. One connection writes (and reads in order with its writes), one serves
 * the operator's long reads, one copies the log back into the database.
 */
#ifndef RELAY_STORE_SQLITE_H
#define RELAY_STORE_SQLITE_H

#include <sqlite3.h>

#include "relay/store/backend.h"
#include "relay/store/cache.h"
#include "relay/store/group_cache.h"
#include "relay/store/hot.h"
#include "relay/store/recent.h"
#include "relay/store/wal.h"

/* What sqlite_queue.c takes a message from. */
#define SQL_ROW                                                                \
	"q.seq, q.sent_ms, q.sender_account, q.sender_device, q.message_id,"   \
	" q.type, coalesce(q.body, s.body), s.group_id,"                       \
	" coalesce(s.expires_ms, 0)"

/* Every statement of the writer; prepared once, at opening. */
#define SQL_LIST(X)                                                            \
	X(BEGIN, "BEGIN")                                                      \
	X(COMMIT, "COMMIT")                                                    \
	X(ROLLBACK, "ROLLBACK")                                                \
	X(SAVEPOINT, "SAVEPOINT op")                                           \
	X(RELEASE, "RELEASE op")                                               \
	X(UNDO, "ROLLBACK TO op")                                              \
	X(SEQ_LIMIT, "UPDATE meta SET value = ? WHERE name = 'seq_limit'")     \
	/* accounts */                                                         \
	X(ACCOUNT_BY_PHONE, "SELECT row, id, phone, created_ms, banned"        \
			    " FROM account WHERE phone = ?")                   \
	X(ACCOUNT_BY_ID, "SELECT row, id, phone, created_ms, banned"           \
			 " FROM account WHERE id = ?")                         \
	X(ACCOUNT_ADD,                                                         \
	    "INSERT INTO account (id, phone, created_ms) VALUES (?, ?, ?)")    \
	X(ACCOUNT_RENEW,                                                       \
	    "UPDATE account SET created_ms = ?, list_version = 0,"             \
	    " device_list = NULL, pin_hash = NULL, pin_wrong = 0,"             \
	    " pin_wait_ms = 0 WHERE row = ?")                                  \
	X(ACCOUNT_BAN, "UPDATE account SET banned = ? WHERE row = ?")          \
	X(ACCOUNT_DEL, "DELETE FROM account WHERE row = ?")                    \
	X(LIST_GET,                                                            \
	    "SELECT list_version, device_list FROM account WHERE row = ?")     \
	X(LIST_SET, "UPDATE account SET list_version = ?, device_list = ?"     \
		    " WHERE row = ?")                                          \
	/* devices */                                                          \
	X(DEVICES,                                                             \
	    "SELECT dev, device_id, registration_id, listed FROM device"       \
	    " WHERE account = ? ORDER BY device_id")                           \
	X(DEVICE_ACCOUNT, "SELECT a.id FROM device d JOIN account a"           \
			  " ON a.row = d.account WHERE d.dev = ?")             \
	X(DEVICE_BY_KEY, "SELECT a.id, a.banned, d.device_id,"                 \
			 " d.registration_id, d.dev, d.listed FROM device d"   \
			 " JOIN account a ON a.row = d.account"                \
			 " WHERE d.noise_pk = ?")                              \
	X(DEVICE_ADD, "INSERT INTO device (account, device_id,"                \
		      " registration_id, noise_pk, identity_pk, created_ms,"   \
		      " seen_ms, listed)"                                      \
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)")              \
	X(DEVICE_SEEN, "UPDATE device SET seen_ms = ?1 WHERE dev = ?2"         \
		       " AND seen_ms + ?3 <= ?1")                              \
	X(DEVICE_OWN, "SELECT device_id, registration_id, created_ms,"         \
		      " seen_ms, listed FROM device WHERE account = ?"         \
		      " ORDER BY device_id")                                   \
	X(DEVICE_IDENTITY, "SELECT identity_pk, a.list_version FROM device d"  \
			   " JOIN account a ON a.row = d.account"              \
			   " WHERE d.dev = ?")                                 \
	X(UNLIST, "UPDATE device SET listed = 0 WHERE account = ?"             \
		  " AND device_id > 1")                                        \
	X(LIST_DEVICE, "UPDATE device SET listed = 1 WHERE account = ?"        \
		       " AND device_id = ? AND identity_pk = ?")               \
	X(LINKING_PUT, "INSERT OR REPLACE INTO linking VALUES (?, ?, ?, ?)")   \
	X(LINKING_GET, "SELECT a.id, l.device_id, l.expires_ms, l.account"     \
		       " FROM linking l JOIN account a ON a.row = l.account"   \
		       " WHERE l.noise_pk = ?")                                \
	X(LINKING_DEL, "DELETE FROM linking WHERE noise_pk = ?")               \
	X(LINKING_SWEEP, "DELETE FROM linking WHERE noise_pk IN"               \
			 " (SELECT noise_pk FROM linking"                      \
			 " WHERE expires_ms <= ? LIMIT ?)")                    \
	/* the registration lock */                                            \
	X(PIN_GET, "SELECT pin_hash, pin_wrong, pin_wait_ms,"                  \
		   " (SELECT max(seen_ms) FROM device"                         \
		   " WHERE account = account.row) FROM account"                \
		   " WHERE row = ?")                                           \
	X(PIN_SET, "UPDATE account SET pin_hash = ?, pin_wrong = 0,"           \
		   " pin_wait_ms = 0 WHERE row = ?")                           \
	X(PIN_WRONG, "UPDATE account SET pin_wrong = ?, pin_wait_ms = ?"       \
		     " WHERE row = ?")                                         \
	X(ACCOUNT_PHONE, "UPDATE account SET phone = ? WHERE row = ?")         \
	X(DEVICE_NEXT, "UPDATE account SET next_device = next_device + 1"      \
		       " WHERE row = ? AND next_device <= 127"                 \
		       " RETURNING next_device - 1")                           \
	X(DEVICE_DEL, "DELETE FROM device WHERE dev = ?")                      \
	X(REVOKED_BY_KEY, "SELECT a.id FROM revoked r JOIN account a"          \
			  " ON a.row = r.account WHERE r.noise_pk = ?")        \
	X(REVOKED_ADD, "INSERT OR REPLACE INTO revoked"                        \
		       " SELECT noise_pk, account, ? FROM device"              \
		       " WHERE dev = ?")                                       \
	X(REVOKED_DEL, "DELETE FROM revoked WHERE noise_pk = ?")               \
	/* registration */                                                     \
	X(OTP_ADD, "INSERT INTO otp (token, phone, invite, code_hash,"         \
		   " expires_ms, attempts_left, account)"                      \
		   " VALUES (?, ?, ?, ?, ?, ?, ?)")                            \
	X(OTP_TRIM, "DELETE FROM otp WHERE phone = ?1 AND row NOT IN"          \
		    " (SELECT row FROM otp WHERE phone = ?1"                   \
		    " ORDER BY row DESC LIMIT ?2)")                            \
	X(OTP_GET, "SELECT row, phone, invite, code_hash, expires_ms,"         \
		   " attempts_left, account FROM otp WHERE token = ?")         \
	X(OTP_WRONG, "UPDATE otp SET attempts_left = attempts_left - 1"        \
		     " WHERE row = ?")                                         \
	X(OTP_DEL, "DELETE FROM otp WHERE row = ?")                            \
	X(OTP_DEL_ACCOUNT, "DELETE FROM otp WHERE account = ?")                \
	X(OTP_DEL_PHONE, "DELETE FROM otp WHERE phone = ?")                    \
	X(OTP_SWEEP, "DELETE FROM otp WHERE row IN (SELECT row FROM otp"       \
		     " WHERE expires_ms <= ? LIMIT ?)")                        \
	X(INVITE_GET,                                                          \
	    "SELECT uses, used, expires_ms FROM invite WHERE token = ?")       \
	X(INVITE_USE, "UPDATE invite SET used = used + 1 WHERE token = ?")     \
	X(INVITE_ADD, "INSERT INTO invite (token, note, uses, created_ms,"     \
		      " expires_ms) VALUES (?, ?, ?, ?, ?)")                   \
	X(INVITE_DEL, "DELETE FROM invite WHERE token = ?")                    \
	X(INVITE_SWEEP, "DELETE FROM invite WHERE row IN (SELECT row"          \
			" FROM invite WHERE expires_ms BETWEEN 1 AND ?"        \
			" LIMIT ?)")                                           \
	/* keys */                                                             \
	X(SIGNED_SET, "UPDATE device SET signed_id = ?, signed_pk = ?,"        \
		      " signed_sig = ? WHERE dev = ?")                         \
	X(RESORT_SET, "UPDATE device SET kyber_id = ?, kyber_pk = ?,"          \
		      " kyber_sig = ? WHERE dev = ?")                          \
	X(HIGH_GET,                                                            \
	    "SELECT one_time_high, kyber_high FROM device WHERE dev = ?")      \
	X(HIGH_SET, "UPDATE device SET one_time_high = ?, kyber_high = ?"      \
		    " WHERE dev = ?")                                          \
	X(ONE_TIME_ADD, "INSERT INTO one_time_key VALUES (?, ?, ?)")           \
	X(ONE_TIME_COUNT, "SELECT count(*) FROM one_time_key WHERE dev = ?")   \
	X(ONE_TIME_TAKE, "DELETE FROM one_time_key WHERE dev = ?1 AND id ="    \
			 " (SELECT min(id) FROM one_time_key WHERE dev = ?1)"  \
			 " RETURNING id, pk")                                  \
	X(KYBER_ADD,                                                           \
	    "INSERT INTO kyber_key (dev, id, pk, sig) VALUES (?, ?, ?, ?)")    \
	X(KYBER_COUNT, "SELECT count(*) FROM kyber_key WHERE dev = ?")         \
	X(KYBER_TAKE, "DELETE FROM kyber_key WHERE dev = ?1 AND id ="          \
		      " (SELECT min(id) FROM kyber_key WHERE dev = ?1)"        \
		      " RETURNING id, pk, sig")                                \
	X(BUNDLE, "SELECT identity_pk, signed_id, signed_pk, signed_sig,"      \
		  " kyber_id, kyber_pk, kyber_sig FROM device WHERE dev = ?")  \
	/* queue */                                                            \
	X(FRESH_ADD, "INSERT INTO fresh (seq, dev, sent_ms, sender_account,"   \
		     " sender_device, message_id, type, body, shared_body)"    \
		     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                    \
	X(FRESH_GET, "SELECT " SQL_ROW " FROM fresh q"                         \
		     " LEFT JOIN shared_body s ON s.id = q.shared_body"        \
		     " WHERE q.seq = ?")                                       \
	X(FRESH_ALL, "SELECT f.seq, f.dev, f.sent_ms, length(f.body),"         \
		     " d.dev IS NOT NULL AND f.seq > coalesce(s.acked, 0),"    \
		     " coalesce(f.shared_body, 0)"                             \
		     " FROM fresh f LEFT JOIN device d ON d.dev = f.dev"       \
		     " LEFT JOIN queue_state s ON s.dev = f.dev"               \
		     " ORDER BY f.seq")                                        \
	X(FRESH_DEL, "DELETE FROM fresh WHERE seq = ?")                        \
	X(SETTLE, "INSERT INTO settled SELECT dev, seq, sent_ms,"              \
		  " sender_account, sender_device, message_id, type, body,"    \
		  " shared_body FROM fresh WHERE seq = ?")                     \
	X(SETTLED_READ, "SELECT " SQL_ROW " FROM settled q"                    \
			" LEFT JOIN shared_body s ON s.id = q.shared_body"     \
			" WHERE q.dev = ? AND q.seq > ? ORDER BY q.seq")       \
	X(SETTLED_LAST, "SELECT max(seq) FROM settled WHERE dev = ?")          \
	X(SETTLED_FIRST, "SELECT sent_ms FROM settled WHERE dev = ?"           \
			 " ORDER BY seq LIMIT 1")                              \
	X(SETTLED_ACK, "DELETE FROM settled WHERE dev = ? AND seq <= ?"        \
		       " RETURNING length(body), shared_body")                 \
	X(SETTLED_EXPIRE, "DELETE FROM settled WHERE dev = ?1"                 \
			  " AND sent_ms < ?2 AND seq IN (SELECT seq"           \
			  " FROM settled WHERE dev = ?1 ORDER BY seq"          \
			  " LIMIT ?3) RETURNING length(body), shared_body")    \
	X(SETTLED_SHARED, "SELECT dev, count(*) FROM settled"                  \
			  " WHERE shared_body = ? GROUP BY dev")               \
	X(SETTLED_UNSHARE, "DELETE FROM settled WHERE shared_body = ?")        \
	X(SHARED_ADD, "INSERT INTO shared_body (refs, body, group_id,"         \
		      " expires_ms) VALUES (?, ?, ?, ?)")                      \
	X(SHARED_DROP, "DELETE FROM shared_body WHERE id = ?1"                 \
		       " AND NOT EXISTS (SELECT 1 FROM settled"                \
		       " WHERE shared_body = ?1)"                              \
		       " AND NOT EXISTS (SELECT 1 FROM fresh"                  \
		       " WHERE shared_body = ?1)")                             \
	X(SHARED_EXPIRED, "SELECT id FROM shared_body"                         \
			  " WHERE expires_ms > 0 AND expires_ms <= ?"          \
			  " ORDER BY expires_ms LIMIT ?")                      \
	/* groups */                                                           \
	X(GROUP_GET, "SELECT row, record FROM grp WHERE id = ?")               \
	X(GROUP_ADD, "INSERT INTO grp (id, version, record) VALUES (?, ?, ?)") \
	X(GROUP_SET, "UPDATE grp SET version = ?, record = ? WHERE row = ?")   \
	X(GROUP_EMPTY, "DELETE FROM grp WHERE row = ?1 AND NOT EXISTS"         \
		       " (SELECT 1 FROM group_member WHERE grp = ?1)")         \
	X(ENTRY_ADD, "INSERT INTO group_entry VALUES (?, ?, ?)")               \
	X(ENTRY_READ, "SELECT entry FROM group_entry"                          \
		      " WHERE grp = ? AND version >= ? ORDER BY version")      \
	X(MEMBER_ADD, "INSERT OR IGNORE INTO group_member"                     \
		      " SELECT row, ? FROM account WHERE id = ?")              \
	X(MEMBER_DEL, "DELETE FROM group_member WHERE grp = ? AND account ="   \
		      " (SELECT row FROM account WHERE id = ?)")               \
	X(MEMBER_GONE, "DELETE FROM group_member WHERE grp = ?"                \
		       " AND account = ?")                                     \
	X(MEMBER_COUNT, "SELECT count(*) FROM group_member"                    \
			" WHERE account = ?")                                  \
	X(MEMBER_GROUPS, "SELECT g.id, g.version, g.row FROM group_member m"   \
			 " JOIN grp g ON g.row = m.grp WHERE m.account = ?"    \
			 " ORDER BY m.grp LIMIT ?")                            \
	/* reports */                                                          \
	X(REPORT_COUNT, "SELECT count(*) FROM report")                         \
	X(REPORT_ADD, "INSERT INTO report (received_ms, blob) VALUES (?, ?)")  \
	X(REPORT_DEL, "DELETE FROM report WHERE row = ?")                      \
	/* blobs */                                                            \
	X(BLOB_USED, "SELECT coalesce(sum(size), 0) FROM blob"                 \
		     " WHERE account = ?")                                     \
	X(BLOB_ADD, "INSERT INTO blob (locator, account, size, created_ms,"    \
		    " expires_ms, upload) VALUES (?, ?, ?, ?, ?, ?)")          \
	X(BLOB_GET, "SELECT locator, size, expires_ms, stored, upload,"        \
		    " account FROM blob WHERE locator = ?")                    \
	X(BLOB_STORED, "UPDATE blob SET stored = 1, expires_ms = ?"            \
		       " WHERE locator = ?")                                   \
	X(BLOB_DELIVERED, "UPDATE blob SET expires_ms = min(expires_ms, ?)"    \
			  " WHERE locator = ?")                                \
	X(BLOB_DEL, "DELETE FROM blob WHERE locator = ?")                      \
	X(BLOB_EXPIRED, "SELECT locator, size, expires_ms, stored, upload"     \
			" FROM blob WHERE expires_ms <= ? OR account IS NULL"  \
			" LIMIT ?")                                            \
	X(STATE_GET, "SELECT acked, rows FROM queue_state WHERE dev = ?")      \
	X(STATE_ADD, "INSERT INTO queue_state (dev, rows, bytes)"              \
		     " VALUES (?, ?, ?) ON CONFLICT (dev) DO UPDATE SET"       \
		     " rows = rows + excluded.rows,"                           \
		     " bytes = bytes + excluded.bytes")                        \
	X(STATE_ACK, "INSERT INTO queue_state (dev, acked) VALUES (?, ?)"      \
		     " ON CONFLICT (dev) DO UPDATE SET"                        \
		     " acked = max(acked, excluded.acked)")                    \
	X(STATE_NEXT, "SELECT dev, rows FROM queue_state WHERE dev > ?"        \
		      " ORDER BY dev LIMIT ?")                                 \
	X(RECENT_ADD, "INSERT OR REPLACE INTO recent VALUES (?, ?)")           \
	X(RECENT_TRIM, "DELETE FROM recent WHERE first < (SELECT first"        \
		       " FROM recent WHERE first <= ?"                         \
		       " ORDER BY first DESC LIMIT 1)")                        \
	X(FREE_PAGES, "SELECT freelist_count, page_count"                      \
		      " FROM pragma_freelist_count, pragma_page_count")        \
	X(SHRINK, "PRAGMA incremental_vacuum(512)")

enum sql {
#define X(name, text) SQL_##name,
	SQL_LIST(X)
#undef X
	    SQL_COUNT,
};

struct backend {
	sqlite3 *w, *r; /* writer's, reader's */
	sqlite3_stmt *st[SQL_COUNT];
	struct wal wal;
	struct store_opts opts;
	struct store_seq *seq;
	uint64_t new_limit; /* of seq, when this commit succeeds; 0: as it is */
	uint64_t now_ms; /* when this transaction began */
	uint64_t recent_mark; /* recent.added at that time */
	struct hot hot;
	bool hot_stale; /* rolled back: to be read from disk again */
	struct moving *moving; /* SETTLE_MAX, of settle() */
	store_dev swept; /* the last device looked at for what has expired */
	uint64_t stamp; /* one number per send */
	int broken; /* why this transaction must be rolled back */
	struct cache cache;
	struct recent recent;
	struct group_cache groups;
	struct store_metrics did; /* in this transaction */
	char reason[STORE_WHY_MAX];
	char *path;
	int lock;
};

/* ---- statements -------------------------------------------------------------- */

enum { ROW = 1 };

/* The statement, ready to be bound. */
static inline sqlite3_stmt *
sql(struct backend *b, enum sql which)
{
	return b->st[which];
}

static inline void
bind_u64(sqlite3_stmt *q, int i, uint64_t v)
{
	sqlite3_bind_int64(q, i, (sqlite3_int64)v);
}

/* Borrowed until sql_end(). */
static inline void
bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n)
{
	sqlite3_bind_blob(q, i, n > 0 ? p : "", (int)n, SQLITE_STATIC);
}

static inline void
bind_text(sqlite3_stmt *q, int i, const char *s)
{
	sqlite3_bind_text(q, i, s, -1, SQLITE_STATIC);
}

/* ROW, or 0 at the end, or ERR_EXISTS (a constraint), or another error, which
 * also breaks the transaction. End with sql_end(). */
int sql_step(struct backend *b, sqlite3_stmt *q) MUST_USE;
void sql_end(sqlite3_stmt *q);

/* Step to the end and sql_end(): 0 or an error as sql_step(). */
int sql_run(struct backend *b, sqlite3_stmt *q) MUST_USE;

/* The only number of the only row; 0 or an error. */
int sql_number(struct backend *b, sqlite3_stmt *q, uint64_t *v) MUST_USE;

static inline uint64_t
col_u64(sqlite3_stmt *q, int i)
{
	return (uint64_t)sqlite3_column_int64(q, i);
}

static inline uint32_t
col_u32(sqlite3_stmt *q, int i)
{
	return (uint32_t)sqlite3_column_int64(q, i);
}

/* Exactly n bytes, or ERR_FORMAT (which is no fault of a caller's). */
int col_bytes(
    struct backend *b, sqlite3_stmt *q, int i, void *out, size_t n) MUST_USE;

/* Up to cap - 1 bytes of text and a NUL. */
void col_text(sqlite3_stmt *q, int i, char *out, size_t cap);

/* Around what may fail half-way; end undoes it when r is not 0. Returns r, or
 * the error of ending. */
int guard_begin(struct backend *b) MUST_USE;
int guard_end(struct backend *b, int r) MUST_USE;

/* ---- what the operations share ----------------------------------------------- */

/* E.164 text to its digits as a number; 0 or ERR_FORMAT. */
int phone_number(const char *phone, uint64_t *digits) MUST_USE;
void phone_text(uint64_t digits, char out[static STORE_PHONE_MAX + 1]);

struct account_row {
	int64_t row;
	struct store_account a; /* devices is not filled in */
	uint64_t digits;
};

/* By phone unless NULL, else by id; 0, ERR_NOTFOUND, ERR_FORMAT, an error. */
int account_find(struct backend *b, const char *phone,
    const struct account_id *id, struct account_row *out) MUST_USE;

/* Through the cache: 0, ERR_NOTFOUND or an error. Pointers into it are valid
 * until the next call. */
int known_account(struct backend *b, const struct account_id *id,
    struct cache_account **out) MUST_USE;
int known_device(
    struct backend *b, store_dev dev, struct cache_device **out) MUST_USE;

/* The same with last_seq and settled filled in. */
int known_queue(
    struct backend *b, store_dev dev, struct cache_device **out) MUST_USE;

/* How many messages wait for a device of known_queue(). */
uint64_t queue_length(struct backend *b, const struct cache_device *d);

/* The account's rows have changed. */
void account_changed(struct backend *b, const struct account_id *id);

/* Delete a device's fresh rows on disk; and forget them, once that is sure. */
int fresh_erase(struct backend *b, store_dev dev) MUST_USE;
void fresh_forget(struct backend *b, const struct store_devs *gone);

/* A device and all it has goes; fresh_forget() is the caller's when it is sure. */
int device_erase(struct backend *b, store_dev dev) MUST_USE;

/* A row that shared a body is gone (0: it shared none); with the last one the
 * body goes. Call it once the row is deleted. */
int shared_release(struct backend *b, uint64_t shared) MUST_USE;

/* Run a DELETE of the device's settled rows, which tells their lengths and
 * their shared bodies. */
int settled_went(
    struct backend *b, store_dev dev, sqlite3_stmt *q, uint64_t *rows) MUST_USE;

/* ---- rows come in (sqlite_send.c) ------------------------------------------------ */

struct row_in {
	store_dev dev;
	uint64_t seq, sent_ms, tag;
	const struct account_id *sender_account;
	uint32_t sender_device, type, len;
	const uint8_t *message_id, *body;
	uint64_t shared; /* over 0: that body, len and body are 0 */
};

/* Append to the log, on disk and in memory; d is its known_queue(). */
int row_add(struct backend *b, const struct row_in *in,
    struct cache_device *d) MUST_USE;

/* Append for e->dev under the next seq, which is told in e; in has the tag. */
int row_next(
    struct backend *b, struct row_in *in, struct store_envelope *e) MUST_USE;

/* Whether a device may send: who it is; ERR_NOTFOUND, ERR_DENIED unlisted. */
int sender_check(struct backend *b, store_dev sender,
    struct account_id *account, uint32_t *device_id) MUST_USE;

/* ---- one body for many (sqlite_fan.c) -------------------------------------------- */

/* The devices of these accounts, ascending; v is heap. ERR_FULL; ERR_NOMEM. */
int audience_of(struct backend *b, const struct account_id *accounts, size_t n,
    struct store_place **v, size_t *n_out) MUST_USE;

struct fan_in {
	struct row_in row; /* without dev; body and len are the shared one's */
	const struct store_place *to;
	size_t n;
	store_dev but; /* gets none */
	const struct group_id *group; /* NULL: none */
	uint64_t expires_ms;
	bool check_only;
};

/* Fill in fan, and queue. */
int fan_rows(
    struct backend *b, const struct fan_in *in, struct store_fan *fan) MUST_USE;

/* The account is gone, or about to: what it leaves behind in groups. */
int groups_leave(struct backend *b, int64_t account) MUST_USE;

/* ---- codes (sqlite_register.c) --------------------------------------------------- */

struct otp_row {
	int64_t row;
	uint64_t phone, expires_ms;
	uint32_t attempts_left;
	char invite[STORE_INVITE_MAX + 1];
	uint8_t code_hash[STORE_CODE_HASH_LEN];
	bool moves;
	struct account_id account; /* with moves */
};

/* The code is right: 0. It is wrong: counted, ERR_AUTH. moves: whose attempt it
 * must be, or NULL for one that registers. */
int otp_try(struct backend *b, const uint8_t token[static STORE_TOKEN_LEN],
    const uint8_t code_hash[static STORE_CODE_HASH_LEN],
    const struct account_id *moves, struct otp_row *o) MUST_USE;
int otp_forget(struct backend *b, uint64_t phone) MUST_USE;

struct device_in {
	int64_t account;
	uint32_t device_id, registration_id;
	bool listed;
	const uint8_t *noise_pk, *identity_pk;
	const struct store_keys *keys;
};
int device_insert(
    struct backend *b, const struct device_in *d, store_dev *dev) MUST_USE;
int next_device(struct backend *b, int64_t account, uint32_t *id) MUST_USE;
/* 0, or ERR_EXISTS: a live device of an account other than mine. */
int noise_key_free(struct backend *b,
    const uint8_t pk[static STORE_NOISE_PK_LEN],
    const struct account_id *mine) MUST_USE;

/* ---- the registration lock (sqlite_lock.c) --------------------------------------- */

/* 0: no PIN is asked for, or hash is it. ERR_AUTH with *l. hash: NULL none. */
int lock_check(struct backend *b, const struct account_row *a,
    const uint8_t *hash, struct store_lock *l) MUST_USE;

/* ---- fresh rows settle (sqlite_settle.c) --------------------------------------- */

#define HOT_ROWS   65536 /* fresh rows at most; a power of two */
#define HOT_MANY   49152 /* from here on commits settle some */
#define SETTLE_MAX 16384 /* rows in one go */

struct moving {
	store_dev dev;
	uint64_t seq;
	uint32_t len;
};

/* Up to max of the oldest fresh rows leave the log, those sent until upto_ms:
 * live ones settle, dead ones go. *done tells how many. */
int settle(
    struct backend *b, uint32_t max, uint64_t upto_ms, uint32_t *done) MUST_USE;

/* Room for one more fresh row. */
int hot_room(struct backend *b) MUST_USE;

/* Before each commit: settle as many as came, when there are many. */
int settle_some(struct backend *b) MUST_USE;

/* Read the fresh rows' places from disk. 0 or an error. */
int hot_load(struct backend *b) MUST_USE;

/* ---- keys (sqlite_keys.c) ------------------------------------------------------- */

/* Check what a device uploads; 0, ERR_RANGE, ERR_FORMAT. all: signed key and
 * last resort must be there. */
int keys_check(const struct store_keys *k, bool all) MUST_USE;
/* Write it; ERR_FULL when the pool would not hold it. */
int keys_write(
    struct backend *b, store_dev dev, const struct store_keys *k) MUST_USE;

/* One function an operation: run_<name>() on the writer, read_<name>() on the
 * reader. Each returns the operation's result. */
#define RUN_WRITER(name) int run_##name(struct backend *b, struct op_##name *o);
#define RUN_READER(name)                                                       \
	int read_##name(struct backend *b, struct op_##name *o);
#define X(NAME, name, lane, doc) RUN_##lane(name)
STORE_OPS(X)
#undef X
#undef RUN_WRITER
#undef RUN_READER

/* An error code for SQLite's. */
int sqlite_code(int rc);

/* Open one more connection to the database with the store's settings. */
int sqlite_connect(
    const char *path, sqlite3 **db, struct store_why *why) MUST_USE;

#endif

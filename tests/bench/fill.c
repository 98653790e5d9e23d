/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.c — made-up conversations, quickly: rows go in without indexes and
 * triggers, which are made again afterwards from their own definitions.
 */
#include "tests/bench/fill.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tui/store/query.h"
#include "tui/store/store_account.h"
#include "tui/store/store_chat.h"

#define STEP   50000 /* rows in one transaction */
#define DAY_MS (24 * 3600 * 1000ull)

uint64_t
rng_next(struct rng *r)
{
	r->x ^= r->x >> 12;
	r->x ^= r->x << 25;
	r->x ^= r->x >> 27;
	return r->x * 0x2545f4914f6cdd1dull;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return (rng_next(r) >> 32) * n >> 32;
}

void
fill_word(unsigned i, char out[static 16])
{
	static const char *const syllables[] = {"ka", "lo", "mi", "ne", "ru",
	    "sa", "to", "vi", "be", "du", "fa", "gi", "ho", "je", "pu", "wa"};
	unsigned n = i;
	size_t len = 0;

	do {
		memcpy(out + len, syllables[n % 16], 2);
		len += 2;
		n /= 16;
	} while (n != 0);
	out[len] = '\0';
}

/* Small numbers are common: the product of two draws. */
static unsigned
skewed(struct rng *r, unsigned n)
{
	uint64_t a = rng_below(r, n), b = rng_below(r, n);

	return (unsigned)(a * b / n);
}

size_t
fill_text(struct rng *r, char *out, size_t cap)
{
	unsigned words = 4 + (unsigned)rng_below(r, 16);
	size_t len = 0;
	char word[16];

	out[0] = '\0';
	for (unsigned i = 0; i < words; i++) {
		fill_word(skewed(r, FILL_WORDS), word);
		if (len + strlen(word) + 2 > cap)
			break;
		len += (size_t)snprintf(
		    out + len, cap - len, i == 0 ? "%s" : " %s", word);
	}
	return len;
}

/* ---- rows ------------------------------------------------------------------- */

static int
fill_account(struct store *s)
{
	struct store_account a = {
	    .registered = true, .device = 1, .registration_id = 1};
	int r;

	randombytes_buf(a.account, sizeof(a.account));
	crypto_box_keypair(a.noise_public, a.noise_secret);
	crypto_box_keypair(a.identity_public + 1, a.identity_secret);
	a.identity_public[0] = 5;
	snprintf(a.phone, sizeof(a.phone), "+4915550000000");
	snprintf(a.name, sizeof(a.name), "Test Person");
	/* Port 9 discards: nobody answers. */
	snprintf(a.relay_uri, sizeof(a.relay_uri), "sotto://127.0.0.1:9/");
	r = store_account_put(s, &a);
	store_account_clear(&a);
	return r;
}

static void
person_id(unsigned i, uint8_t id[static STORE_ID_LEN])
{
	memset(id, 0xb0, STORE_ID_LEN);
	put_be32(id + STORE_ID_LEN - 4, i);
}

static int
fill_people(struct store *s, unsigned chats, uint64_t now_ms)
{
	struct store_contact k = {.phone_known = true, .has_identity = true};
	int64_t chat;
	int r = store_begin(s);

	for (unsigned i = 0; i < chats && r == 0; i++) {
		person_id(i, k.account);
		k.identity[0] = 5;
		snprintf(k.phone, sizeof(k.phone), "+49155510%05u", i);
		snprintf(k.name, sizeof(k.name), "Person %u", i);
		k.created_ms = now_ms - 400 * DAY_MS;
		r = store_contact_put(s, &k);
		if (r == 0)
			r = store_chat_open(s, STORE_CHAT_PERSON, k.account,
			    k.created_ms, &chat);
	}
	return r == 0 ? store_commit(s) : r;
}

/* Message i of n, the first chats once each, so that none is empty. */
static int
fill_one(struct store *s, struct rng *rng, unsigned i, unsigned n,
    unsigned chats, uint64_t now_ms)
{
	unsigned chat = i < chats ? i : skewed(rng, chats);
	uint8_t message_id[STORE_ID_LEN], account[STORE_ID_LEN];
	bool in = rng_below(rng, 2) == 0;
	uint64_t ms = now_ms - (uint64_t)(n - i) * (300 * DAY_MS / n);
	struct query q;
	char text[160];

	fill_text(rng, text, sizeof(text));
	put_be64(message_id, rng_next(rng));
	put_be64(message_id + 8, rng_next(rng));
	person_id(in ? chat : 0xffffffff, account);
	q_begin(&q, s,
	    "INSERT INTO message(chat, sort, message_id, account, device,"
	    " dir, kind, state, sent_ms, received_ms, text)"
	    " VALUES(?, ?, ?, ?, 1, ?, 0, ?, ?, ?, ?)");
	q_int(&q, chat + 1);
	q_time(&q, ms);
	q_blob(&q, message_id, sizeof(message_id));
	q_blob(&q, account, sizeof(account));
	q_int(&q, in ? STORE_IN : STORE_OUT);
	q_int(&q, in ? STORE_MSG_RECEIVED : STORE_MSG_READ);
	q_time(&q, ms);
	q_time(&q, ms);
	q_text(&q, text);
	return q_run(&q);
}

static int
fill_messages(struct store *s, unsigned chats, unsigned n, uint64_t now_ms)
{
	struct rng rng = {0x50770};
	int r = 0;

	for (unsigned i = 0; i < n && r == 0; i++) {
		if (i % STEP == 0)
			r = store_begin(s);
		if (r == 0)
			r = fill_one(s, &rng, i, n, chats, now_ms);
		if (r == 0 && (i % STEP == STEP - 1 || i == n - 1))
			r = store_commit(s);
	}
	return r;
}

/* Everything is read, but for the last three in every tenth chat. */
#define READ_UP_TO(offset)                                                     \
	" (read_sort, read_id) = (SELECT m.sort, m.id FROM message AS m"       \
	"  WHERE m.chat = chat.id ORDER BY m.sort DESC, m.id DESC"             \
	"  LIMIT 1 OFFSET " offset ")"

/* What store_message_add() keeps along the way. */
static int
fill_chat_rows(struct store *s)
{
	return store_exec(s,
	    "UPDATE chat SET (last_id, last_sort, last_ms, last_dir, last_kind,"
	    " last_state, last_text) = (SELECT m.id, m.sort, m.received_ms,"
	    "  m.dir, m.kind, m.state, substr(m.text, 1, 50) FROM message AS m"
	    "  WHERE m.chat = chat.id ORDER BY m.sort DESC, m.id DESC LIMIT 1)"
	    " WHERE EXISTS (SELECT 1 FROM message WHERE chat = chat.id);"
	    "UPDATE chat SET active_ms = max(active_ms, last_ms), " READ_UP_TO(
		"0") " WHERE last_id > 0;"
		     "UPDATE chat SET " READ_UP_TO(
			 "3") " WHERE id % 10 = 0 AND 4 <="
			      " (SELECT count(*) FROM message WHERE chat = "
			      "chat.id);"
			      "UPDATE chat SET unread = (SELECT count(*) FROM "
			      "message AS m"
			      "  WHERE m.chat = chat.id AND m.dir = 0"
			      "  AND (m.sort, m.id) > (read_sort, read_id))");
}

/* ---- indexes away and back ---------------------------------------------------- */

/* Definitions of what slows insertion, as one script; and the script that
 * drops them. */
static int
take_aside(struct store *s, struct buf *make)
{
	struct buf drop;
	struct query q;
	int r;

	buf_init(&drop, 65536);
	q_begin(&q, s,
	    "SELECT type, name, sql FROM sqlite_schema"
	    " WHERE tbl_name = 'message' AND type IN ('index', 'trigger')"
	    " AND sql IS NOT NULL");
	while (q_row(&q)) {
		char *type = q_dup_text(&q, 0), *name = q_dup_text(&q, 1);
		char *sql = q_dup_text(&q, 2);

		q.r = sql == NULL ? ERR_NOMEM : buf_printf(make, "%s;\n", sql);
		if (q.r == 0)
			q.r = buf_printf(&drop, "DROP %s %s;\n", type, name);
		free(type);
		free(name);
		free(sql);
	}
	r = q_end(&q);
	if (r == 0)
		r = buf_put_u8(&drop, 0);
	if (r == 0)
		r = buf_put_u8(make, 0);
	if (r == 0)
		r = store_exec(s, (const char *)drop.p);
	buf_clear(&drop);
	return r;
}

int
fill_store(struct store *s, unsigned chats, unsigned messages, uint64_t now_ms)
{
	struct buf make;
	int r;

	buf_init(&make, 65536);
	r = fill_account(s);
	if (r == 0)
		r = fill_people(s, chats, now_ms);
	if (r == 0)
		r = take_aside(s, &make);
	if (r == 0)
		r = fill_messages(s, chats, messages, now_ms);
	if (r == 0)
		r = store_exec(s, (const char *)make.p);
	if (r == 0)
		r = fill_chat_rows(s);
	/* One large segment in place of many that would be merged again. */
	if (r == 0)
		r = store_exec(s,
		    "INSERT INTO message_fts(message_fts, rank)"
		    " VALUES('hashsize', 67108864);"
		    "INSERT INTO message_fts(message_fts) VALUES('rebuild');"
		    "INSERT INTO message_fts(message_fts, rank)"
		    " VALUES('hashsize', 1048576)");
	buf_clear(&make);
	return r;
}

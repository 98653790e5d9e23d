/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_sender_key.c — keys for group messages, and who has them. */
#include "tui/store/store_sender_key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store/query.h"

/* ---- our own ----------------------------------------------------------------- */

int
store_own_key_get(struct store *s, const uint8_t group[static STORE_ID_LEN],
    struct store_own_key *out, struct buf *record)
{
	struct store_own_key k = {.created_ms = 0};
	struct query q;
	bool found;
	int r;

	memcpy(k.group, group, STORE_ID_LEN);
	q_begin(&q, s,
	    "SELECT distribution, created_ms, messages, record, given_at"
	    " FROM sender_key_own WHERE group_id = ?");
	q_blob(&q, group, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, k.distribution, STORE_ID_LEN);
		k.created_ms = q_get_time(&q, 1);
		k.messages = (uint64_t)q_get_int(&q, 2);
		q_put_blob(&q, 3, record);
		k.given_at = (uint64_t)q_get_int(&q, 4);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "no key for that group");
	if (r == 0)
		*out = k;
	return r;
}

static int
move_chain(struct store *s, const struct store_own_key *k, const void *record,
    size_t len)
{
	struct query q;

	q_begin(&q, s,
	    "UPDATE sender_key_own SET created_ms = ?3, messages = ?4,"
	    " record = ?5, given_at = ?6"
	    " WHERE group_id = ?1 AND distribution = ?2");
	q_blob(&q, k->group, STORE_ID_LEN);
	q_blob(&q, k->distribution, STORE_ID_LEN);
	q_time(&q, k->created_ms);
	q_int(&q, (int64_t)k->messages);
	q_blob(&q, record, len);
	q_int(&q, (int64_t)k->given_at);
	return q_run_one(&q);
}

int
store_own_key_put(struct store *s, const struct store_own_key *k,
    const void *record, size_t len)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = move_chain(s, k, record, len);
	if (r != ERR_NOTFOUND)
		return tx_leave(s, &tx, r);
	r = store_own_key_delete(s, k->group);
	if (r == 0) {
		q_begin(&q, s,
		    "INSERT INTO sender_key_own(group_id, distribution,"
		    " created_ms, messages, record, given_at)"
		    " VALUES(?, ?, ?, ?, ?, ?)");
		q_blob(&q, k->group, STORE_ID_LEN);
		q_blob(&q, k->distribution, STORE_ID_LEN);
		q_time(&q, k->created_ms);
		q_int(&q, (int64_t)k->messages);
		q_blob(&q, record, len);
		q_int(&q, (int64_t)k->given_at);
		r = q_run(&q);
	}
	return tx_leave(s, &tx, r);
}

/* One statement with the group's id. */
static int
of_group(
    struct store *s, const char *sql, const uint8_t group[static STORE_ID_LEN])
{
	struct query q;

	q_begin(&q, s, sql);
	q_blob(&q, group, STORE_ID_LEN);
	return q_run(&q);
}

int
store_own_key_delete(struct store *s, const uint8_t group[static STORE_ID_LEN])
{
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = of_group(
	    s, "DELETE FROM sender_key_given WHERE group_id = ?", group);
	if (r == 0)
		r = of_group(
		    s, "DELETE FROM sender_key_own WHERE group_id = ?", group);
	return tx_leave(s, &tx, r);
}

/* ---- who was given it -------------------------------------------------------- */

int
store_given_put(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const struct store_given *g)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR REPLACE INTO sender_key_given(group_id, account, device,"
	    " registration_id, outbox) VALUES(?, ?, ?, ?, ?)");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, g->account, STORE_ID_LEN);
	q_int(&q, g->device);
	q_int(&q, g->registration_id);
	q_int(&q, g->row);
	return q_run(&q);
}

int
store_given_list(struct store *s, const uint8_t group[static STORE_ID_LEN],
    struct store_given **v, size_t *n)
{
	struct store_given *rows = NULL;
	struct query q;
	size_t len = 0;
	int r;

	q_begin(&q, s,
	    "SELECT account, device, registration_id, outbox"
	    " FROM sender_key_given WHERE group_id = ?"
	    " ORDER BY account, device");
	q_blob(&q, group, STORE_ID_LEN);
	while (q_row(&q)) {
		q.r = rows_grow(&rows, len, sizeof(*rows));
		if (q.r != 0)
			break;
		q_get_bytes(&q, 0, rows[len].account, STORE_ID_LEN);
		rows[len].device = (uint32_t)q_get_int(&q, 1);
		rows[len].registration_id = (uint32_t)q_get_int(&q, 2);
		rows[len].row = q_get_int(&q, 3);
		len++;
	}
	r = q_end(&q);
	if (r != 0) {
		free(rows);
		return r;
	}
	*v = rows;
	*n = len;
	return 0;
}

int
store_given_drop_row(
    struct store *s, int64_t row, uint8_t group[static STORE_ID_LEN])
{
	uint8_t of[STORE_ID_LEN];
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT group_id FROM sender_key_given WHERE outbox = ? LIMIT 1");
	q_int(&q, row);
	found = q_row(&q);
	if (found)
		q_get_bytes(&q, 0, of, sizeof(of));
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "the row carries no key");
	if (r != 0)
		return r;
	q_begin(&q, s, "DELETE FROM sender_key_given WHERE outbox = ?");
	q_int(&q, row);
	r = q_run(&q);
	if (r == 0)
		memcpy(group, of, sizeof(of));
	return r;
}

int
store_given_drop(struct store *s, const uint8_t group[static STORE_ID_LEN],
    const uint8_t account[static STORE_ID_LEN], uint32_t device)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM sender_key_given"
	    " WHERE group_id = ? AND account = ? AND device = ?");
	q_blob(&q, group, STORE_ID_LEN);
	q_blob(&q, account, STORE_ID_LEN);
	q_int(&q, device);
	return q_run(&q);
}

int
store_given_waiting(
    struct store *s, const uint8_t group[static STORE_ID_LEN], size_t *n)
{
	int64_t count = 0;
	struct query q;
	int r;

	/* STORE_TRUST_CHANGED is 2 */
	q_begin(&q, s,
	    "SELECT count(DISTINCT o.id) FROM sender_key_given AS g"
	    " JOIN outbox AS o ON o.id = g.outbox"
	    " LEFT JOIN contact AS c ON c.account = g.account"
	    " WHERE g.group_id = ? AND coalesce(c.trust, 0) <> 2");
	q_blob(&q, group, STORE_ID_LEN);
	if (q_row(&q))
		count = q_get_int(&q, 0);
	r = q_end(&q);
	if (r == 0)
		*n = (size_t)count;
	return r;
}

/* ---- those of others --------------------------------------------------------- */

int
store_peer_key_get(
    struct store *s, struct store_peer_key *k, struct buf *record)
{
	struct store_peer_key got = *k;
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT group_id, identity, added_ms, record FROM sender_key_peer"
	    " WHERE account = ? AND device = ? AND distribution = ?");
	q_blob(&q, k->account, STORE_ID_LEN);
	q_int(&q, k->device);
	q_blob(&q, k->distribution, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, got.group, STORE_ID_LEN);
		q_get_bytes(&q, 1, got.identity, STORE_PUB_LEN);
		got.added_ms = q_get_time(&q, 2);
		q_put_blob(&q, 3, record);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		return store_fail(s, ERR_NOTFOUND, "no key of that device");
	if (r == 0)
		*k = got;
	return r;
}

static int
drop_oldest(struct store *s, const struct store_peer_key *k)
{
	struct query q;

	q_begin(&q, s,
	    "DELETE FROM sender_key_peer WHERE id IN"
	    " (SELECT id FROM sender_key_peer"
	    "  WHERE account = ? AND device = ? AND group_id = ?"
	    "  ORDER BY id DESC LIMIT -1 OFFSET ?)");
	q_blob(&q, k->account, STORE_ID_LEN);
	q_int(&q, k->device);
	q_blob(&q, k->group, STORE_ID_LEN);
	q_int(&q, STORE_PEER_KEYS_MAX);
	return q_run(&q);
}

int
store_peer_key_put(struct store *s, const struct store_peer_key *k,
    const void *record, size_t len)
{
	struct query q;
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	q_begin(&q, s,
	    "INSERT INTO sender_key_peer(account, device, distribution,"
	    " group_id, identity, added_ms, record)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT(account, device, distribution)"
	    " DO UPDATE SET identity = ?5, record = ?7");
	q_blob(&q, k->account, STORE_ID_LEN);
	q_int(&q, k->device);
	q_blob(&q, k->distribution, STORE_ID_LEN);
	q_blob(&q, k->group, STORE_ID_LEN);
	q_blob(&q, k->identity, STORE_PUB_LEN);
	q_time(&q, k->added_ms);
	q_blob(&q, record, len);
	r = q_run(&q);
	if (r == 0)
		r = drop_oldest(s, k);
	return tx_leave(s, &tx, r);
}

int
store_sender_keys_forget(
    struct store *s, const uint8_t group[static STORE_ID_LEN])
{
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	r = store_own_key_delete(s, group);
	if (r == 0)
		r = of_group(
		    s, "DELETE FROM sender_key_peer WHERE group_id = ?", group);
	if (r == 0)
		r = of_group(
		    s, "DELETE FROM group_sent WHERE group_id = ?", group);
	if (r == 0)
		r = of_group(s,
		    "DELETE FROM group_held_content WHERE group_id = ?", group);
	return tx_leave(s, &tx, r);
}

/* ---- what we sent ------------------------------------------------------------ */

int
store_group_sent_put(struct store *s, const struct store_group_sent *g)
{
	struct query q;

	q_begin(&q, s,
	    "INSERT OR REPLACE INTO group_sent(message_id, group_id, version,"
	    " sent_ms) VALUES(?, ?, ?, ?)");
	q_blob(&q, g->message_id, STORE_ID_LEN);
	q_blob(&q, g->group, STORE_ID_LEN);
	q_int(&q, g->version);
	q_time(&q, g->sent_ms);
	return q_run(&q);
}

int
store_group_sent_get(struct store *s,
    const uint8_t message_id[static STORE_ID_LEN], struct store_group_sent *out)
{
	struct store_group_sent g = {.version = 0};
	struct query q;
	bool found;
	int r;

	memcpy(g.message_id, message_id, STORE_ID_LEN);
	q_begin(&q, s,
	    "SELECT group_id, version, sent_ms FROM group_sent"
	    " WHERE message_id = ?");
	q_blob(&q, message_id, STORE_ID_LEN);
	found = q_row(&q);
	if (found) {
		q_get_bytes(&q, 0, g.group, STORE_ID_LEN);
		g.version = (uint32_t)q_get_int(&q, 1);
		g.sent_ms = q_get_time(&q, 2);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "that was not sent");
	if (r == 0)
		*out = g;
	return r;
}

int
store_group_sent_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_sent WHERE sent_ms < ?");
	q_time(&q, before_ms);
	return q_run(&q);
}

/* ---- what came before we could judge it -------------------------------------- */

void
store_group_content_clear(struct store_group_content *c)
{
	if (c->content != NULL)
		sodium_memzero(c->content, c->len);
	free(c->content);
	memset(c, 0, sizeof(*c));
}

int
store_group_content_add(struct store *s, const struct store_group_content *c)
{
	struct query q;
	int r;

	q_begin(&q, s,
	    "INSERT INTO group_held_content(group_id, account, device, wire_id,"
	    " received_ms, content) SELECT ?1, ?2, ?3, ?4, ?5, ?6"
	    " WHERE (SELECT count(*) FROM group_held_content) < ?7");
	q_blob(&q, c->group, STORE_ID_LEN);
	q_blob(&q, c->account, STORE_ID_LEN);
	q_int(&q, c->device);
	q_blob(&q, c->wire_id, STORE_ID_LEN);
	q_time(&q, c->received_ms);
	q_blob(&q, c->content, c->len);
	q_int(&q, STORE_GROUP_HELD_ALL);
	r = q_run_one(&q);
	return r == ERR_NOTFOUND ? store_fail(s, ERR_FULL, "too much waits")
				 : r;
}

int
store_group_content_next(
    struct store *s, int64_t after, struct store_group_content *out)
{
	struct store_group_content c = {.len = 0};
	struct query q;
	bool found;
	int r;

	q_begin(&q, s,
	    "SELECT id, group_id, account, device, wire_id, received_ms,"
	    " content FROM group_held_content WHERE id > ? ORDER BY id LIMIT "
	    "1");
	q_int(&q, after);
	found = q_row(&q);
	if (found) {
		c.id = q_get_int(&q, 0);
		q_get_bytes(&q, 1, c.group, STORE_ID_LEN);
		q_get_bytes(&q, 2, c.account, STORE_ID_LEN);
		c.device = (uint32_t)q_get_int(&q, 3);
		q_get_bytes(&q, 4, c.wire_id, STORE_ID_LEN);
		c.received_ms = q_get_time(&q, 5);
		c.content = q_dup_blob(&q, 6, &c.len);
	}
	r = q_end(&q);
	if (r == 0 && !found)
		r = store_fail(s, ERR_NOTFOUND, "nothing waits");
	if (r == 0)
		*out = c;
	else
		store_group_content_clear(&c);
	return r;
}

int
store_group_content_delete(struct store *s, int64_t id)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_held_content WHERE id = ?");
	q_int(&q, id);
	return q_run_one(&q);
}

int
store_group_content_prune(struct store *s, uint64_t before_ms)
{
	struct query q;

	q_begin(&q, s, "DELETE FROM group_held_content WHERE received_ms < ?");
	q_time(&q, before_ms);
	return q_run(&q);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_export.c — everything in the open, for people who leave or look. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store/message_int.h"

#define ROW_MAX (8 * 1024 * 1024) /* one row as text, bytes */

/* ---- JSON lines ------------------------------------------------------------------ */

static int
put_json_text(struct buf *b, const char *p)
{
	int r = buf_put_u8(b, '"');

	for (; *p != '\0' && r == 0; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			r = buf_printf(b, "\\%c", c);
		else if (c == '\n')
			r = buf_printf(b, "\\n");
		else if (c < 0x20 || c == 0x7f)
			r = buf_printf(b, "\\u%04x", c);
		else
			r = buf_put_u8(b, c);
	}
	return r == 0 ? buf_put_u8(b, '"') : r;
}

static int
put_json_field(struct buf *b, const char *name, const char *text)
{
	int r = buf_printf(b, ",\"%s\":", name);

	return r == 0 ? put_json_text(b, text) : r;
}

static const char *
word(const char *const *words, size_t n, int64_t i)
{
	return i >= 0 && (size_t)i < n ? words[i] : "?";
}

/* The columns of export_json's query, in order. */
static int
put_message(struct query *q, struct buf *b)
{
	static const char *const dirs[] = {"in", "out", "note"};
	static const char *const states[] = {"pending", "sent", "delivered",
	    "read", "failed", "received", "waiting"};
	const char *texts[] = {"phone", "name", "text"};
	uint8_t id[STORE_ID_LEN];
	char hex[2 * STORE_ID_LEN + 1];
	int r;

	q_get_bytes(q, 2, id, sizeof(id));
	sodium_bin2hex(hex, sizeof(hex), id, sizeof(id));
	r = buf_printf(b,
	    "{\"id\":%" PRId64 ",\"chat\":%" PRId64
	    ",\"message_id\":\"%s\",\"direction\":\"%s\","
	    "\"state\":\"%s\",\"sent_ms\":%" PRId64 ",\"received_ms\":%" PRId64,
	    q_get_int(q, 0), q_get_int(q, 1), hex,
	    word(dirs, ARRAY_LEN(dirs), q_get_int(q, 3)),
	    word(states, ARRAY_LEN(states), q_get_int(q, 4)), q_get_int(q, 5),
	    q_get_int(q, 6));
	for (size_t i = 0; i < ARRAY_LEN(texts) && r == 0; i++) {
		char *text = q_dup_text(q, 7 + (int)i);

		r = text == NULL ? ERR_NOMEM
				 : put_json_field(b, texts[i], text);
		free(text);
	}
	return r == 0 ? buf_printf(b, "}\n") : r;
}

static int
flush(struct store *s, struct buf *b, int r, store_sink_fn *sink, void *ctx)
{
	if (r == 0)
		r = sink(ctx, b->p, b->len);
	buf_reset(b);
	return r == 0 ? 0 : store_fail(s, r, "export: %s", err_str(r));
}

int
store_export_json(struct store *s, store_sink_fn *sink, void *ctx)
{
	struct query q;
	struct buf b;
	int r;

	buf_init(&b, ROW_MAX);
	q_begin(&q, s,
	    "SELECT m.id, m.chat, m.message_id, m.dir, m.state, m.sent_ms,"
	    " m.received_ms, coalesce(k.phone, ''),"
	    " coalesce(nullif(k.name, ''), nullif(k.profile_name, ''),"
	    "  c.title), m.text"
	    " FROM message AS m JOIN chat AS c ON c.id = m.chat"
	    " LEFT JOIN contact AS k ON c.kind = 1 AND k.account = c.peer"
	    " ORDER BY m.id");
	while (q_row(&q))
		q.r = flush(s, &b, put_message(&q, &b), sink, ctx);
	r = q_end(&q);
	buf_clear(&b);
	return r;
}

/* ---- SQL ------------------------------------------------------------------------- */

/* One value as SQL; quote() would do it, but not for a whole row at a time. */
static int
put_value(struct buf *b, sqlite3_stmt *st, int col)
{
	int type = sqlite3_column_type(st, col);
	const unsigned char *p;
	int r, n;

	if (type == SQLITE_NULL)
		return buf_printf(b, "NULL");
	if (type == SQLITE_INTEGER)
		return buf_printf(b, "%lld", sqlite3_column_int64(st, col));
	if (type == SQLITE_FLOAT)
		return buf_printf(b, "%.17g", sqlite3_column_double(st, col));
	p = sqlite3_column_blob(st, col);
	n = sqlite3_column_bytes(st, col);
	r = buf_printf(b, type == SQLITE_BLOB ? "x'" : "'");
	for (int i = 0; i < n && r == 0; i++) {
		if (type == SQLITE_BLOB)
			r = buf_printf(b, "%02x", p[i]);
		else if (p[i] == '\'')
			r = buf_printf(b, "''");
		else
			r = buf_put_u8(b, p[i]);
	}
	return r == 0 ? buf_put_u8(b, '\'') : r;
}

static int
put_row(struct buf *b, sqlite3_stmt *st, const char *table)
{
	int n = sqlite3_column_count(st);
	int r = buf_printf(b, "INSERT INTO \"%s\" VALUES(", table);

	for (int i = 0; i < n && r == 0; i++) {
		if (i > 0)
			r = buf_put_u8(b, ',');
		if (r == 0)
			r = put_value(b, st, i);
	}
	return r == 0 ? buf_printf(b, ");\n") : r;
}

static int
export_table(struct store *s, const char *table, store_sink_fn *sink, void *ctx)
{
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
	sqlite3_stmt *st = NULL;
	struct buf b;
	int rc, r = 0;

	if (sql == NULL)
		return store_fail(s, ERR_NOMEM, "out of memory");
	buf_init(&b, ROW_MAX);
	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	sqlite3_free(sql);
	while (rc == SQLITE_OK && r == 0 &&
	       (rc = sqlite3_step(st)) == SQLITE_ROW) {
		r = flush(s, &b, put_row(&b, st, table), sink, ctx);
		rc = SQLITE_OK;
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = store_sql_error(s, rc);
	sqlite3_finalize(st);
	buf_clear(&b);
	return r;
}

/* Every object of a kind, by its CREATE statement; tables with their rows. The
 * search index is made again from the messages. */
static int
export_objects(struct store *s, bool tables, store_sink_fn *sink, void *ctx)
{
	struct query q;
	struct buf b;
	int r;

	buf_init(&b, ROW_MAX);
	q_begin(&q, s,
	    "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
	    " AND (type = 'table') = ?1 AND name NOT LIKE 'sqlite_%'"
	    " AND NOT (type = 'table' AND name GLOB 'message_fts_*')"
	    " ORDER BY rowid");
	q_int(&q, tables);
	while (q_row(&q)) {
		char *name = q_dup_text(&q, 0), *sql = q_dup_text(&q, 1);

		if (name == NULL || sql == NULL)
			q.r = ERR_NOMEM;
		else
			q.r = flush(
			    s, &b, buf_printf(&b, "%s;\n", sql), sink, ctx);
		if (q.r == 0 && tables && name != NULL &&
		    strcmp(name, "message_fts") != 0)
			q.r = export_table(s, name, sink, ctx);
		free(name);
		free(sql);
	}
	r = q_end(&q);
	buf_clear(&b);
	return r;
}

int
store_export_sql(struct store *s, store_sink_fn *sink, void *ctx)
{
	static const char head[] = "PRAGMA foreign_keys=OFF;\nBEGIN;\n";
	/* The rows have filled it already, but not with ids long gone. */
	static const char ids[] = "DELETE FROM sqlite_sequence;\n";
	static const char tail[] =
	    "INSERT INTO message_fts(message_fts) VALUES('rebuild');\n"
	    "COMMIT;\n";
	int r;

	r = sink(ctx, head, sizeof(head) - 1);
	if (r == 0)
		r = export_objects(s, true, sink, ctx);
	if (r == 0)
		r = sink(ctx, ids, sizeof(ids) - 1);
	if (r == 0)
		r = export_table(s, "sqlite_sequence", sink, ctx);
	if (r == 0)
		r = export_objects(s, false, sink, ctx);
	if (r == 0)
		r = sink(ctx, tail, sizeof(tail) - 1);
	return r;
}

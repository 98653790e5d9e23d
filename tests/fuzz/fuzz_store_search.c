/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_store_search.c — whatever is typed is a search that FTS5 understands,
 * and with a chat it finds nothing of another chat.
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tui/store/store_search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static sqlite3_stmt *
prepare(void)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    sqlite3_exec(db,
		"CREATE VIRTUAL TABLE f USING fts5(text, chat,"
		" tokenize='unicode61 remove_diacritics 2');"
		"INSERT INTO f VALUES('one two caf\xc3\xa9 7', 5),"
		" ('two three 5', 7), ('', 7), ('a NOT b', 7)",
		NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(
		db, "SELECT rowid, chat FROM f(?)", -1, &st, NULL) != SQLITE_OK)
		abort();
	return st;
}

static void
run(sqlite3_stmt *st, const char *query, int64_t chat)
{
	struct buf expr;
	int rc = SQLITE_DONE;

	buf_init(&expr, 8192);
	if (store_search_expr(query, chat, &expr) != 0)
		abort(); /* 512 bytes always fit */
	if (expr.len > 0) {
		sqlite3_bind_text(st, 1, (const char *)expr.p, (int)expr.len,
		    SQLITE_TRANSIENT);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW)
			assert(
			    chat == 0 || sqlite3_column_int64(st, 1) == chat);
		assert(rc == SQLITE_DONE);
		sqlite3_reset(st);
	}
	buf_clear(&expr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static sqlite3_stmt *st;
	char query[STORE_QUERY_MAX + 1];

	if (st == NULL)
		st = prepare();
	if (len > STORE_QUERY_MAX || memchr(data, 0, len) != NULL ||
	    !text_is_utf8((const char *)data, len))
		return 0;
	memcpy(query, data, len);
	query[len] = '\0';
	run(st, query, 0);
	run(st, query, 7);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise-vectors FILE.json... — replays public Noise vectors: those of
 * cacophony (protocol_name) and noise-c's fallback ones (name). What is not
 * XX, IK or XXfallback with 25519, ChaChaPoly and SHA256 is counted and left
 * out. SQLite reads the JSON: the project links it anyway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "tests/interop/noise_case.h"

static const char cases_sql[] =
    "SELECT coalesce(value->>'protocol_name', value->>'name'),"
    " value->'messages', value->>'init_prologue', value->>'init_static',"
    " value->>'init_ephemeral', value->>'resp_static',"
    " value->>'resp_ephemeral', value->>'handshake_hash',"
    " value->>'init_remote_static' FROM json_each(?1, '$.vectors')";

static const char messages_sql[] =
    "SELECT value->>'payload', value->>'ciphertext' FROM json_each(?1)";

static const struct {
	const char *name;
	enum noise_pattern pattern;
} known[] = {
    {"Noise_XX_25519_ChaChaPoly_SHA256", NOISE_XX},
    {"Noise_IK_25519_ChaChaPoly_SHA256", NOISE_IK},
    {"Noise_XXfallback_25519_ChaChaPoly_SHA256", NOISE_XXFALLBACK},
};

static int passed, failed, left_out;

static const char *
text(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s != NULL ? s : "";
}

static int
hex(const char *s, uint8_t *out, size_t cap, size_t *len)
{
	return sodium_hex2bin(out, cap, s, strlen(s), NULL, len, NULL);
}

static int
hex_key(sqlite3_stmt *st, int col, uint8_t out[static NOISE_KEY_LEN])
{
	size_t len = 0;

	if (hex(text(st, col), out, NOISE_KEY_LEN, &len) != 0)
		return -1;
	return len == NOISE_KEY_LEN ? 0 : -1;
}

static int
hex_case(const char *s, struct case_bytes *b)
{
	return hex(s, b->p, sizeof(b->p), &b->len);
}

static int
read_messages(sqlite3 *db, const char *json, struct noise_case *nc)
{
	sqlite3_stmt *st = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(db, messages_sql, -1, &st, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_text(st, 1, json, -1, SQLITE_STATIC);
	while (r == 0 && sqlite3_step(st) == SQLITE_ROW) {
		if (nc->n_msgs == CASE_MSGS ||
		    hex_case(text(st, 0), &nc->msgs[nc->n_msgs].payload) != 0 ||
		    hex_case(text(st, 1), &nc->msgs[nc->n_msgs].wire) != 0)
			r = -1;
		nc->n_msgs++;
	}
	sqlite3_finalize(st);
	return nc->n_msgs > 0 ? r : -1;
}

static int
read_case(sqlite3 *db, sqlite3_stmt *st, struct noise_case *nc)
{
	if (hex_case(text(st, 2), &nc->prologue) != 0 ||
	    hex_key(st, 3, nc->alice_static) != 0 ||
	    hex_key(st, 4, nc->alice_ephemeral) != 0 ||
	    hex_key(st, 5, nc->bob_static) != 0 ||
	    hex_key(st, 6, nc->bob_ephemeral) != 0 ||
	    hex_key(st, 7, nc->hash) != 0)
		return -1;
	if (nc->pattern != NOISE_XX && hex_key(st, 8, nc->alice_knows) != 0)
		return -1;
	return read_messages(db, text(st, 1), nc);
}

static void
run_row(sqlite3 *db, sqlite3_stmt *st)
{
	static struct noise_case nc;
	char why[200] = "cannot be read";
	size_t i = 0;

	while (i < ARRAY_LEN(known) && strcmp(known[i].name, text(st, 0)) != 0)
		i++;
	if (i == ARRAY_LEN(known)) {
		left_out++;
		return;
	}
	memset(&nc, 0, sizeof(nc));
	nc.pattern = known[i].pattern;
	if (read_case(db, st, &nc) == 0 &&
	    noise_case_run(&nc, why, sizeof(why)) == 0) {
		passed++;
		printf("ok    %s, %zu messages\n", known[i].name, nc.n_msgs);
		return;
	}
	failed++;
	printf("FAIL  %s: %s\n", known[i].name, why);
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *s = NULL;
	long n = -1;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	rewind(f);
	if (n >= 0)
		s = calloc(1, (size_t)n + 1);
	if (s != NULL && fread(s, 1, (size_t)n, f) != (size_t)n) {
		free(s);
		s = NULL;
	}
	fclose(f);
	return s;
}

static void
run_file(sqlite3 *db, const char *path)
{
	char *json = read_file(path);
	sqlite3_stmt *st = NULL;
	int r = SQLITE_ERROR;

	if (json != NULL &&
	    sqlite3_prepare_v2(db, cases_sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, json, -1, SQLITE_STATIC);
		while ((r = sqlite3_step(st)) == SQLITE_ROW)
			run_row(db, st);
	}
	if (r != SQLITE_DONE) {
		printf("FAIL  %s: cannot be read\n", path);
		failed++;
	}
	sqlite3_finalize(st);
	free(json);
}

int
main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: noise-vectors FILE.json...\n");
		return 2;
	}
	if (sodium_init() < 0 || sqlite3_open(":memory:", &db) != SQLITE_OK)
		return 2;
	for (i = 1; i < argc; i++)
		run_file(db, argv[i]);
	sqlite3_close(db);
	printf("%d of other protocols left out\n", left_out);
	if (passed == 0) /* a file without a case of ours proves nothing */
		failed++;
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}

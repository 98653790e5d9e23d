/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_store [MESSAGES] — the client's store beside plain libsqlite3: the same
 * schema, pragmas and calls on both, in turns, in the same run. One line a
 * figure: what, sealed, plain, ratio (1.00: no slower).
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/bench/fill.h"
#include "tui/store/query.h"
#include "tui/store/schema.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_search.h"

#define CHATS  1000
#define ROUNDS 3

enum side { SEALED, PLAIN };

struct bench {
	char dir[2][64]; /* one folder a side */
	struct store *s[2];
	unsigned messages;
	unsigned next_id; /* of messages added */
	struct rng rng;
};

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
must(struct store *s, int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, store_error(s));
	exit(1);
}

/* ---- the two sides ------------------------------------------------------------ */

/* store_open() without the seal. */
static struct store *
open_plain(const char *dir, bool fresh)
{
	struct store *s = calloc(1, sizeof(*s));
	char path[128];

	if (s == NULL)
		exit(1);
	snprintf(path, sizeof(path), "%s/plain.db", dir);
	if (sqlite3_open(path, &s->db) != SQLITE_OK)
		exit(1);
	must(s,
	    store_exec(s,
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_spill=OFF; PRAGMA secure_delete=ON;"
		"PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=1000;"
		"PRAGMA cache_size=-16384; PRAGMA synchronous=FULL;"
		"PRAGMA journal_mode=WAL"),
	    "pragmas");
	if (fresh)
		must(s,
		    schema_migrate(s, store_migrations, store_migrations_len),
		    "schema");
	return s;
}

static void
close_plain(struct store *s)
{
	store_cache_clear(s);
	sqlite3_close(s->db);
	free(s);
}

static struct store *
open_side(struct bench *b, enum side side, bool fresh)
{
	const struct store_key key = {.passphrase = "test"};
	const struct store_opts o = {.fast_kdf = true};
	struct store *s = NULL;

	if (side == PLAIN)
		return open_plain(b->dir[side], fresh);
	must(NULL, store_open(b->dir[side], &key, &o, &s), "open");
	return s;
}

static void
close_side(struct store *s, enum side side)
{
	if (side == PLAIN)
		close_plain(s);
	else
		store_close(s);
}

/* ---- work: returns how many things it did --------------------------------------- */

typedef double work_fn(struct bench *b, struct store *s, enum side side);

static void
add_one(struct bench *b, struct store *s)
{
	struct store_message m = {
	    .dir = STORE_IN, .state = STORE_MSG_RECEIVED, .device = 1};
	char text[160];
	int64_t id;

	fill_text(&b->rng, text, sizeof(text));
	m.text = text;
	m.chat = 1 + (int64_t)rng_below(&b->rng, CHATS);
	put_be32(m.message_id, ++b->next_id);
	m.received_ms = m.sent_ms = 1700000000000ull + b->next_id;
	must(s, store_message_add(s, &m, &id), "add");
}

static double
insert_1(struct bench *b, struct store *s, enum side side)
{
	(void)side;
	for (int i = 0; i < 500; i++)
		add_one(b, s);
	return 500;
}

static double
insert_1000(struct bench *b, struct store *s, enum side side)
{
	(void)side;
	for (int t = 0; t < 5; t++) {
		must(s, store_begin(s), "begin");
		for (int i = 0; i < 1000; i++)
			add_one(b, s);
		must(s, store_commit(s), "commit");
	}
	return 5000;
}

static double
read_random(struct bench *b, struct store *s, enum side side)
{
	struct store_message m;

	(void)side;
	for (int i = 0; i < 20000; i++) {
		int64_t id = 1 + (int64_t)rng_below(&b->rng, b->messages);

		must(s, store_message_get(s, id, &m), "get");
		store_message_clear(&m);
	}
	return 20000;
}

static double
page_50(struct bench *b, struct store *s, enum side side)
{
	struct store_messages p;

	(void)side;
	for (int i = 0; i < 1000; i++) {
		int64_t chat = 1 + (int64_t)rng_below(&b->rng, CHATS);

		must(s, store_message_before(s, chat, 0, 50, &p), "page");
		store_messages_clear(&p);
	}
	return 1000;
}

static double
search_word(struct bench *b, struct store *s, enum side side)
{
	struct store_hits h;
	char word[16], query[20];

	(void)side;
	for (int i = 0; i < 300; i++) {
		fill_word((unsigned)rng_below(&b->rng, FILL_WORDS), word);
		snprintf(query, sizeof(query), "\"%s\"", word);
		must(s, store_search(s, 0, query, 0, 50, &h), "search");
		store_hits_clear(&h);
	}
	return 300;
}

static double
search_prefix_in_chat(struct bench *b, struct store *s, enum side side)
{
	struct store_hits h;
	char word[16];

	(void)side;
	for (int i = 0; i < 20; i++) {
		fill_word((unsigned)rng_below(&b->rng, 256), word);
		must(s,
		    store_search(s, 1 + (int64_t)rng_below(&b->rng, CHATS),
			word, 0, 50, &h),
		    "search");
		store_hits_clear(&h);
	}
	return 20;
}

static double
list_chats(struct bench *b, struct store *s, enum side side)
{
	struct store_chats l;

	(void)b;
	(void)side;
	for (int i = 0; i < 20; i++) {
		must(s, store_chat_list(s, &l), "list");
		store_chats_clear(&l);
	}
	return 20;
}

/* Open to first paint: first chats, the newest page of the first one. */
static double
first_paint(struct bench *b, struct store *s, enum side side)
{
	struct store_messages p;
	struct store_chats l;

	close_side(s, side);
	s = open_side(b, side, false);
	b->s[side] = s;
	must(s, store_chat_top(s, 64, &l), "list");
	must(s, store_message_before(s, l.v[0].id, 0, 50, &p), "page");
	store_messages_clear(&p);
	store_chats_clear(&l);
	return 1;
}

static const struct {
	const char *name;
	work_fn *work;
	bool writes;
} figures[] = {
    {"open, 64 chats, first page", first_paint, false},
    {"chat list of 1000", list_chats, false},
    {"last 50 of a chat", page_50, false},
    {"random message", read_random, false},
    {"search: word, newest 50", search_word, false},
    {"search: beginning, in a chat", search_prefix_in_chat, false},
    {"add, 1 a transaction", insert_1, true},
    {"add, 1000 a transaction", insert_1000, true},
};

/* Sealed and plain in turns, the same random walk for both; best of rounds. */
static void
measure(struct bench *b, size_t i)
{
	double best[2] = {0, 0};

	for (int round = 0; round < ROUNDS * 2; round++) {
		enum side side = round % 2 == 0 ? SEALED : PLAIN;
		unsigned next_id = b->next_id;
		double start, n;

		b->rng.x = 1000 + (uint64_t)round / 2;
		start = now_s();
		n = figures[i].work(b, b->s[side], side);
		n /= now_s() - start;
		if (n > best[side])
			best[side] = n;
		if (side == SEALED && figures[i].writes)
			b->next_id = next_id; /* the same ids for plain */
	}
	printf("store %-30s %10.1f/s  plain %10.1f/s  ratio %.2f  (%.3f ms)\n",
	    figures[i].name, best[SEALED], best[PLAIN],
	    best[SEALED] / best[PLAIN], 1000 / best[SEALED]);
}

static void
setup_side(struct bench *b, enum side side)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(b->dir[side], sizeof(b->dir[side]), "%s/sotto-bench-XXXXXX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	if (mkdtemp(b->dir[side]) == NULL) {
		perror(b->dir[side]);
		exit(1);
	}
	b->s[side] = open_side(b, side, true);
	must(b->s[side],
	    fill_store(b->s[side], CHATS, b->messages, 1700000000000ull),
	    "fill");
}

static void
clean_side(struct bench *b, enum side side)
{
	static const char *const names[] = {
	    "store.db", "store.key", "lock", "plain.db"};
	char path[128];
	struct stat st;

	close_side(b->s[side], side);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir[side], names[i]);
		if (stat(path, &st) == 0 && st.st_size > 1000)
			printf("store file %s %.1f MiB\n", names[i],
			    (double)st.st_size / 1048576);
		unlink(path);
	}
	rmdir(b->dir[side]);
}

int
main(int argc, char **argv)
{
	static struct bench b;

	b.messages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	setup_side(&b, SEALED);
	setup_side(&b, PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		measure(&b, i);
	clean_side(&b, SEALED);
	clean_side(&b, PLAIN);
	return 0;
}

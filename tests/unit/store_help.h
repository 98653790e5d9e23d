/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_help.h — profiles in a folder of their own, for the store's tests. */
#ifndef TESTS_UNIT_STORE_HELP_H
#define TESTS_UNIT_STORE_HELP_H

#include "tests/unit/test.h"
#include "tui/store/store.h"
#include "tui/store/store_chat.h"

#define PASS "correct horse"

/* A fresh folder, 0700; heap. Fails the test when it cannot. */
char *dir_new(void);
/* Empty and remove it, free the string. */
void dir_free(char *dir);
/* dir/name, static storage of four turns. */
const char *dir_file(const char *dir, const char *name);
void file_copy(const char *from, const char *to);
/* Copy all plain files of a folder into another. */
void dir_copy(const char *from, const char *to);
bool file_exists(const char *path);
/* Is the text in any file of the folder? */
bool dir_contains(const char *dir, const char *text);
/* Flip one bit. */
void file_flip(const char *path, long at, int bit);
void file_write(const char *path, const void *p, size_t len);

extern const struct store_key pass_key; /* PASS */
extern const struct store_opts fast; /* minimal Argon2id */

/* Open or make; fails the test when it cannot. */
struct store *store_at(const char *dir);

/* What most tests of the store begin with, as cmocka's state. */
struct store_fixture {
	char *dir;
	struct store *s;
	int64_t chat; /* with person 1; 0 without one */
};
int fixture_new(void **state);
int fixture_new_with_chat(void **state);
/* The store of the running test; closed and opened again. */
struct store *store_of(void **state);
void store_reopen(void **state);
/* Fails the test when store_check() finds anything; frees the state, of which
 * struct store_fixture is the first member. */
int fixture_end(void **state);

/* 16 bytes that stand for n. */
struct id16 {
	uint8_t b[STORE_ID_LEN];
};
struct id16 id_of(unsigned n);

/* A chat with person n, and a message in it. */
int64_t chat_with(struct store *s, unsigned n);
int64_t add_text(struct store *s, int64_t chat, enum store_dir dir, unsigned id,
    uint64_t ms, const char *text);

#endif

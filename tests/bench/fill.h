/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill.h — made-up conversations, the same ones every time. */
#ifndef TESTS_BENCH_FILL_H
#define TESTS_BENCH_FILL_H

#include <stddef.h>
#include <stdint.h>

#include "tui/store/store.h"

/* xorshift64*; seed is not 0. */
struct rng {
	uint64_t x;
};
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);

/* A sentence of made-up words, few of them common as in any language; about
 * 60 bytes, at most cap - 1. Returns its length. */
size_t fill_text(struct rng *r, char *out, size_t cap);

/* The i-th word, by falling frequency; at least 12 bytes. */
#define FILL_WORDS 20000
void fill_word(unsigned i, char out[static 16]);

/*
 * Put chats with persons and messages into an empty store; a few chats have
 * most of them. The last message of each chat is near now_ms, a tenth of the
 * chats have unread ones. Also makes a registered account of no relay.
 * Returns 0 or the store's error.
 */
int fill_store(
    struct store *s, unsigned chats, unsigned messages, uint64_t now_ms);

#endif

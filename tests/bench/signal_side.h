/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_side.h — one implementation under tests/bench/bench_signal.py: it reads
 * "ROW COUNT" lines, does COUNT of the row's things, and answers each with one
 * line: seconds of the first kind of call, of the second, bytes on the wire of
 * all messages.
 */
#ifndef TESTS_BENCH_SIGNAL_SIDE_H
#define TESTS_BENCH_SIGNAL_SIDE_H

#include <stddef.h>
#include <stdint.h>

#define SIDE_TEXT_LEN 100 /* bytes of every text */

struct side_result {
	double first_s; /* encrypt; of a handshake, all of it */
	double second_s; /* decrypt */
	double bytes;
};

struct side_row {
	const char *name;
	void (*run)(unsigned count, struct side_result *out);
};

extern const uint8_t side_text[SIDE_TEXT_LEN];

/* Seconds since some fixed moment. */
double side_now(void);

/* Aborts with a word on stderr: a bench of what does not work is none. */
void side_must(int ok, const char *what);

/* Until the end of standard input. Returns main()'s status. */
int side_serve(const struct side_row *rows, size_t n);

#endif

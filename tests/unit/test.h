/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test.h — what every unit test includes: cmocka in its right order, hex
 * literals, and the allocation-failure sweep.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base.h"

/* The n-th allocation from now on (0-based) fails, once; -1 turns it off. */
void alloc_fail_at(long n);

/* While on, allocations neither count nor fail: for the other side of a test. */
void alloc_spare(int on);

/* True when the armed failure has happened since alloc_fail_at(). */
int alloc_failed(void);

/*
 * Run step(arg) with its 1st, 2nd, ... allocation failing until one run makes
 * no failing allocation; each run must return ERR_NOMEM when one failed and 0
 * when none did. Returns the number of failing runs (so a test can assert that
 * the sweep saw some). step must set up and tear down everything itself.
 */
int alloc_sweep(int (*step)(void *arg), void *arg);

/* Decode hex (spaces allowed) into out; fails the test on bad input or when it
 * does not fit. Returns the length. */
size_t hex_bytes(const char *hex, uint8_t *out, size_t cap);

/* Heap copy of a whole file, NUL-terminated; fails the test when it cannot.
 * Paths are relative to the project's top folder. */
char *read_text_file(const char *path, size_t *len);

/* For rows that hold char *, to which nobody writes. */
static inline char *
lit(const char *s)
{
	return (char *)(uintptr_t)s;
}

#define assert_err(expr, code) assert_int_equal((expr), (code))
#define assert_ok(expr)	       assert_int_equal((expr), 0)

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alloc.c — malloc and friends as the linker's --wrap hands them to us. */
#include "tests/unit/test.h"

static __thread long countdown = -1;
static __thread int failed, spared;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void
alloc_fail_at(long n)
{
	countdown = n;
	failed = 0;
}

void
alloc_spare(int on)
{
	spared = on;
}

int
alloc_failed(void)
{
	return failed;
}

static int
must_fail(void)
{
	if (spared || countdown < 0 || countdown-- > 0)
		return 0;
	failed = 1;
	return 1;
}

void *
__wrap_malloc(size_t n)
{
	return must_fail() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t m)
{
	return must_fail() ? NULL : __real_calloc(n, m);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return must_fail() ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
	return must_fail() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return must_fail() ? NULL : __real_strndup(s, n);
}

int
alloc_sweep(int (*step)(void *arg), void *arg)
{
	long n;
	int r, hit;

	for (n = 0; n < 100000; n++) {
		alloc_fail_at(n);
		r = step(arg);
		hit = failed;
		alloc_fail_at(-1);
		assert_int_equal(r, hit ? ERR_NOMEM : 0);
		if (!hit)
			return (int)n;
	}
	fail_msg("the allocation sweep does not end");
	return -1;
}

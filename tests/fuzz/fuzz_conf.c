/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_conf.c — settings from a file, a variable and a flag. What loads must
 * print and load again to the same; what does not must leave a clean sentence
 * and an untouched struct. Input: file text; after a NUL a flag.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct all {
	bool b;
	uint32_t u32;
	uint64_t u64, size, ms;
	char *text, *path;
	int word;
	struct conf_list addrs, list;
};

static const char *const words[] = {"one", "two", "three", NULL};

#define ROW(n, t, f, ...)                                                      \
	{                                                                      \
		.name = (n), .type = CONF_##t, .off = offsetof(struct all, f), \
		.doc = "A row.", __VA_ARGS__                                   \
	}
static const struct conf_row rows[] = {
    ROW("b", BOOL, b, .letter = 'b'),
    ROW("u32", U32, u32, .letter = 'u', .min = 1, .max = 99, .def = "5"),
    ROW("u64", U64, u64, .def = "0"),
    ROW("size", SIZE, size, .def = "64KiB"),
    ROW("ms", DURATION, ms, .def = "30s"),
    ROW("text", STRING, text, .max = 40),
    ROW("path", PATH, path, .letter = 'p', .def = "/x"),
    ROW("word", ENUM, word, .choices = words, .def = "two"),
    ROW("addrs", ADDRS, addrs, .def = "*:1", .max = 4),
    ROW("list", LIST, list, .letter = 'l'),
};

static const struct conf_spec spec = {.prog = "fuzz",
    .prefix = "FUZZ",
    .about = "Nothing.",
    .rows = rows,
    .nrows = ARRAY_LEN(rows),
    .size = sizeof(struct all)};

static void
check_round_trip(const struct all *conf)
{
	struct all again;
	struct conf_src src = {0};
	struct buf b;
	int r;

	buf_init(&b, 1 << 20);
	r = conf_print_values(&spec, conf, &b);
	assert(r == 0);
	src.text = (const char *)b.p;
	src.text_len = b.len;
	r = conf_load(&spec, &src, &again, NULL, NULL);
	assert(r == 0);
	assert(conf_equal(&spec, conf, &again));
	conf_clear(&spec, &again);
	buf_clear(&b);
}

static void
check_refused(const struct all *conf, const struct conf_err *why)
{
	struct all untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	assert(memcmp(conf, &untouched, sizeof(untouched)) == 0);
	assert(why->text[0] != '\0');
	assert(text_is_clean(why->text, strlen(why->text), TEXT_LINE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *nul = memchr(data, 0, len);
	char flag[256] = "--", prog[] = "fuzz";
	char *argv[] = {prog, flag, NULL};
	struct conf_src src = {.file_name = "f", .text = (const char *)data};
	struct conf_err why;
	struct all conf;
	size_t n;
	int r, rest;

	src.text_len = nul == NULL ? len : (size_t)(nul - data);
	n = nul == NULL ? 0 : len - src.text_len - 1;
	if (nul != NULL && n < sizeof(flag)) {
		memcpy(flag, nul + 1, n);
		flag[n] = '\0';
		src.argv = argv;
		src.argc = 2;
	}
	memset(&conf, 0x5a, sizeof(conf));
	r = conf_load(&spec, &src, &conf, &rest, &why);
	assert(r == 0 || r == ERR_CONFIG);
	if (r == 0) {
		check_round_trip(&conf);
		conf_clear(&spec, &conf);
	} else {
		check_refused(&conf, &why);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h — one line per event, as key=value or JSON, with typed values.
 *
 *	log_info(lg, "listening", LOG_STR("on", addr), LOG_U64("port", port));
 *	log_warn(lg, "send refused", LOG_PHONE("to", e164), LOG_ERR("err", r));
 *	log_info(lg, "drained", LOG_NONE);
 *
 * Values are escaped so that nothing from outside can forge a line or drive a
 * terminal. Numbers and addresses of people go through LOG_PHONE and LOG_ADDR,
 * which shorten them. Nothing here allocates, does I/O or reads a clock: the
 * sink and the clock are handed in. Any thread may log if the sink allows it.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define LOG_LINE_MAX  2048 /* bytes of a line, its \n included */
#define LOG_VALUE_MAX 512 /* bytes of one escaped value; the rest is "…" */

#define LOG_LEVELS(X)                                                          \
	X(ERROR, "error", "something is broken and needs a person")            \
	X(WARN, "warn", "refused or degraded, working on")                     \
	X(INFO, "info", "what an operator wants to know")                      \
	X(DEBUG, "debug", "what a developer wants to know")

enum log_level {
#define X(name, word, doc) LOG_LEVEL_##name,
	LOG_LEVELS(X)
#undef X
};

enum log_format { LOG_FORMAT_KV, LOG_FORMAT_JSON };

/* Gets one whole line, len bytes with the \n; the line is borrowed. */
typedef void log_sink_fn(
    void *arg, enum log_level level, const char *line, size_t len);

/* Milliseconds since 1970 UTC. */
typedef uint64_t log_clock_fn(void *arg);

struct log {
	enum log_level level; /* the most talkative level written */
	enum log_format format;
	log_sink_fn *sink; /* NULL: nothing is written */
	void *sink_arg;
	log_clock_fn *clock; /* NULL: lines carry no time */
	void *clock_arg;
};

enum log_type {
	LOG_T_END,
	LOG_T_NONE,
	LOG_T_STR,
	LOG_T_STRN,
	LOG_T_U64,
	LOG_T_I64,
	LOG_T_BOOL,
	LOG_T_ERR,
	LOG_T_HEX,
	LOG_T_PHONE,
	LOG_T_ADDR,
};

/* Made by the macros below only. */
struct log_kv {
	const char *key; /* a literal: a-z, 0-9, _ */
	enum log_type type;
	size_t len;
	union {
		const char *str;
		const uint8_t *bytes;
		uint64_t u64;
		int64_t i64;
		bool b;
		int err;
	} v;
};

#define LOG_KV_(k, t, ...)                                                     \
	((struct log_kv){.key = (k), .type = (t), __VA_ARGS__})

#define LOG_NONE	  LOG_KV_("", LOG_T_NONE, .len = 0)
#define LOG_STR(k, s)	  LOG_KV_(k, LOG_T_STR, .v.str = (s)) /* NULL allowed */
#define LOG_STRN(k, s, n) LOG_KV_(k, LOG_T_STRN, .v.str = (s), .len = (n))
#define LOG_U64(k, n)	  LOG_KV_(k, LOG_T_U64, .v.u64 = (n))
#define LOG_I64(k, n)	  LOG_KV_(k, LOG_T_I64, .v.i64 = (n))
#define LOG_BOOL(k, x)	  LOG_KV_(k, LOG_T_BOOL, .v.b = (x))
/* An error code by its name. */
#define LOG_ERR(k, e) LOG_KV_(k, LOG_T_ERR, .v.err = (e))
/* Public identifiers only, at most 32 bytes shown. Never a key. */
#define LOG_HEX(k, p, n) LOG_KV_(k, LOG_T_HEX, .v.bytes = (p), .len = (n))
/* A canonical phone number, masked: "+49…67". */
#define LOG_PHONE(k, s) LOG_KV_(k, LOG_T_PHONE, .v.str = (s))
/* An IP address with or without port, shortened to its network. */
#define LOG_ADDR(k, s) LOG_KV_(k, LOG_T_ADDR, .v.str = (s))

/* lg may be NULL: nothing is written. Arguments are evaluated either way. */
#define log_error(lg, event, ...)                                              \
	log_at(lg, LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(lg, event, ...) log_at(lg, LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(lg, event, ...) log_at(lg, LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(lg, event, ...)                                              \
	log_at(lg, LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#define log_at(lg, level, event, ...)                                          \
	log_write((lg), (level), (event),                                      \
	    (const struct log_kv[]){__VA_ARGS__, {.type = LOG_T_END}})

/* kv ends with LOG_T_END. What does not fit is left out, the line then says
 * truncated=true. */
void log_write(const struct log *lg, enum log_level level, const char *event,
    const struct log_kv *kv);

/* The same without a sink: writes the line with \n and NUL into out, returns
 * its length without the NUL. */
size_t log_render(char out[static LOG_LINE_MAX + 1], const struct log *lg,
    enum log_level level, const char *event, const struct log_kv *kv);

/* True when lines of this level are written. */
bool log_enabled(const struct log *lg, enum log_level level);

/* The level's word ("info"); never NULL. */
const char *log_level_str(enum log_level level);

/* "2026-11-24T07:40:12.345Z" for ms since 1970; years up to 9999. */
#define LOG_TIME_CAP 25
const char *log_time(char out[static LOG_TIME_CAP], uint64_t ms);

#endif

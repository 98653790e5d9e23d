/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/e164.h"
#include "common/log.h"
#include "common/text.h"

#define CLUSTER_BYTES (4 * TEXT_CLUSTER_MAX)
#define HEX_MAX	      32 /* bytes shown */
#define TAIL_MAX      32 /* room kept for the end of the line */

/* A line being written; what does not fit sets over and writes nothing. */
struct line {
	char *p;
	size_t n, cap;
	bool json;
	bool over;
};

static void
put(struct line *l, const char *s, size_t n)
{
	if (n > l->cap - l->n) {
		l->over = true;
		return;
	}
	memcpy(l->p + l->n, s, n);
	l->n += n;
}

static void
put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Blanks and quotes need quotes around; so does the empty value. */
static bool
needs_quotes(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strchr(" \"=\\", s[i]) != NULL)
			return true;
	return n == 0;
}

/*
 * A value from anywhere. text_sanitize() leaves no control, no line end and
 * only valid UTF-8, so that quote and backslash are all there is to escape.
 */
static void
put_text(struct line *l, const char *s, size_t len)
{
	char clean[LOG_VALUE_MAX + CLUSTER_BYTES + 1], cut[LOG_VALUE_MAX + 1];
	size_t i, n;
	bool quotes;

	n = text_sanitize(clean, sizeof(clean), s, len, TEXT_LINE_NL);
	n = text_elide(cut, sizeof(cut), clean, n, INT_MAX, NULL);
	quotes = l->json || needs_quotes(cut, n);
	if (quotes)
		put(l, "\"", 1);
	for (i = 0; i < n; i++) {
		if (cut[i] == '"' || cut[i] == '\\')
			put(l, "\\", 1);
		put(l, cut + i, 1);
	}
	if (quotes)
		put(l, "\"", 1);
}

static void
put_hex(struct line *l, const uint8_t *p, size_t len)
{
	char hex[2 * HEX_MAX + 1] = "";
	size_t i;

	for (i = 0; i < len && i < HEX_MAX; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	put_text(l, hex, strlen(hex));
}

/* Offset behind the n-th c, or len. */
static size_t
behind(const char *s, size_t len, char c, unsigned n)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] == c && --n == 0)
			return i + 1;
	return len;
}

static size_t
count(const char *s, size_t len, char c)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += s[i] == c;
	return n;
}

/* "192.0.2.17:443" -> "192.0.2.x" */
static void
mask_v4(char *out, size_t cap, const char *s, size_t len)
{
	snprintf(out, cap, "%.*sx", (int)behind(s, len, '.', 3), s);
}

/* "2001:db8:1:2::3" -> "2001:db8:1::/48" */
static void
mask_v6(char *out, size_t cap, const char *s, size_t len)
{
	const char *zeros = strstr(s, "::");
	size_t n = behind(s, len, ':', 3);

	if (zeros != NULL && (size_t)(zeros - s) < n)
		n = (size_t)(zeros - s) + 1;
	snprintf(out, cap, "%.*s:/48", (int)n, s);
}

static void
put_addr(struct line *l, const char *s)
{
	char out[64] = "?", in[64];
	size_t len, colons, dots, last = 0, i;

	len = s == NULL ? 0 : strlen(s);
	if (len > 0 && len < sizeof(in)) {
		if (s[0] == '[') {
			s++;
			len = strcspn(s, "]");
		}
		memcpy(in, s, len);
		in[len] = '\0';
		colons = count(in, len, ':');
		dots = count(in, len, '.');
		for (i = 0; colons > 1 && i < len; i++)
			if (in[i] == ':')
				last = i + 1;
		if (dots == 3)
			mask_v4(out, sizeof(out), in + last, len - last);
		else if (dots == 0 && colons > 1)
			mask_v6(out, sizeof(out), in, len);
	}
	put_text(l, out, strlen(out));
}

static void
put_phone(struct line *l, const char *s)
{
	char out[E164_MASK_CAP];

	e164_mask(out, s == NULL ? "" : s);
	put_text(l, out, strlen(out));
}

static void
put_number(struct line *l, const struct log_kv *kv)
{
	char num[24];

	if (kv->type == LOG_T_U64)
		snprintf(num, sizeof(num), "%" PRIu64, kv->v.u64);
	else
		snprintf(num, sizeof(num), "%" PRId64, kv->v.i64);
	put_str(l, num);
}

static void
put_string(struct line *l, const char *s, size_t len)
{
	if (s == NULL)
		put_str(l, l->json ? "null" : "-");
	else
		put_text(l, s, len);
}

static void
put_value(struct line *l, const struct log_kv *kv)
{
	const char *s = kv->v.str;

	switch (kv->type) {
	case LOG_T_STR:
		put_string(l, s, s == NULL ? 0 : strlen(s));
		break;
	case LOG_T_STRN:
		put_string(l, s, kv->len);
		break;
	case LOG_T_U64:
	case LOG_T_I64:
		put_number(l, kv);
		break;
	case LOG_T_BOOL:
		put_str(l, kv->v.b ? "true" : "false");
		break;
	case LOG_T_ERR:
		put_text(l, err_name(kv->v.err), strlen(err_name(kv->v.err)));
		break;
	case LOG_T_HEX:
		put_hex(l, kv->v.bytes, kv->len);
		break;
	case LOG_T_PHONE:
		put_phone(l, s);
		break;
	case LOG_T_ADDR:
		put_addr(l, s);
		break;
	case LOG_T_END:
	case LOG_T_NONE:
		break;
	}
}

/* All of it or nothing. */
static void
put_kv(struct line *l, const struct log_kv *kv)
{
	const size_t before = l->n;

	if (kv->type == LOG_T_NONE)
		return;
	if (l->n > 0)
		put(l, l->json ? "," : " ", 1);
	if (l->json)
		put(l, "\"", 1);
	put_str(l, kv->key);
	put_str(l, l->json ? "\":" : "=");
	put_value(l, kv);
	if (l->over)
		l->n = before;
}

size_t
log_render(char out[static LOG_LINE_MAX + 1], const struct log *lg,
    enum log_level level, const char *event, const struct log_kv *kv)
{
	struct line l = {.p = out, .json = lg->format == LOG_FORMAT_JSON};
	char time[LOG_TIME_CAP];
	bool truncated;

	/* the brace of JSON goes in front of what put_kv() thinks is empty */
	if (l.json)
		*l.p++ = '{';
	l.cap = LOG_LINE_MAX - 1 - TAIL_MAX;
	if (lg->clock != NULL)
		put_kv(&l,
		    &LOG_STR("ts", log_time(time, lg->clock(lg->clock_arg))));
	put_kv(&l, &LOG_STR("level", log_level_str(level)));
	put_kv(&l, &LOG_STR("event", event));
	for (; kv->type != LOG_T_END && !l.over; kv++)
		put_kv(&l, kv);
	truncated = l.over;
	l.over = false;
	l.cap += TAIL_MAX;
	if (truncated)
		put_kv(&l, &LOG_BOOL("truncated", true));
	put_str(&l, l.json ? "}\n" : "\n");
	l.p[l.n] = '\0';
	return l.n + (size_t)(l.p - out);
}

bool
log_enabled(const struct log *lg, enum log_level level)
{
	return lg != NULL && lg->sink != NULL && level <= lg->level;
}

void
log_write(const struct log *lg, enum log_level level, const char *event,
    const struct log_kv *kv)
{
	char line[LOG_LINE_MAX + 1];
	size_t n;

	if (!log_enabled(lg, level))
		return;
	n = log_render(line, lg, level, event, kv);
	lg->sink(lg->sink_arg, level, line, n);
}

const char *
log_level_str(enum log_level level)
{
	static const char *const words[] = {
#define X(name, word, doc) word,
		LOG_LEVELS(X)
#undef X
	};

	return (size_t)level < ARRAY_LEN(words) ? words[level] : "?";
}

/* Days since 1970 to a date. Years are counted from March, so that the leap
 * day is the last of a year; 400 years have 146097 days. */
static void
date_of(uint64_t days, unsigned *y, unsigned *m, unsigned *d)
{
	uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;

	*d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*y = (unsigned)(yoe + era * 400 + (*m <= 2 ? 1 : 0));
}

const char *
log_time(char out[static LOG_TIME_CAP], uint64_t ms)
{
	const uint64_t last = 253402300799999; /* the end of 9999 */
	unsigned y, mon, d, rest;

	if (ms > last)
		ms = last;
	date_of(ms / 86400000, &y, &mon, &d);
	rest = (unsigned)(ms % 86400000);
	snprintf(out, LOG_TIME_CAP, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    y % 10000, mon % 100, d % 100, rest / 3600000 % 100,
	    rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
	return out;
}

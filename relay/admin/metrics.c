/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "relay/admin/metrics.h"

#define SLOTS	32 /* threads that count side by side without sharing */
#define BUCKETS 16 /* of a histogram, without +Inf */

/* Cells a metric takes for each combination of labels. */
enum {
	WIDTH_COUNTER = 1,
	WIDTH_GAUGE = 1,
	WIDTH_SECONDS = BUCKETS + 2, /* buckets, +Inf, sum */
};
enum { HIST_SUM = BUCKETS + 1 };

#define X(name, key, n) LABELS_##name = (n),
enum { METRIC_LABELS(X) };
#undef X

#define X(type, name, l1, l2, help)                                            \
	CELL_##name,                                                           \
	    CELL_LAST_##name =                                                 \
		CELL_##name + LABELS_##l1 * LABELS_##l2 * WIDTH_##type - 1,
enum { METRICS(X) CELL_COUNT };
#undef X

enum type { COUNTER, GAUGE, SECONDS };

struct rule {
	const char *name;
	const char *help;
	enum type type;
	enum metric_label l1, l2;
	unsigned n1, n2, width;
	size_t cell;
};

#define X(type, name, l1, l2, help)                                            \
	{#name, (help), (type), METRIC_LABEL_##l1, METRIC_LABEL_##l2,          \
	    LABELS_##l1, LABELS_##l2, WIDTH_##type, CELL_##name},
static const struct rule rules[] = {METRICS(X)};
#undef X

/* A SECONDS histogram counts microseconds. */
static const uint64_t bounds_us[BUCKETS] = {100, 250, 500, 1000, 2500, 5000,
    10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
    10000000};

static _Atomic int64_t slots[SLOTS][CELL_COUNT];
static _Atomic int64_t gauges[METRIC_COUNT]; /* what metrics_set() said */

/* ---- counting ---------------------------------------------------------------- */

/* The calling thread's slot; more threads than slots share some. */
static _Atomic int64_t *
my_cells(void)
{
	static atomic_uint next;
	static _Thread_local _Atomic int64_t *mine;

	if (mine == NULL)
		mine = slots[atomic_fetch_add(&next, 1) % SLOTS];
	return mine;
}

static void
add(size_t cell, int64_t n)
{
	atomic_fetch_add_explicit(&my_cells()[cell], n, memory_order_relaxed);
}

static unsigned
clamp(unsigned label, unsigned n)
{
	return label < n ? label : n - 1;
}

static unsigned
code_label(int err)
{
	return err <= 0 && -err < METRIC_CODE_OTHER ? (unsigned)-err
						    : METRIC_CODE_OTHER;
}

static unsigned
method_label(uint16_t method)
{
	switch (method) {
#define X(name, number, state, max, req, resp, doc)                            \
	case number:                                                           \
		return METRIC_METHOD_##name;
		METHODS(X)
#undef X
	default:
		return METRIC_METHOD_OTHER;
	}
}

static void
observe(const struct rule *r, unsigned label, uint64_t v)
{
	size_t cell = r->cell + (size_t)clamp(label, r->n1) * r->width;
	unsigned i = 0;

	while (i < BUCKETS && v > bounds_us[i])
		i++;
	add(cell + i, 1);
	add(cell + HIST_SUM, (int64_t)v);
}

void
metrics_add(enum metric m, int64_t n)
{
	add(rules[m].cell, n);
}

void
metrics_add1(enum metric m, unsigned label, int64_t n)
{
	const struct rule *r = &rules[m];

	add(r->cell + (size_t)clamp(label, r->n1) * r->n2 * r->width, n);
}

void
metrics_code(enum metric m, int err)
{
	metrics_add1(m, code_label(err), 1);
}

void
metrics_request(uint16_t method, int err, uint64_t micros)
{
	const struct rule *r = &rules[METRIC_requests];
	unsigned label = method_label(method);

	add(r->cell + (size_t)label * r->n2 + code_label(err), 1);
	observe(&rules[METRIC_request_duration], label, micros);
}

void
metrics_set(enum metric m, int64_t v)
{
	atomic_store_explicit(&gauges[m], v, memory_order_relaxed);
}

/* ---- reading ------------------------------------------------------------------ */

static int64_t
sum(size_t cell)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < SLOTS; i++)
		n +=
		    atomic_load_explicit(&slots[i][cell], memory_order_relaxed);
	return n;
}

/* Without a histogram's sum. */
static int64_t
sum_range(size_t cell, size_t n)
{
	int64_t total = 0;
	size_t i;

	for (i = 0; i < n; i++)
		total += sum(cell + i);
	return total;
}

static unsigned
counted(const struct rule *r)
{
	return r->width == 1 ? 1 : BUCKETS + 1;
}

int64_t
metrics_get1(enum metric m, unsigned label)
{
	const struct rule *r = &rules[m];
	size_t cell = r->cell + (size_t)clamp(label, r->n1) * r->n2 * r->width;
	int64_t total = 0;
	unsigned i;

	for (i = 0; i < r->n2; i++)
		total += sum_range(cell + (size_t)i * r->width, counted(r));
	return total;
}

int64_t
metrics_get(enum metric m)
{
	int64_t total = atomic_load_explicit(&gauges[m], memory_order_relaxed);
	unsigned i;

	for (i = 0; i < rules[m].n1; i++)
		total += metrics_get1(m, i);
	return total;
}

void
metrics_reset(void)
{
	size_t i, k;

	for (i = 0; i < SLOTS; i++)
		for (k = 0; k < CELL_COUNT; k++)
			atomic_store(&slots[i][k], 0);
	for (i = 0; i < METRIC_COUNT; i++)
		atomic_store(&gauges[i], 0);
}

/* ---- printing ----------------------------------------------------------------- */

static const char *
reason_word(unsigned i)
{
	static const char *const words[] = {
#define X(name, word) word,
		CLOSE_REASONS(X)
#undef X
	};

	return words[i];
}

static const char *
otp_word(unsigned i)
{
	static const char *const words[] = {
#define X(name, word) word,
		OTP_RESULTS(X)
#undef X
	};

	return words[i];
}

static const char *
method_word(unsigned i)
{
	static const char *const words[] = {
#define X(name, number, state, max, req, resp, doc) #name,
		METHODS(X)
#undef X
		    "other",
	};

	return words[i];
}

static const char *
code_word(unsigned i)
{
	if (i == METRIC_CODE_OK)
		return "OK";
	return i == METRIC_CODE_OTHER ? "other" : err_name(-(int)i);
}

static const char *
class_word(unsigned i)
{
	return limit_class_str((enum limit_class)i);
}

static const char *
none_word(unsigned i)
{
	(void)i;
	return "";
}

static const struct {
	const char *key;
	const char *(*word)(unsigned i);
} labels[] = {
    [METRIC_LABEL_NONE] = {"", none_word},
    [METRIC_LABEL_METHOD] = {"method", method_word},
    [METRIC_LABEL_CODE] = {"code", code_word},
    [METRIC_LABEL_REASON] = {"reason", reason_word},
    [METRIC_LABEL_CLASS] = {"class", class_word},
    [METRIC_LABEL_OTP] = {"result", otp_word},
};

#define LABELS_CAP 128

/* "{method=\"SEND\",le=\"0.1\"}", empty when there is none. */
static const char *
label_text(char out[static LABELS_CAP], const struct rule *r, unsigned i,
    unsigned k, const char *le)
{
	const char *key[3] = {labels[r->l1].key, labels[r->l2].key, "le"};
	const char *word[3] = {
	    labels[r->l1].word(i), labels[r->l2].word(k), le};
	size_t n = 0, j;

	out[0] = '\0';
	for (j = 0; j < 3; j++)
		if (word[j][0] != '\0')
			n += (size_t)snprintf(out + n, LABELS_CAP - n,
			    "%c%s=\"%s\"", n == 0 ? '{' : ',', key[j], word[j]);
	if (n > 0)
		(void)snprintf(out + n, LABELS_CAP - n, "}");
	return out;
}

static const char *
bound_text(char out[static 24], unsigned i)
{
	if (i == BUCKETS)
		return "+Inf";
	(void)snprintf(out, 24, "%g", (double)bounds_us[i] / 1e6);
	return out;
}

static const char *
suffix(const struct rule *r)
{
	static const char *const words[] = {
	    [COUNTER] = "_total",
	    [GAUGE] = "",
	    [SECONDS] = "_seconds",
	};

	return words[r->type];
}

static int
print_histogram(struct buf *b, const struct rule *r, unsigned i)
{
	size_t cell = r->cell + (size_t)i * r->width;
	char text[LABELS_CAP], bound[24];
	int64_t n = 0, total = sum(cell + HIST_SUM);
	unsigned k;
	int err;

	for (k = 0; k <= BUCKETS; k++) {
		n += sum(cell + k);
		err = buf_printf(b, "sotto_relay_%s%s_bucket%s %" PRId64 "\n",
		    r->name, suffix(r),
		    label_text(text, r, i, 0, bound_text(bound, k)), n);
		if (err != 0)
			return err;
	}
	label_text(text, r, i, 0, "");
	err = buf_printf(b, "sotto_relay_%s_seconds_sum%s %.6f\n", r->name,
	    text, (double)total / 1e6);
	if (err != 0)
		return err;
	return buf_printf(b, "sotto_relay_%s%s_count%s %" PRId64 "\n", r->name,
	    suffix(r), text, n);
}

static int
print_cell(struct buf *b, const struct rule *r, unsigned i, unsigned k)
{
	size_t at = (size_t)i * r->n2 + k;
	bool labelled = r->l1 != METRIC_LABEL_NONE;
	char text[LABELS_CAP];
	int64_t n;

	if (labelled && sum_range(r->cell + at * r->width, counted(r)) == 0)
		return 0;
	if (r->width > 1)
		return print_histogram(b, r, i);
	n = labelled ? sum(r->cell + at)
		     : metrics_get((enum metric)(r - rules));
	return buf_printf(b, "sotto_relay_%s%s%s %" PRId64 "\n", r->name,
	    suffix(r), label_text(text, r, i, k, ""), n);
}

static int
print_rule(struct buf *b, const struct rule *r)
{
	static const char *const types[] = {
	    [COUNTER] = "counter",
	    [GAUGE] = "gauge",
	    [SECONDS] = "histogram",
	};
	unsigned i, k;
	int err;

	err = buf_printf(b,
	    "# HELP sotto_relay_%s%s %s\n# TYPE sotto_relay_%s%s %s\n", r->name,
	    suffix(r), r->help, r->name, suffix(r), types[r->type]);
	for (i = 0; err == 0 && i < r->n1; i++)
		for (k = 0; err == 0 && k < r->n2; k++)
			err = print_cell(b, r, i, k);
	return err;
}

int
metrics_print(struct buf *b)
{
	size_t i;
	int err;

	err = buf_printf(b,
	    "# HELP sotto_relay_build_info The version that runs.\n"
	    "# TYPE sotto_relay_build_info gauge\n"
	    "sotto_relay_build_info{version=\"%s\"} 1\n",
	    SOTTO_VERSION);
	for (i = 0; err == 0 && i < METRIC_COUNT; i++)
		err = print_rule(b, &rules[i]);
	return err;
}

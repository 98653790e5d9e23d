/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ctl_reports.c — reports, which the relay holds sealed and cannot read. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/admin/ctl_priv.h"

#define LINE	  57 /* bytes that make 76 characters */
#define LINE_CAP  sodium_base64_ENCODED_LEN(LINE, sodium_base64_VARIANT_ORIGINAL)
#define NO_REPORT "there is no such report"

/* The number an argument is; 0: none. */
static uint64_t
report_id(const char *s)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; s[i] >= '0' && s[i] <= '9' && i < 18; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	return s[i] == '\0' ? n : 0;
}

static int
report_row(struct ctl_req *q, const struct store_report *v)
{
	struct ctl_out *o = &q->out;

	ctl_out_u64(o, "report", 8, v->id);
	ctl_out_time(o, "received", 16, v->received_ms);
	ctl_out_u64(o, "bytes", 0, v->len);
	return ctl_out_end(o);
}

static void
reports_listed(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	struct op_report_list *l = &q->op.report_list;
	int r = op->result;
	size_t i;

	for (i = 0; r == 0 && i < l->n; i++)
		r = report_row(q, &l->v[i]);
	store_op_clear(op); /* they are no more than a page */
	ctl_finish(q, r, NULL);
}

void
ctl_exec_reports(struct ctl_req *q)
{
	ctl_prepare(q, STORE_REPORT_LIST, reports_listed);
	q->op.report_list.max = STORE_REPORTS_MAX;
	ctl_submit(q);
}

static int
print_blob(struct ctl_req *q, const struct buf *b)
{
	char line[LINE_CAP];
	size_t at, n;
	int r = 0;

	for (at = 0; r == 0 && at < b->len; at += n) {
		n = b->len - at < LINE ? b->len - at : LINE;
		sodium_bin2base64(line, sizeof(line), b->p + at, n,
		    sodium_base64_VARIANT_ORIGINAL);
		r = ctl_out_text(&q->out, line);
	}
	return r;
}

static void
report_read(struct store_op *op)
{
	struct ctl_req *q = op->ctx;
	int r = op->result;

	if (r == 0)
		r = print_blob(q, &q->op.report_get.blob);
	store_op_clear(op);
	ctl_finish(q, r, r == ERR_NOTFOUND ? NO_REPORT : NULL);
}

void
ctl_exec_report(struct ctl_req *q)
{
	ctl_prepare(q, STORE_REPORT_GET, report_read);
	q->op.report_get.id = report_id(q->opts.args[0]);
	ctl_submit(q);
}

static void
report_dropped(struct store_op *op)
{
	struct ctl_req *q = op->ctx;

	if (op->result == 0)
		ctl_finish(q, ctl_out_text(&q->out, "dropped"), NULL);
	else
		ctl_finish(q, op->result,
		    op->result == ERR_NOTFOUND ? NO_REPORT : NULL);
}

void
ctl_exec_drop_report(struct ctl_req *q)
{
	ctl_prepare(q, STORE_REPORT_DEL, report_dropped);
	q->op.report_del.id = report_id(q->opts.args[0]);
	ctl_submit(q);
}

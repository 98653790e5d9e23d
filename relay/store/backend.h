/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.h — what a database must offer to stand behind store.h. store.c
 * collects the operations, a backend runs them; inside relay/store only.
 *
 * One thread calls begin, run, commit and rollback, another one read; open and
 * close happen while neither runs.
 */
#ifndef RELAY_STORE_BACKEND_H
#define RELAY_STORE_BACKEND_H

#include "relay/store/store.h"

struct backend; /* each backend's own */

/* Seqs: next is the next free one, those above limit are not on disk yet as
 * taken. */
struct store_seq {
	_Atomic uint64_t next;
	_Atomic uint64_t limit; /* the last that may be given out */
};

struct backend_ops {
	/* opts are complete (defaults filled in). seq is the store's; set both
	 * its numbers. Returns as store_open(). */
	int (*open)(struct backend **b, const struct store_opts *opts,
	    struct store_seq *seq, struct store_why *why);
	void (*close)(struct backend *b);

	/* Start one transaction. 0 or an error; then nothing is open. */
	int (*begin)(struct backend *b);
	/* Run one operation and set its result. 0, or why the transaction
	 * cannot go on and must be rolled back. */
	int (*run)(struct backend *b, struct store_op *op);
	/* On disk: 0. Else an error and all since begin is undone. */
	int (*commit)(struct backend *b);
	void (*rollback)(struct backend *b);

	/* Run an operation of lane READER and set its result. */
	void (*read)(struct backend *b, struct store_op *op);

	/* Add what the last commit did to m, start counting anew. */
	void (*count)(struct backend *b, struct store_metrics *m);
	/* Why the last failure happened; valid until the next call. */
	const char *(*reason)(struct backend *b);
};

extern const struct backend_ops sqlite_backend;

/* Take n seqs up to the limit; 0 or ERR_AGAIN. */
int seq_take(struct store_seq *q, uint64_t n, uint64_t *first) MUST_USE;

#endif

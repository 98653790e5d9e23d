/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/backup/file.h"
#include "tui/store/store_account.h"

#define OUT_MAX	      (BACKUP_RECORD_MAX + 4 * BACKUP_CHUNK_SEALED)
#define BATCH	      500 /* records in one transaction */
#define PROGRESS_STEP 256 /* records between two reports */

static int fail(struct backup_job *job, int r, const char *fmt, ...)
    PRINTF(3, 4);

static int
fail(struct backup_job *job, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->why, sizeof(job->why), fmt, ap);
	va_end(ap);
	return r;
}

static int
fail_sys(struct backup_job *job, const char *what)
{
	return fail(job,
	    errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS,
	    "%s %s: %s", what, job->path, strerror(errno));
}

static int
go_on(struct backup_job *job, uint64_t done, uint64_t total)
{
	return job->progress == NULL || job->progress(job->ctx, done, total)
		   ? 0
		   : fail(job, ERR_CLOSED, BACKUP_CALLED_OFF);
}

/* ---- writing ------------------------------------------------------------------------ */

static int
write_out(struct backup_job *job, int fd, struct buf *b)
{
	const uint8_t *p = b->p;
	size_t left = b->len;
	ssize_t n;

	while (left > 0) {
		n = write(fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(job, "cannot write");
		p += n;
		left -= (size_t)n;
	}
	buf_reset(b);
	return 0;
}

static int
write_records(struct backup_job *job, int fd, const struct backup_source *from,
    struct backup_seal *seal, struct buf *out)
{
	uint64_t done = 0, total = 0, n = 0;
	struct buf rec;
	int r = 0;

	buf_init(&rec, BACKUP_RECORD_MAX);
	while (r == 0) {
		r = from->next(from->ctx, &rec, &done, &total);
		if (r != 0)
			break;
		r = backup_seal_put(seal, rec.p, rec.len, out);
		if (r == 0 && out->len >= BACKUP_CHUNK_MAX)
			r = write_out(job, fd, out);
		if (r == 0 && n++ % PROGRESS_STEP == 0)
			r = go_on(job, done, total);
	}
	buf_clear(&rec);
	if (r != ERR_NOTFOUND)
		return r;
	r = backup_seal_end(seal, out);
	return r != 0 ? r : write_out(job, fd, out);
}

static int
write_file(struct backup_job *job, int fd, const struct backup_source *from)
{
	struct backup_seal *seal = NULL;
	struct buf out;
	int r;

	buf_init(&out, OUT_MAX);
	r = backup_seal_new(&seal, job->key, &backup_rng_system, &out);
	if (r == 0)
		r = write_records(job, fd, from, seal, &out);
	if (r == 0 && fsync(fd) != 0)
		r = fail_sys(job, "cannot write");
	backup_seal_free(seal);
	buf_clear(&out);
	return r;
}

/* A rename lasts once its folder is on disk. */
static int
sync_folder(struct backup_job *job)
{
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s", job->path);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(job, "cannot open the folder of");
	r = fsync(fd) == 0 ? 0 : fail_sys(job, "cannot write");
	close(fd);
	return r;
}

int
backup_write(struct backup_job *job, const struct backup_source *from)
{
	char part[PATH_MAX];
	int n = snprintf(part, sizeof(part), "%s.part", job->path), fd, r;

	if (n < 0 || (size_t)n >= sizeof(part))
		return fail(job, ERR_RANGE, "the path is too long");
	fd = open(
	    part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(job, "cannot write");
	r = write_file(job, fd, from);
	if (close(fd) != 0 && r == 0)
		r = fail_sys(job, "cannot write");
	if (r == 0 && rename(part, job->path) != 0)
		r = fail_sys(job, "cannot replace");
	if (r == 0)
		return sync_folder(job);
	unlink(part);
	if (job->why[0] == '\0')
		fail(job, r, "%s", err_str(r));
	return r;
}

static int
next_of_dump(void *ctx, struct buf *rec, uint64_t *done, uint64_t *total)
{
	struct dump *d = ctx;
	int r = dump_next(d, rec);

	dump_progress(d, done, total);
	return r;
}

struct backup_source
backup_source_dump(struct dump *d)
{
	return (struct backup_source){next_of_dump, d};
}

int
backup_create(struct backup_job *job, struct store *s, uint64_t now_ms)
{
	struct dump_opts opts = {.now_ms = now_ms};
	struct backup_source from;
	struct dump *d = NULL;
	int r = dump_new(&d, s, &opts);

	if (r != 0)
		return fail(job, r, "%s", err_str(r));
	from = backup_source_dump(d);
	r = backup_write(job, &from);
	dump_free(d);
	return r;
}

/* ---- reading -------------------------------------------------------------------------- */

struct reader {
	struct backup_job *job;
	struct backup_open *o;
	int fd;
	bool eof;
};

static int
reader_open(struct reader *rd, struct backup_job *job)
{
	*rd = (struct reader){.job = job};
	rd->fd = open(job->path, O_RDONLY | O_CLOEXEC);
	if (rd->fd < 0)
		return fail_sys(job, "cannot read");
	return backup_open_new(&rd->o);
}

static void
reader_close(struct reader *rd)
{
	backup_open_free(rd->o);
	if (rd->fd >= 0)
		close(rd->fd);
}

/* Feed the next piece. ERR_AUTH: the file ends where it must not. */
static int
more(struct reader *rd)
{
	uint8_t piece[BACKUP_CHUNK_SEALED];
	ssize_t n;

	do {
		n = read(rd->fd, piece, sizeof(piece));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_sys(rd->job, "cannot read");
	if (n == 0)
		return fail(rd->job, ERR_AUTH,
		    "%s is cut off: its end is missing", rd->job->path);
	return backup_open_feed(rd->o, piece, (size_t)n);
}

static int
explain_open(struct backup_job *job, int r)
{
	switch (r) {
	case ERR_FORMAT:
		return fail(job, r, "%s is no backup of sotto", job->path);
	case ERR_VERSION:
		return fail(job, r,
		    "%s was made by a newer sotto: update this one", job->path);
	case ERR_AUTH:
		/* At the first chunk the two cannot be told apart. */
		return fail(job, r,
		    "this does not open the backup: wrong %s, or a damaged "
		    "file",
		    job->key->kind == BACKUP_PASSWORD ? "password" : "code");
	case ERR_RANGE:
		return fail(job, r, "the backup needs another kind of key");
	default:
		return r;
	}
}

int
backup_kind_of(struct backup_job *job, enum backup_kind *kind)
{
	struct reader rd;
	int r = reader_open(&rd, job);

	while (r == 0 && (r = backup_open_kind(rd.o, kind)) == ERR_AGAIN)
		r = more(&rd);
	reader_close(&rd);
	return explain_open(job, r);
}

/* The next record, read from disk as needed. ERR_NOTFOUND: that was all. */
static int
next_record(struct reader *rd, struct buf *rec)
{
	int r;

	for (;;) {
		r = backup_open_next(rd->o, rec);
		if (r == ERR_NOTFOUND && !rd->eof) {
			/* Bytes behind the end are damage too. */
			uint8_t byte;
			ssize_t n = read(rd->fd, &byte, 1);

			rd->eof = true;
			if (n > 0)
				r = ERR_AUTH;
		}
		if (r == ERR_AUTH || r == ERR_FORMAT)
			return fail(
			    rd->job, ERR_AUTH, "%s is damaged", rd->job->path);
		if (r != ERR_AGAIN)
			return r;
		r = more(rd);
		if (r != 0)
			return r;
	}
}

static int
unlock(struct reader *rd)
{
	int r;

	while ((r = backup_open_unlock(rd->o, rd->job->key)) == ERR_AGAIN) {
		r = more(rd);
		if (r != 0)
			return r;
	}
	return explain_open(rd->job, r);
}

/* What is done with each record. */
typedef int record_fn(void *ctx, const struct buf *rec);

static int
read_file(struct backup_job *job, record_fn *fn, void *ctx,
    const struct restore_count *n)
{
	struct reader rd;
	struct buf rec;
	uint64_t seen = 0;
	int r = reader_open(&rd, job);

	buf_init(&rec, BACKUP_RECORD_MAX);
	if (r == 0)
		r = unlock(&rd);
	while (r == 0 && (r = next_record(&rd, &rec)) == 0) {
		r = fn(ctx, &rec);
		if (r == 0 && seen++ % PROGRESS_STEP == 0)
			r = go_on(job, n->messages, n->total);
	}
	buf_clear(&rec);
	reader_close(&rd);
	if (r != ERR_NOTFOUND)
		return r;
	return n->ended ? 0 : fail(job, ERR_AUTH, "%s is damaged", job->path);
}

/* ---- verify -------------------------------------------------------------------------------- */

struct checking {
	struct restore_count *n;
	const uint8_t *self;
};

static int
check_one(void *ctx, const struct buf *rec)
{
	struct checking *c = ctx;

	return restore_record(NULL, c->self, rec->p, rec->len, c->n);
}

static int
explain_record(struct backup_job *job, int r)
{
	if (job->why[0] != '\0' || r == 0)
		return r;
	switch (r) {
	case ERR_DENIED:
		return fail(job, r,
		    "the backup is of another account; link or register "
		    "this profile to that account first");
	case ERR_VERSION:
		return fail(job, r, "a newer sotto wrote it: update this one");
	case ERR_FORMAT:
		return fail(job, ERR_AUTH, "%s makes no sense", job->path);
	default:
		return fail(job, r, "%s", err_str(r));
	}
}

static int
verify_for(struct backup_job *job, const uint8_t *self, struct restore_count *n)
{
	struct checking c = {n, self};

	*n = (struct restore_count){0};
	job->why[0] = '\0';
	return explain_record(job, read_file(job, check_one, &c, n));
}

int
backup_verify(struct backup_job *job, struct restore_count *n)
{
	static const uint8_t anybody[STORE_ID_LEN];

	return verify_for(job, anybody, n);
}

/* ---- restore -------------------------------------------------------------------------------- */

struct restoring {
	struct store *s;
	struct restore_count *n;
	const uint8_t *self;
	size_t in_batch;
};

static int
restore_one(void *ctx, const struct buf *rec)
{
	struct restoring *x = ctx;
	int r = 0;

	if (x->in_batch == 0)
		r = store_begin(x->s);
	if (r == 0)
		r = restore_record(x->s, x->self, rec->p, rec->len, x->n);
	if (r == 0 && ++x->in_batch == BATCH) {
		x->in_batch = 0;
		r = store_commit(x->s);
	}
	return r;
}

int
backup_restore(struct backup_job *job, struct store *s, struct restore_count *n)
{
	struct store_account self;
	struct restoring x = {.s = s, .n = n, .self = self.account};
	int r = store_account_get(s, &self);

	if (r == ERR_NOTFOUND || (r == 0 && !self.registered))
		r = fail(job, ERR_STATE,
		    "this profile has no account yet: register first");
	if (r == 0)
		r = verify_for(job, self.account, n);
	if (r == 0) {
		*n = (struct restore_count){0};
		r = read_file(job, restore_one, &x, n);
		if (r == 0 && x.in_batch > 0)
			r = store_commit(s);
		if (r != 0)
			store_rollback(s);
	}
	store_account_clear(&self);
	return explain_record(job, r);
}

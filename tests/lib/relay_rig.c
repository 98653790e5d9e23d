/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tests/lib/relay_rig.h"
#include "tests/lib/tree.h"
#include "tests/unit/test.h"

/* ---- log --------------------------------------------------------------------------- */

static void
on_line(void *arg, enum log_level level, const char *line, size_t len)
{
	struct rig *g = arg;
	const char *at;

	(void)level;
	(void)len;
	if (getenv("RIG_LOG") != NULL)
		(void)fputs(line, stderr);
	at = strstr(line, " code=");
	if (at == NULL)
		return;
	at += at[6] == '"' ? 7 : 6;
	pthread_mutex_lock(&g->lock);
	memcpy(g->code, at, 6);
	pthread_cond_signal(&g->cond);
	pthread_mutex_unlock(&g->lock);
}

/* The relay logs the code before it answers REGISTER. */
int
rig_code(void *arg, char out[static 7])
{
	struct rig *g = arg;
	int r;

	pthread_mutex_lock(&g->lock);
	r = g->code[0] != '\0' ? 0 : ERR_NOTFOUND;
	memcpy(out, g->code, sizeof(g->code));
	memset(g->code, 0, sizeof(g->code));
	pthread_mutex_unlock(&g->lock);
	return r;
}

/* ---- life -------------------------------------------------------------------------- */

void
rig_init(struct rig *g)
{
	const char *tmp = getenv("TMPDIR");

	memset(g, 0, sizeof(*g));
	snprintf(g->dir, sizeof(g->dir), "%s/sotto-rig-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(g->dir));
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->cond, NULL);
	g->log = (struct log){
	    .level = LOG_LEVEL_INFO, .sink = on_line, .sink_arg = g};
}

void
rig_clear(struct rig *g)
{
	rig_stop(g);
	(void)tree_remove(g->dir);
	pthread_cond_destroy(&g->cond);
	pthread_mutex_destroy(&g->lock);
}

struct relay_conf *
rig_conf(struct rig *g, const char *const *args)
{
	char dir[96], none[] = "/dev/null";
	const char *argv[RIG_ARGS_MAX] = {
		"relay",
		"--config",
		none,
		"--listen",
		"127.0.0.1:0",
		"--threads",
		"2",
		"--http-listen",
		"off",
		"--blobs-listen",
		"127.0.0.1:0",
		"--registration",
		"open",
		"--otp-driver",
		"log",
		"--guests-per-address",
		"1000",
		"--drain-timeout",
		"5s",
#define X(class, kind, row, def, doc) "--" row, "off",
		LIMIT_ROWS(X)
#undef X
		    "--data-dir",
	};
	enum relay_conf_todo todo;
	struct relay_conf *conf = NULL;
	struct conf_err why = {""};
	struct buf out;
	int argc = 0, r;

	while (argv[argc] != NULL)
		argc++;
	snprintf(dir, sizeof(dir), "%s/d", g->dir);
	argv[argc++] = dir;
	for (; args != NULL && *args != NULL; args++)
		argv[argc++] = *args;
	assert_true(argc < RIG_ARGS_MAX);
	buf_init(&out, 1 << 20);
	r = relay_conf_load(argc, (char *const *)(uintptr_t)argv, NULL, &conf,
	    &todo, &out, &why);
	buf_clear(&out);
	if (r != 0)
		fail_msg("settings: %s", why.text);
	return conf;
}

void
rig_start(struct rig *g, const char *const *args)
{
	struct relay_env env = {.log = &g->log};
	struct relay_why why;
	int r;

	g->conf = rig_conf(g, args);
	env.conf = g->conf;
	r = relay_start(&g->relay, &env, &why);
	if (r != 0)
		fail_msg("relay_start: %s", why.text);
}

void
rig_stop(struct rig *g)
{
	relay_free(g->relay);
	g->relay = NULL;
	relay_conf_unref(g->conf);
	g->conf = NULL;
}

uint16_t
rig_port(const struct rig *g)
{
	return relay_port(g->relay, 0);
}

/* ---- people ------------------------------------------------------------------------ */

int
rig_open(struct rig *g, struct rc **c, const struct rc_person *p,
    struct rc_opts opts)
{
	opts.host = "127.0.0.1";
	opts.port = rig_port(g);
	opts.me = &p->key;
	if (opts.relay == NULL)
		opts.relay = relay_key(g->relay);
	return rc_open(c, &opts);
}

struct rc *
rig_connect(struct rig *g, const struct rc_person *p)
{
	const struct rc_opts opts = {.timeout_ms = 0};
	struct rc *c;
	int r = rig_open(g, &c, p, opts);

	if (r != 0)
		fail_msg("cannot connect: %s", err_str(r));
	return c;
}

void
rig_person(struct rig *g, struct rc_person *p, unsigned n, unsigned keys)
{
	struct rc *c;
	int r;

	rc_person_make(p, n);
	c = rig_connect(g, p);
	r = rc_register(c, p, NULL, rig_code, g, keys);
	if (r != 0)
		fail_msg("cannot register: %s", err_str(r));
	rc_close(c);
}

/* ---- metrics ------------------------------------------------------------------------ */

static void
wait_for(int64_t (*get)(enum metric m, unsigned label), enum metric m,
    unsigned label, int64_t want)
{
	const time_t end = time(NULL) + 20;

	/* Another thread counts, and tells nobody. */
	while (get(m, label) != want && time(NULL) < end)
		sched_yield();
	assert_int_equal(get(m, label), want);
}

static int64_t
get0(enum metric m, unsigned label)
{
	(void)label;
	return metrics_get(m);
}

void
rig_wait_metric(enum metric m, int64_t want)
{
	wait_for(get0, m, 0, want);
}

void
rig_wait_metric1(enum metric m, unsigned label, int64_t want)
{
	wait_for(metrics_get1, m, label, want);
}

void
rig_wait_metric1_at_least(enum metric m, unsigned label, int64_t least)
{
	const time_t end = time(NULL) + 20;

	while (metrics_get1(m, label) < least && time(NULL) < end)
		sched_yield();
	assert_true(metrics_get1(m, label) >= least);
}

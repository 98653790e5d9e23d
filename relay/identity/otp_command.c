/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otp_command.c — a program sends the code. No shell: the words of otp-command
 * are split first and filled in afterwards, so that no value makes a word of
 * its own. It gets a session of its own, to be killed with all its children
 * when it takes too long; the code and a line end on standard input; of the
 * environment only what no secret can be in.
 */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/admin/words.h"
#include "relay/identity/otp_priv.h"

#define ARGS_MAX   (64 * 1024) /* bytes of all arguments */
#define STDERR_MAX 400 /* bytes kept for the log */
#define ENV_VARS   6

struct command {
	struct otp_send send;
	uv_process_t process;
	uv_pipe_t in, err;
	uv_timer_t timer;
	uv_write_t write;
	int handles; /* not closed yet */
	bool running;
	bool ending;
	bool late;
	char line[OTP_CODE_MAX + 2];
	size_t said_len;
	char said[STDERR_MAX + 1];
	char rest[256]; /* what nobody will read */
};

/* ---- the end ---------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *h)
{
	struct command *c = h->data;

	if (--c->handles == 0)
		otp_send_over(&c->send);
}

static void
end(struct command *c)
{
	if (c->ending)
		return;
	c->ending = true;
	uv_close((uv_handle_t *)&c->process, on_closed);
	if (!uv_is_closing((uv_handle_t *)&c->in)) /* see on_written() */
		uv_close((uv_handle_t *)&c->in, on_closed);
	uv_close((uv_handle_t *)&c->err, on_closed);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

/* Programs quote what they were given: blot the code and the number out. */
static void
blot(char *text, const char *secret)
{
	char *p;

	for (p = strstr(text, secret); p != NULL; p = strstr(p, secret))
		memset(p, '*', strlen(secret));
}

static void
log_failure(struct command *c, int64_t status, int signo)
{
	blot(c->said, c->send.code);
	blot(c->said, c->send.phone + 1);
	log_warn(c->send.otp->log, "one-time code not sent",
	    LOG_STR("driver", "command"), LOG_PHONE("phone", c->send.phone),
	    LOG_I64("status", status), LOG_I64("signal", signo),
	    LOG_BOOL("late", c->late), LOG_STR("stderr", c->said));
}

/* What it said last may still be in the pipe. */
static void
read_rest(struct command *c)
{
	uv_os_fd_t fd;
	ssize_t n;

	if (uv_fileno((uv_handle_t *)&c->err, &fd) != 0)
		return;
	n = read(fd, c->said + c->said_len, STDERR_MAX - c->said_len);
	if (n > 0)
		c->said_len += (size_t)n;
}

static void
on_exit_status(uv_process_t *p, int64_t status, int signo)
{
	struct command *c = p->data;
	bool sent = status == 0 && signo == 0 && !c->late;

	c->running = false;
	read_rest(c);
	c->said[c->said_len] = '\0';
	if (!sent && c->send.done != NULL)
		log_failure(c, status, signo);
	otp_report(&c->send, sent ? 0 : c->late ? ERR_TIMEOUT : ERR_IO);
	end(c);
}

/* Its whole session; its end is told by on_exit_status(). */
static void
kill_it(struct command *c)
{
	if (c->running)
		(void)uv_kill(-c->process.pid, SIGKILL);
}

static void
on_timeout(uv_timer_t *t)
{
	struct command *c = t->data;

	c->late = true;
	kill_it(c);
}

/* ---- its words -------------------------------------------------------------------- */

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	struct command *c = h->data;
	size_t room = STDERR_MAX - c->said_len;

	(void)hint;
	*b = room > 0 ? uv_buf_init(c->said + c->said_len, (unsigned)room)
		      : uv_buf_init(c->rest, sizeof(c->rest));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct command *c = s->data;

	if (n > 0 && b->base != c->rest)
		c->said_len += (size_t)n;
	else if (n < 0)
		(void)uv_read_stop(s);
}

static void
on_written(uv_write_t *w, int status)
{
	struct command *c = w->data;

	(void)status; /* it need not read */
	sodium_memzero(c->line, sizeof(c->line));
	if (!c->ending) /* end of file, for programs that read to it */
		uv_close((uv_handle_t *)&c->in, on_closed);
}

/* ---- the beginning ---------------------------------------------------------------- */

/* NUL-terminated words in args, their starts in argv. */
static int
fill_args(const struct command *c, struct buf *args, char **argv)
{
	struct template_values v = otp_values(&c->send);
	size_t at[WORDS_MAX], i;
	struct words w;
	int r;

	r = words_split(c->send.otp->conf->otp_command,
	    strlen(c->send.otp->conf->otp_command), &w);
	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < w.n; i++) {
		at[i] = args->len;
		r = template_render(args, w.v[i], TEMPLATE_PLAIN, &v);
		if (r == 0)
			r = buf_put_u8(args, 0);
	}
	for (i = 0; r == 0 && i < w.n; i++)
		argv[i] = (char *)args->p + at[i];
	argv[r == 0 ? w.n : 0] = NULL;
	words_clear(&w);
	return r;
}

/* The few variables a program may need; their texts in env. */
static int
fill_env(struct buf *env, char **envp)
{
	static const char *const names[ENV_VARS] = {
	    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"};
	size_t at[ENV_VARS], i, n = 0;
	const char *v;
	int r = 0;

	for (i = 0; r == 0 && i < ENV_VARS; i++) {
		v = getenv(names[i]);
		if (v == NULL)
			continue;
		at[n++] = env->len;
		r = buf_printf(env, "%s=%s", names[i], v);
		if (r == 0)
			r = buf_put_u8(env, 0);
	}
	for (i = 0; r == 0 && i < n; i++)
		envp[i] = (char *)env->p + at[i];
	envp[r == 0 ? n : 0] = NULL;
	return r;
}

static int
spawn(struct command *c, char **argv, char **envp)
{
	uv_stdio_container_t io[3] = {
	    {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		.data.stream = (uv_stream_t *)&c->in},
	    {.flags = UV_IGNORE},
	    {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		.data.stream = (uv_stream_t *)&c->err},
	};
	uv_process_options_t opts = {.exit_cb = on_exit_status,
	    .file = argv[0],
	    .args = argv,
	    .env = envp,
	    .flags = UV_PROCESS_DETACHED,
	    .stdio_count = 3,
	    .stdio = io};
	int r;

	r = uv_spawn(c->send.otp->loop, &c->process, &opts);
	if (r == 0)
		c->running = true;
	else
		log_warn(c->send.otp->log, "one-time code not sent",
		    LOG_STR("driver", "command"),
		    LOG_PHONE("phone", c->send.phone),
		    LOG_STR("program", argv[0]),
		    LOG_STR("reason", uv_strerror(r)));
	return r == 0 ? 0 : ERR_IO;
}

static int
talk(struct command *c)
{
	uv_buf_t b;

	(void)snprintf(c->line, sizeof(c->line), "%s\n", c->send.code);
	b = uv_buf_init(c->line, (unsigned)strlen(c->line));
	c->write.data = c;
	if (uv_timer_start(&c->timer, on_timeout,
		c->send.otp->conf->otp_timeout_ms, 0) != 0 ||
	    uv_read_start((uv_stream_t *)&c->err, on_alloc, on_read) != 0 ||
	    uv_write(&c->write, (uv_stream_t *)&c->in, &b, 1, on_written) != 0)
		return ERR_SYS;
	return 0;
}

static void
handles_init(struct command *c)
{
	uv_loop_t *loop = c->send.otp->loop;

	/* These only fill in the structs. */
	(void)uv_pipe_init(loop, &c->in, 0);
	(void)uv_pipe_init(loop, &c->err, 0);
	(void)uv_timer_init(loop, &c->timer);
	c->process.data = c->in.data = c->err.data = c->timer.data = c;
	c->handles = 4;
}

static void
command_start(struct otp_send *s)
{
	struct command *c = (struct command *)s;
	char *argv[WORDS_MAX + 1], *envp[ENV_VARS + 1];
	struct buf args, env;
	int r;

	buf_init(&args, ARGS_MAX);
	buf_init(&env, ARGS_MAX);
	r = fill_args(c, &args, argv);
	if (r == 0)
		r = fill_env(&env, envp);
	if (r != 0) {
		otp_report(s, r);
		otp_send_over(s);
	} else {
		handles_init(c);
		r = spawn(c, argv, envp);
		if (r == 0)
			r = talk(c);
		if (r != 0)
			otp_report(s, r);
		if (r != 0 && !c->running)
			end(c);
		else if (r != 0)
			kill_it(c);
	}
	buf_clear(&args);
	buf_clear(&env);
}

static void
command_cancel(struct otp_send *s)
{
	kill_it((struct command *)s);
}

const struct otp_driver otp_driver_command = {
    .name = "command",
    .send_size = sizeof(struct command),
    .sends_max = 32,
    .start = command_start,
    .cancel = command_cancel,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/base/paths.h"
#include "tui/cli/args.h"
#include "tui/cli/front.h"
#include "tui/store/store.h"

#define SECRET_MAX 1024

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t wake_fd = -1;

/* The byte ends a poll() that has just begun or is about to. */
static void
on_signal(int sig)
{
	int keep = errno;
	ssize_t n;

	(void)sig;
	interrupted = 1;
	n = write((int)wake_fd, "", 1);
	(void)n;
	errno = keep;
}

/* ---- waiting ----------------------------------------------------------------------- */

static uint64_t
monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* On the engine's thread. */
static void
wake(void *ctx)
{
	struct front *f = ctx;
	ssize_t n = write(f->wake[1], "", 1);

	(void)n; /* a full pipe wakes as well */
}

static void
remember(struct front *f, struct engine_event *ev)
{
	if (ev->kind == EV_REMOVED)
		f->removed = true;
	if (ev->kind != EV_CONN)
		return;
	f->conn = ev->conn;
	free(f->conn_text);
	f->conn_text = ev->text != NULL ? strdup(ev->text) : NULL;
}

/* The next event, or NULL after waiting for one until the deadline; through:
 * also when the person wants to stop. */
static struct engine_event *
next_event(struct front *f, uint64_t deadline, bool through, int *why)
{
	struct pollfd p = {.fd = f->wake[0], .events = POLLIN};
	struct engine_event *ev;
	uint64_t now;
	char drop[64];
	int n;

	for (;;) {
		ev = engine_next(f->e);
		if (ev != NULL) {
			remember(f, ev);
			if (f->on_event != NULL)
				f->on_event(f->ctx, ev);
			return ev;
		}
		now = monotonic_ms();
		*why = interrupted ? ERR_CLOSED : ERR_TIMEOUT;
		if ((interrupted && !through) ||
		    (deadline != 0 && now >= deadline))
			return NULL;
		n = poll(&p, 1, deadline == 0 ? -1 : (int)(deadline - now));
		if (n > 0 && read(f->wake[0], drop, sizeof(drop)) < 0 &&
		    errno != EAGAIN) {
			*why = ERR_IO;
			return NULL;
		}
	}
}

static uint64_t
deadline_in(uint32_t ms)
{
	return ms == 0 ? 0 : monotonic_ms() + ms;
}

uint64_t
front_tag(struct front *f)
{
	return ++f->next_tag;
}

static struct engine_event *
wait_for(
    struct front *f, int queued, uint64_t tag, uint64_t deadline, bool through)
{
	struct engine_event *ev;
	int why = queued;

	while (queued == 0) {
		ev = next_event(f, deadline, through, &why);
		if (ev == NULL)
			break;
		if (ev->tag == tag)
			return ev;
		if (ev->kind == EV_FATAL) {
			fprintf(stderr, "sotto: %s\n",
			    ev->text ? ev->text : err_str(ev->code));
			engine_event_free(ev);
			return NULL;
		}
		engine_event_free(ev);
	}
	fprintf(stderr, "sotto: %s\n",
	    why == ERR_CLOSED  ? "interrupted"
	    : why == ERR_RANGE ? "that is too long, or empty"
			       : err_str(why));
	return NULL;
}

struct engine_event *
front_wait(struct front *f, int queued, uint64_t tag, uint32_t timeout_ms)
{
	return wait_for(f, queued, tag, deadline_in(timeout_ms), false);
}

struct engine_event *
front_finish(struct front *f, int queued, uint64_t tag)
{
	return wait_for(f, queued, tag, 0, true);
}

int
front_turn(struct front *f, uint32_t timeout_ms)
{
	struct engine_event *ev;
	bool fatal;
	int why = 0;

	ev = next_event(f, deadline_in(timeout_ms), false, &why);
	if (ev == NULL)
		return why;
	fatal = ev->kind == EV_FATAL;
	if (fatal)
		fprintf(stderr, "sotto: %s\n",
		    ev->text ? ev->text : err_str(ev->code));
	engine_event_free(ev);
	return fatal ? ERR_IO : 0;
}

int
front_online(struct front *f, uint32_t timeout_ms)
{
	uint64_t deadline = deadline_in(timeout_ms), now;
	int r;

	while (f->conn != CONN_ONLINE) {
		if (f->removed) {
			fprintf(stderr,
			    "sotto: this device is no longer part "
			    "of the account, or the account is "
			    "gone; `sotto profile wipe` erases what "
			    "it holds\n");
			return ERR_DENIED;
		}
		now = monotonic_ms();
		if (deadline != 0 && now >= deadline)
			return ERR_TIMEOUT;
		r = front_turn(
		    f, deadline == 0 ? 0 : (uint32_t)(deadline - now));
		if (r != 0)
			return r;
	}
	return 0;
}

int
front_refused(const struct engine_event *ev)
{
	fprintf(stderr, "sotto: %s\n",
	    ev->text != NULL ? ev->text : err_str(ev->code));
	return cli_exit_of(ev->code);
}

/* ---- opening ------------------------------------------------------------------------ */

int
front_ask_secret(const char *prompt, char *out, size_t cap)
{
	struct termios was, quiet;
	FILE *tty = fopen("/dev/tty", "r+e");
	int r = ERR_IO;

	if (tty == NULL)
		return ERR_IO;
	if (tcgetattr(fileno(tty), &was) != 0)
		goto out;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(tty, "%s", prompt);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	if (fgets(out, (int)cap, tty) != NULL && !interrupted) {
		out[strcspn(out, "\r\n")] = '\0';
		r = 0;
	}
	tcsetattr(fileno(tty), TCSAFLUSH, &was);
	fprintf(tty, "\n");
out:
	fclose(tty);
	return r;
}

static int
ask_passphrase(char *out, size_t cap, bool fresh)
{
	char again[SECRET_MAX];
	int r = front_ask_secret(
	    fresh ? "New passphrase for the store on this machine: "
		  : "Passphrase: ",
	    out, cap);

	if (r != 0 || !fresh)
		return r;
	r = front_ask_secret("Once more: ", again, sizeof(again));
	if (r == 0 && strcmp(out, again) != 0) {
		fprintf(stderr, "sotto: the two passphrases differ\n");
		r = ERR_FORMAT;
	}
	sodium_memzero(again, sizeof(again));
	return r;
}

static int
unlock(struct front *f, const struct front_opts *o, bool fresh)
{
	struct engine_key key = {
	    .command = o->passphrase_command, .key_file = o->key_file};
	char secret[SECRET_MAX] = "";
	struct engine_event *ev;
	uint64_t tag = front_tag(f);
	int r = CLI_EXIT_LOCKED;

	if (key.command == NULL && key.key_file == NULL) {
		key.passphrase = getenv("SOTTO_PASSPHRASE");
		if (key.passphrase == NULL) {
			if (ask_passphrase(secret, sizeof(secret), fresh) !=
			    0) {
				fprintf(stderr, "sotto: no passphrase: set "
						"SOTTO_PASSPHRASE or use "
						"--passphrase-command\n");
				goto out;
			}
			key.passphrase = secret;
		}
	}
	ev = front_wait(f, engine_unlock(f->e, tag, &key), tag, 0);
	if (ev == NULL)
		r = CLI_EXIT_FAILURE;
	else
		r = ev->kind == EV_UNLOCKED ? 0 : front_refused(ev);
	/* No relay was asked: the command or the file did not do. */
	if (r == CLI_EXIT_OFFLINE)
		r = key.passphrase == NULL ? CLI_EXIT_LOCKED : CLI_EXIT_FAILURE;
	if (r == 0) {
		f->self = ev->self;
		memset(&ev->self, 0, sizeof(ev->self));
	}
	engine_event_free(ev);
out:
	sodium_memzero(secret, sizeof(secret));
	return r;
}

static void
catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
start(struct front *f, const struct front_opts *o, const char *dir)
{
	struct engine_opts eo = {.dir = dir,
	    .wake = wake,
	    .ctx = f,
	    .country = o->country,
	    .proxy = o->proxy,
	    .offline = o->offline,
	    .auto_fetch = o->fetch,
	    .fast_kdf = getenv("SOTTO_TEST_FAST_KDF") != NULL};
	bool exists = engine_exists(&eo);
	int r, pid;

	if (!exists && !o->create) {
		fprintf(stderr, "sotto: this profile is not set up yet: run "
				"`sotto register` or start `sotto`\n");
		return CLI_EXIT_UNREGISTERED;
	}
	r = engine_new(&f->e, &eo, &pid);
	if (r == ERR_BUSY) {
		fprintf(stderr, "sotto: this profile is in use by process %d\n",
		    pid);
		return CLI_EXIT_BUSY;
	}
	if (r != 0) {
		fprintf(stderr, "sotto: cannot start: %s\n", err_str(r));
		return CLI_EXIT_FAILURE;
	}
	return unlock(f, o, !exists);
}

static int
data_dir(const struct front_opts *o, struct paths *p)
{
	struct paths_err why = {""};

	if (paths_init(p, o->profile, environ, &why) == 0 &&
	    paths_make(p, PATHS_DATA, &why) == 0)
		return 0;
	fprintf(stderr, "sotto: %s\n",
	    why.text[0] != '\0' ? why.text : strerror(errno));
	return CLI_EXIT_CONFIG;
}

int
front_open(struct front *f, const struct front_opts *o)
{
	struct paths paths;
	int r;

	f->e = NULL;
	f->conn = CONN_OFFLINE;
	f->offline = o->offline;
	store_no_dumps();
	if (pipe2(f->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return CLI_EXIT_FAILURE;
	wake_fd = f->wake[1];
	catch_signals();
	r = data_dir(o, &paths);
	if (r == 0)
		r = start(f, o, paths.dir[PATHS_DATA]);
	if (r != 0)
		front_close(f);
	return r;
}

void
front_close(struct front *f)
{
	engine_free(f->e);
	f->e = NULL;
	wake_fd = -1;
	close(f->wake[0]);
	close(f->wake[1]);
	free(f->conn_text);
	f->conn_text = NULL;
	free(f->self.phone);
	free(f->self.name);
	free(f->self.relay);
	free(f->self.relay_name);
	memset(&f->self, 0, sizeof(f->self));
}

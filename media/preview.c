/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/proto/preview.pb-c.h"
#include "media/preview.h"

#define PROGRAM "sotto-preview"
#ifndef SOTTO_LIBEXECDIR
#define SOTTO_LIBEXECDIR "/usr/local/libexec/sotto"
#endif

static const char *program_override;
static int timeout_override;

void
preview_override(const char *program, int timeout_ms)
{
	program_override = program;
	timeout_override = timeout_ms;
}

/* ---- the child ---------------------------------------------------------------- */

/* Beside the program that runs, as in a build folder; else where it was
 * installed. */
static void
find_program(char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - 1);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL &&
		    (size_t)(slash - path) + 1 + sizeof(PROGRAM) <= cap) {
			memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
			if (access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, cap, "%s/%s", SOTTO_LIBEXECDIR, PROGRAM);
}

/* It gets one descriptor, 0, and an environment that tells it nothing. */
static int
spawn(const char *path, int fd, pid_t *pid)
{
	char *argv[] = {(char *)(uintptr_t)PROGRAM, NULL};
	char *envp[] = {(char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	int e;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&at) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return ENOMEM;
	}
	sigemptyset(&none);
	sigfillset(&all);
	e = posix_spawnattr_setsigmask(&at, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(&at, &all);
	if (e == 0)
		e = posix_spawnattr_setflags(
		    &at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, fd, 0);
	if (e == 0)
		e = posix_spawn_file_actions_addopen(
		    &fa, 1, "/dev/null", O_WRONLY, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, 1, 2);
	if (e == 0)
		e = posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (e == 0)
		e = posix_spawn(pid, path, &fa, &at, argv, envp);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return e;
}

struct child {
	pid_t pid;
	int fd;
	int64_t deadline_ms;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
child_start(struct child *c)
{
	char path[4096];
	int fds[2], e;

	if (program_override != NULL)
		snprintf(path, sizeof(path), "%s", program_override);
	else
		find_program(path, sizeof(path));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return ERR_SYS;
	e = spawn(path, fds[1], &c->pid);
	close(fds[1]);
	if (e != 0) {
		close(fds[0]);
		errno = e;
		return ERR_SYS;
	}
	c->fd = fds[0];
	c->deadline_ms = now_ms() + (timeout_override > 0 ? timeout_override
							  : PREVIEW_TIMEOUT_MS);
	return 0;
}

/* Whatever it was doing. */
static void
child_end(struct child *c)
{
	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Until the socket is ready for events, or the time is up. */
static int
child_wait(const struct child *c, short events)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int64_t left;
	int n;

	do {
		left = c->deadline_ms - now_ms();
		if (left <= 0)
			return ERR_TIMEOUT;
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? ERR_TIMEOUT : ERR_SYS;
}

static int
child_write(const struct child *c, const uint8_t *p, size_t len)
{
	ssize_t n;
	int r;

	while (len > 0) {
		r = child_wait(c, POLLOUT);
		if (r != 0)
			return r;
		n = send(c->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return ERR_CLOSED;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
child_read(const struct child *c, uint8_t *p, size_t len)
{
	ssize_t n;
	int r;

	while (len > 0) {
		r = child_wait(c, POLLIN);
		if (r != 0)
			return r;
		n = recv(c->fd, p, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return ERR_CLOSED;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- one question ------------------------------------------------------------ */

static int
send_request(const struct child *c, const Sotto__Preview__Request *req)
{
	size_t len = sotto__preview__request__get_packed_size(req);
	struct buf b;
	int r;

	buf_init(&b, 4 + PREVIEW_REQUEST_MAX);
	r = buf_reserve(&b, 4 + len);
	if (r == 0)
		r = buf_put_u32(&b, (uint32_t)len);
	if (r == 0) {
		b.len += sotto__preview__request__pack(req, b.p + b.len);
		r = child_write(c, b.p, b.len);
	}
	buf_clear(&b);
	return r;
}

/* A malformed answer counts as a death: nothing of it is used. */
static int
read_response(const struct child *c, Sotto__Preview__Response **res)
{
	uint8_t be[4];
	struct buf b;
	uint32_t len;
	int r = child_read(c, be, sizeof(be));

	if (r != 0)
		return r;
	len = get_be32(be);
	if (len > PREVIEW_ANSWER_MAX)
		return ERR_CLOSED;
	buf_init(&b, PREVIEW_ANSWER_MAX);
	r = buf_reserve(&b, len);
	if (r == 0)
		r = child_read(c, b.p, len);
	if (r == 0) {
		*res = sotto__preview__response__unpack(NULL, len, b.p);
		r = *res != NULL ? 0 : ERR_CLOSED;
	}
	buf_clear(&b);
	return r;
}

static int
ask(const Sotto__Preview__Request *req, Sotto__Preview__Response **res)
{
	struct child c;
	int r = child_start(&c), e;

	if (r != 0)
		return r;
	r = send_request(&c, req);
	if (r == 0)
		r = read_response(&c, res);
	e = errno;
	child_end(&c);
	errno = e;
	return r;
}

/* What a child may answer; anything else came from one that was taken over. */
static int
checked_code(int code)
{
	switch (code) {
	case 0:
	case ERR_NOTFOUND:
	case ERR_FORMAT:
	case ERR_RANGE:
	case ERR_NOMEM:
		return code;
	default:
		return ERR_CLOSED;
	}
}

int
preview_read_qr(const uint8_t *picture, size_t len, struct buf *text)
{
	Sotto__Preview__Request req;
	Sotto__Preview__Response *res = NULL;
	size_t n;
	int r;

	if (len < 1 || len > PREVIEW_PICTURE_MAX)
		return ERR_RANGE;
	sotto__preview__request__init(&req);
	req.body_case = SOTTO__PREVIEW__REQUEST__BODY_READ_QR;
	req.read_qr = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)picture};
	r = ask(&req, &res);
	if (r != 0)
		return r;
	n = strlen(res->text);
	r = checked_code(res->code);
	if (r == 0 && (n < 1 || n > PREVIEW_QR_MAX))
		r = ERR_CLOSED;
	if (r == 0)
		r = buf_put(text, res->text, n);
	sotto__preview__response__free_unpacked(res, NULL);
	return r;
}

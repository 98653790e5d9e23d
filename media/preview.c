/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preview.c — asking and waiting. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "media/preview_int.h"

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
	int r = preview_child_start(&c->pid, &c->fd);

	c->deadline_ms = now_ms() + preview_timeout();
	return r;
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

/* Of a length that was announced; more than that is nobody's answer. */
static int
read_response(const struct child *c, struct buf *b)
{
	uint8_t be[4];
	uint32_t len;
	int r = child_read(c, be, sizeof(be));

	if (r != 0)
		return r;
	len = get_be32(be);
	if (len > PREVIEW_ANSWER_MAX)
		return ERR_CLOSED;
	r = buf_reserve(b, len);
	if (r == 0)
		r = child_read(c, b->p, len);
	if (r == 0)
		b->len = len;
	return r;
}

static int
exchange(const struct buf *request, struct buf *response)
{
	struct child c;
	int r = child_start(&c), e;

	if (r != 0)
		return r;
	r = child_write(&c, request->p, request->len);
	if (r == 0)
		r = read_response(&c, response);
	e = errno;
	child_end(&c);
	errno = e;
	return r;
}

int
preview_run(const struct preview_ask *ask, struct preview_answer *out)
{
	struct buf request, response;
	int r = preview_check(ask);

	if (r != 0)
		return r;
	buf_init(&request, 4 + PREVIEW_REQUEST_MAX);
	buf_init(&response, PREVIEW_ANSWER_MAX);
	r = preview_pack(&request, ask);
	if (r == 0)
		r = exchange(&request, &response);
	if (r == 0)
		r = preview_unpack(ask, response.p, response.len, out);
	buf_clear(&request);
	buf_clear(&response);
	return r;
}

int
preview_read_qr(const uint8_t *picture, size_t len, struct buf *text)
{
	struct preview_ask ask = {
	    .what = PREVIEW_READ_QR, .file = picture, .len = len};
	struct preview_answer a;
	int r = preview_run(&ask, &a);

	if (r != 0)
		return r;
	r = buf_put(text, a.text, strlen(a.text));
	preview_answer_clear(&a);
	return r;
}

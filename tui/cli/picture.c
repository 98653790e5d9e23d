/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c — `sotto preview`: a picture, or one of a video, in this terminal.
 * Needs no profile. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "media/still.h"
#include "media/stream.h"
#include "tui/cli/commands.h"
#include "tui/screen/picture_caps.h"

#define COLS_DEFAULT 80
#define ROWS_DEFAULT 24

static const char *const as_words[] = {
#define X(name, word) word,
    PICTURE_MODES(X)
#undef X
	NULL};

const struct conf_row preview_rows[PREVIEW_ROWS] = {
    {.name = "as",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct preview_opts, as),
	.choices = as_words,
	.def = "auto",
	.doc = "How it is drawn. auto: as well as the terminal says it can."},
    {.name = "columns",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct preview_opts, cols),
	.max = PREVIEW_CELLS_MAX,
	.def = "0",
	.doc = "At most so wide. 0: as wide as the terminal."},
    {.name = "rows",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct preview_opts, rows),
	.max = PREVIEW_CELLS_MAX,
	.def = "0",
	.doc = "At most so high. 0: as high as the terminal."},
    {.name = "wait",
	.type = CONF_U32,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct preview_opts, wait_ms),
	.max = 60000,
	.def = "0",
	.unit = "milliseconds",
	.doc = "How long the terminal may take to say what it knows; more "
	       "over a slow line. 0: 250, or 750 in tmux."},
};

/* ---- the terminal -------------------------------------------------------------------- */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One answer after the other; what they lead to is asked at once. */
static void
take_answers(
    int fd, struct keys *k, struct picture_caps *c, const uint8_t *p, size_t n)
{
	struct buf more;
	struct key ev;
	size_t used;

	buf_init(&more, 256);
	while (n > 0) {
		used = keys_feed(k, p, n);
		p += used;
		n -= used;
		while (keys_next(k, &ev))
			if (ev.type == KT_REPLY)
				(void)!picture_caps_take(c, &ev, &more);
	}
	(void)!stream_write(fd, more.p, more.len);
	buf_clear(&more);
}

static void
ask_terminal(int fd, struct picture_caps *c, int64_t wait_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	int64_t from = now_ms(), left;
	uint8_t bytes[512];
	struct keys keys;
	struct buf ask;
	ssize_t n;

	keys_init(&keys);
	buf_init(&ask, 256);
	c->asked = true;
	if (picture_caps_ask(&ask) == 0)
		(void)!stream_write(fd, ask.p, ask.len);
	while (!picture_caps_complete(c)) {
		left = wait_ms > 0 ? wait_ms
		       : c->tmux   ? PICTURE_TMUX_MS
				   : PICTURE_ASK_MS;
		left += from - now_ms();
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			break;
		n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		take_answers(fd, &keys, c, bytes, (size_t)n);
	}
	/* one that took a question for text has written it here */
	(void)!stream_write(fd, "\r\033[K", 4);
	buf_clear(&ask);
	keys_clear(&keys);
}

/* Without echo for as long as it takes. A terminal that is not in front must
 * not be asked: reading from it would stop us. */
static void
ask_terminal_raw(struct picture_caps *c, int64_t wait_ms)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios was, raw;

	if (fd >= 0 && tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &was) == 0) {
		raw = was;
		raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		if (tcsetattr(fd, TCSANOW, &raw) == 0) {
			ask_terminal(fd, c, wait_ms);
			tcsetattr(fd, TCSAFLUSH, &was);
		}
	}
	if (fd >= 0)
		close(fd);
}

static bool
env_is(const char *name, const char *start)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0' &&
	       strncmp(v, start, strlen(start)) == 0;
}

static enum theme_depth
depth_of_env(void)
{
	if (env_is("NO_COLOR", "") || env_is("TERM", "dumb"))
		return DEPTH_MONO;
	if (env_is("COLORTERM", "truecolor") || env_is("COLORTERM", "24bit"))
		return DEPTH_RGB;
	return env_is("TERM", "linux") ? DEPTH_16 : DEPTH_256;
}

static void
look_around(struct raster_ground *g, const struct preview_opts *own, int *cols,
    int *rows)
{
	bool tty = isatty(STDOUT_FILENO);
	struct picture_caps c = {0};
	struct winsize ws = {0};
	bool utf8 = setlocale(LC_CTYPE, "") != NULL &&
		    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 &&
	    ws.ws_col > 0 && ws.ws_xpixel >= ws.ws_col &&
	    ws.ws_ypixel >= ws.ws_row && ws.ws_row > 0) {
		c.cell_w = ws.ws_xpixel / ws.ws_col;
		c.cell_h = ws.ws_ypixel / ws.ws_row;
	}
	if (tty && !env_is("TERM", "dumb") && !env_is("TERM", "linux"))
		ask_terminal_raw(&c, own->wait_ms);
	picture_caps_ground(&c, (enum picture_mode)own->as, depth_of_env(),
	    false, !utf8 || env_is("SOTTO_ASCII", ""), g);
	/* a line for the prompt, and one that sixels may reach into */
	*cols = own->cols > 0	? (int)own->cols
		: ws.ws_col > 0 ? ws.ws_col
				: COLS_DEFAULT;
	*rows = own->rows > 0	? (int)own->rows
		: ws.ws_row > 3 ? ws.ws_row - 2
				: ROWS_DEFAULT;
}

/* ---- the picture ----------------------------------------------------------------------- */

static void
out_stdout(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	fwrite(p, 1, len, stdout);
}

/* Rows below each other. Strips leave the cursor where it pleases the terminal:
 * room is made first, and each row's beginning kept. */
static void
print_raster(struct raster *r)
{
	int i, n = raster_rows(r);
	bool strips = raster_is_strip(r);

	raster_send(r, out_stdout, NULL);
	if (strips) {
		for (i = 0; i <= n; i++)
			putchar('\n');
		printf("\033[%dA", n + 1);
	}
	for (i = 0; i < n; i++) {
		if (strips)
			fputs("\0337", stdout);
		raster_row(r, i, 0, raster_cols(r), out_stdout, NULL);
		fputs(strips ? "\0338\033[1B" : "\n", stdout);
	}
}

static int
show(const struct raster_ground *g, const uint8_t *file, size_t len, int cols,
    int rows)
{
	struct preview_ask ask = {.file = file, .len = len};
	struct preview_answer a;
	struct raster *r;
	int e;

	raster_ask(g, cols, rows, &ask);
	e = preview_run(&ask, &a);
	if (e != 0)
		return e;
	/* numbers of pictures are the terminal's: ours should be nobody's */
	e = raster_new(&r, g, (uint32_t)getpid() << 8 | 1, &a);
	if (e == 0) {
		print_raster(r);
		raster_free(r);
	}
	preview_answer_clear(&a);
	return e;
}

/* ---- a video -------------------------------------------------------------------------- */

struct open_file {
	int fd;
	uint64_t size;
};

static int
read_part(void *ctx, uint64_t at, uint8_t *p, size_t len)
{
	const struct open_file *f = ctx;

	return stream_read_at(f->fd, at, p, len);
}

static int
show_still(
    const struct raster_ground *g, struct open_file *f, int cols, int rows)
{
	struct still_source source = {f->size, read_part, f};
	uint32_t s;
	struct still still;
	int e = still_run(&source, STILL_SIDE_MAX, &still);

	if (e != 0)
		return e;
	e = show(g, still.picture, still.len, cols, rows);
	s = still.duration_ms / 1000;
	if (e == 0 && s >= 3600)
		printf("Video, %u:%02u:%02u\n", s / 3600, s / 60 % 60, s % 60);
	else if (e == 0)
		printf("Video, %u:%02u\n", s / 60, s % 60);
	still_clear(&still);
	return e;
}

/* A picture or, when it is none, a video; only a picture is read whole. */
static int
show_file(
    const struct raster_ground *g, struct open_file *f, int cols, int rows)
{
	uint8_t *p;
	int e = ERR_FORMAT;

	if (f->size == 0)
		return ERR_RANGE;
	if (f->size <= PREVIEW_FILE_MAX) {
		p = malloc((size_t)f->size);
		if (p == NULL)
			return ERR_NOMEM;
		e = read_part(f, 0, p, (size_t)f->size);
		if (e == 0)
			e = show(g, p, (size_t)f->size, cols, rows);
		free(p);
	}
	return e == ERR_FORMAT ? show_still(g, f, cols, rows) : e;
}

/* A pipe is read to its end, and can only be a picture. */
static int
show_pipe(const struct raster_ground *g, const char *path, int cols, int rows)
{
	struct buf b;
	int e;

	buf_init(&b, PREVIEW_FILE_MAX);
	e = read_whole_file(path, &b);
	if (e == 0)
		e = show(g, b.p, b.len, cols, rows);
	buf_clear(&b);
	return e;
}

static int
show_path(const struct raster_ground *g, const char *path, int cols, int rows)
{
	struct open_file f;
	struct stat st;
	int e;

	if (stat(path, &st) != 0)
		return ERR_SYS;
	if (!S_ISREG(st.st_mode))
		return show_pipe(g, path, cols, rows);
	f.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f.fd < 0)
		return ERR_SYS;
	f.size = (uint64_t)st.st_size;
	e = show_file(g, &f, cols, rows);
	close(f.fd);
	return e;
}

static const char *
why(int e)
{
	switch (e) {
	case ERR_FORMAT:
		return "it is no picture or video that can be read";
	case ERR_RANGE:
	case ERR_FULL:
		return "it is empty or too large";
	case ERR_CLOSED:
		return "looking at it failed; it may be broken on purpose";
	case ERR_SYS:
		return strerror(errno);
	default:
		return err_str(e);
	}
}

int
cli_preview(void *ctx, const struct cli_args *args)
{
	const struct preview_opts *own = args->own;
	const char *path = args->argv[0];
	struct raster_ground g;
	int e, cols, rows;

	(void)ctx;
	if (own->as == PICTURE_OFF)
		return CLI_EXIT_OK;
	e = access(path, R_OK) == 0 ? 0 : ERR_SYS;
	if (e == 0) {
		look_around(&g, own, &cols, &rows);
		e = show_path(&g, path, cols, rows);
	}
	if (e != 0)
		fprintf(stderr, "sotto: %s: %s\n", path, why(e));
	return cli_exit_of(e);
}

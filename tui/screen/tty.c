/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <sodium.h>
#include <term.h>

#include "common/text.h"
#include "tui/screen/direct.h"
#include "tui/screen/tty.h"

#define NOTIFY_MAX   400 /* bytes of a notification's line */
#define NOTIFY_CELLS 100
#define COPY_MAX     (64 * 1024)

/* Bracketed paste and focus events on; mouse off unless asked for. */
#define SEQ_ON	      "\033[?2004h\033[?1004h"
#define SEQ_MOUSE_ON  "\033[?1000h\033[?1006h"
#define SEQ_MOUSE_OFF "\033[?1006l\033[?1000l"
#define SEQ_OFF	      "\033[?2026l\033[?1004l\033[?2004l"
/* Escape codes the keyboard would otherwise not tell apart (kitty, level 1). */
#define SEQ_KITTY_ON	 "\033[>1u"
#define SEQ_KITTY_OFF	 "\033[<u"
#define SEQ_CLUSTERS_ON	 "\033[?2027h"
#define SEQ_CLUSTERS_OFF "\033[?2027l"
/* Questions; the last one is answered by every terminal. */
#define SEQ_ASK "\033]11;?\033\\\033[?u\033[?2026$p\033[?2027$p\033[c"

struct tty {
	int in; /* our own open file: non-blocking does not leak to stdout */
	int out;
	FILE *curses; /* ncurses' own way to the terminal: tty_curses_fd() */
	SCREEN *scr;
	struct tty_caps caps;
	bool asks; /* the terminal understands questions */
	bool kitty, set_clusters, mouse;
	bool titles; /* it saves and restores its title by itself */
	bool left; /* given away for a while */
	bool old_notify; /* OSC 777 instead of OSC 9 */
};

/* All a signal handler needs; the signals are those of a crash. */
static struct {
	volatile sig_atomic_t active;
	int fd;
	struct termios saved;
	char seq[1024];
	size_t len;
	int err, err_mem; /* stderr as it was, and where it goes meanwhile */
	struct sigaction old[16];
} crash;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
    SIGTRAP, SIGSYS, SIGQUIT, SIGXCPU, SIGXFSZ};

static uint8_t crash_stack[64 * 1024];

/* ---- giving back -------------------------------------------------------------- */

/* Async-signal-safe. */
static void
write_all(int fd, const void *p, size_t len)
{
	const char *s = p;
	ssize_t n;

	while (len > 0) {
		n = write(fd, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

/* What was written to stderr meanwhile, and stderr itself; signal-safe. */
static void
stderr_back(void)
{
	char part[512];
	off_t at = 0;
	ssize_t n;

	if (crash.err < 0)
		return;
	dup2(crash.err, STDERR_FILENO);
	while ((n = pread(crash.err_mem, part, sizeof(part), at)) > 0) {
		write_all(STDERR_FILENO, part, (size_t)n);
		at += n;
	}
}

static void
give_back(void)
{
	if (!crash.active)
		return;
	crash.active = 0;
	write_all(crash.fd, crash.seq, crash.len);
	tcsetattr(crash.fd, TCSANOW, &crash.saved);
	stderr_back();
}

static void
on_crash(int sig)
{
	give_back();
	raise(sig); /* by now the default action */
}

static void
crash_install(void)
{
	struct sigaction sa = {.sa_handler = on_crash,
	    .sa_flags = SA_ONSTACK | SA_NODEFER | (int)SA_RESETHAND};
	stack_t ss = {.ss_sp = crash_stack, .ss_size = sizeof(crash_stack)};
	static bool at_exit;
	size_t i;

	sigaltstack(&ss, NULL);
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < ARRAY_LEN(crash_signals); i++)
		sigaction(crash_signals[i], &sa, &crash.old[i]);
	if (!at_exit)
		atexit(give_back);
	at_exit = true;
}

static void
crash_remove(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(crash_signals); i++)
		sigaction(crash_signals[i], &crash.old[i], NULL);
}

/* A capability without its $<padding>, added to what a crash writes. */
static void
crash_add(const char *s)
{
	if (s == NULL || s == (const char *)-1)
		return;
	for (; *s != '\0' && crash.len < sizeof(crash.seq); s++) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>') != NULL)
			s = strchr(s, '>');
		else
			crash.seq[crash.len++] = *s;
	}
}

static void
crash_compose(const struct tty *t)
{
	crash.len = 0;
	crash_add(SEQ_OFF SEQ_MOUSE_OFF);
	if (t->kitty)
		crash_add(SEQ_KITTY_OFF);
	if (t->set_clusters)
		crash_add(SEQ_CLUSTERS_OFF);
	crash_add(tigetstr("sgr0"));
	crash_add(tigetstr("op"));
	crash_add(tigetstr("cnorm"));
	crash_add(tigetstr("rmcup"));
	crash_add("\r");
}

/* Nothing may write over the picture; what does is shown at the end. */
static void
stderr_away(void)
{
	crash.err = crash.err_mem = -1;
	if (!isatty(STDERR_FILENO))
		return;
	crash.err_mem = memfd_create("stderr", MFD_CLOEXEC);
	if (crash.err_mem < 0)
		return;
	crash.err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (crash.err >= 0)
		dup2(crash.err_mem, STDERR_FILENO);
}

/* ---- what it can do ------------------------------------------------------------- */

static bool
env_set(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0';
}

static bool
env_starts(const char *name, const char *start)
{
	const char *v = getenv(name);

	return v != NULL && strncmp(v, start, strlen(start)) == 0;
}

/* Characters beyond ASCII need a UTF-8 locale; ncurses too. */
static bool
locale_utf8(void)
{
	const char *set = setlocale(LC_CTYPE, "");
	bool utf8 = set != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	if (!utf8 && setlocale(LC_CTYPE, "C.UTF-8") == NULL &&
	    setlocale(LC_CTYPE, "en_US.UTF-8") == NULL)
		return false;
	/* A locale that says C may just not have been set at all. */
	return utf8 || !env_set("LC_ALL");
}

/* COLORFGBG=15;0: the last number is the background. */
static bool
guess_light(void)
{
	const char *v = getenv("COLORFGBG");
	const char *semi = v != NULL ? strrchr(v, ';') : NULL;

	return semi != NULL &&
	       (strcmp(semi, ";7") == 0 || strcmp(semi, ";15") == 0);
}

static enum theme_depth
depth_of(void)
{
	if (env_set("NO_COLOR") || !has_colors())
		return DEPTH_MONO;
	start_color();
	use_default_colors();
	if (COLORS >= 0x1000000)
		return DEPTH_RGB;
	return COLORS >= 256 ? DEPTH_256 : COLORS >= 8 ? DEPTH_16 : DEPTH_MONO;
}

const char *
tty_unusable(void)
{
	static char why[256];
	const char *type = getenv("TERM");
	const char *cup;
	int err = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "The screen needs a terminal. In scripts and pipes use "
		       "the commands: sotto --help";
	if (type == NULL || type[0] == '\0')
		return "TERM is not set. Try: TERM=xterm-256color sotto";
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK) {
		snprintf(why, sizeof(why),
		    "The terminal type \"%.40s\" is unknown here. "
		    "Try: TERM=xterm-256color sotto",
		    type);
		return why;
	}
	cup = tigetstr("cup");
	del_curterm(cur_term);
	if (cup == NULL || cup == (const char *)-1) {
		snprintf(why, sizeof(why),
		    "The terminal \"%.40s\" cannot move its cursor. Use the "
		    "commands instead: sotto --help",
		    type);
		return why;
	}
	return NULL;
}

/* ---- taking --------------------------------------------------------------------- */

static int
open_input(void)
{
	const char *name = ttyname(STDIN_FILENO);
	int fd = -1;

	if (name != NULL)
		fd = open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd;
}

static void
modes_on(struct tty *t)
{
	static const char on[] = SEQ_ON, ask[] = SEQ_ASK;

	write_all(t->out, on, sizeof(on) - 1);
	if (t->mouse)
		tty_mouse(t, true);
	if (t->kitty)
		write_all(t->out, SEQ_KITTY_ON, sizeof(SEQ_KITTY_ON) - 1);
	if (t->set_clusters)
		write_all(t->out, SEQ_CLUSTERS_ON, sizeof(SEQ_CLUSTERS_ON) - 1);
	if (t->asks && !t->caps.answered)
		write_all(t->out, ask, sizeof(ask) - 1);
}

static void
modes_off(struct tty *t)
{
	static const char off[] = SEQ_OFF SEQ_MOUSE_OFF;

	write_all(t->out, off, sizeof(off) - 1);
	if (t->kitty)
		write_all(t->out, SEQ_KITTY_OFF, sizeof(SEQ_KITTY_OFF) - 1);
	if (t->set_clusters)
		write_all(
		    t->out, SEQ_CLUSTERS_OFF, sizeof(SEQ_CLUSTERS_OFF) - 1);
}

static void
look_around(struct tty *t, bool utf8)
{
	const char *smcup = tigetstr("smcup");
	bool console = env_starts("TERM", "linux") || env_starts("TERM", "vt");

	t->caps.depth = depth_of();
	t->caps.light = guess_light();
	t->caps.ascii = !utf8 || console || env_set("SOTTO_ASCII");
	t->asks = !console;
	t->caps.answered = console;
	t->titles = smcup != NULL && smcup != (const char *)-1 &&
		    strstr(smcup, "[22;") != NULL;
	t->old_notify =
	    env_set("VTE_VERSION") || env_starts("TERM", "rxvt-unicode");
}

static FILE *
open_output(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static void
tty_free(struct tty *t)
{
	if (t->scr != NULL)
		delscreen(t->scr);
	if (t->curses != NULL)
		fclose(t->curses);
	if (t->in >= 0)
		close(t->in);
	free(t);
}

int
tty_open(struct tty **out)
{
	struct tty *t;
	bool utf8 = locale_utf8();

	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return ERR_NOMEM;
	t->out = STDOUT_FILENO;
	t->in = open_input();
	t->curses = open_output();
	if (t->in >= 0 && t->curses != NULL &&
	    tcgetattr(t->in, &crash.saved) == 0)
		t->scr = direct_newterm(t->curses);
	if (t->scr == NULL) {
		tty_free(t);
		return ERR_SYS;
	}
	set_term(t->scr);
	typeahead(-1); /* a picture leaves in one piece, not line by line */
	raw(); /* Ctrl-S, Ctrl-Q, Ctrl-Z and Ctrl-C are keys like others */
	noecho();
	nonl();
	look_around(t, utf8);
	refresh(); /* the other screen first: modes may belong to it */
	crash.fd = t->out;
	crash_compose(t);
	stderr_away();
	crash.active = 1;
	crash_install();
	modes_on(t);
	*out = t;
	return 0;
}

void
tty_close(struct tty *t)
{
	if (t == NULL)
		return;
	if (!t->left) {
		modes_off(t);
		endwin();
	}
	/* Answers still on their way would be typed into the shell. */
	tcflush(t->in, TCIFLUSH);
	crash.active = 0;
	crash_remove();
	stderr_back();
	if (crash.err >= 0) {
		close(crash.err);
		close(crash.err_mem);
	}
	tty_free(t);
}

int
tty_curses_fd(const struct tty *t)
{
	return fileno(t->curses);
}

int
tty_fd(const struct tty *t)
{
	return t->in;
}

const struct tty_caps *
tty_caps(const struct tty *t)
{
	return &t->caps;
}

void
tty_leave(struct tty *t)
{
	if (t->left)
		return;
	t->left = true;
	modes_off(t);
	endwin();
	tcflush(t->in, TCIFLUSH);
	crash.active = 0;
}

void
tty_enter(struct tty *t)
{
	if (!t->left)
		return;
	t->left = false;
	crash.active = 1;
	tty_resize(t);
	clearok(curscr, TRUE);
	doupdate();
	modes_on(t);
}

/* ---- answers -------------------------------------------------------------------- */

static bool
mode_reply(struct tty *t, int mode, int state)
{
	bool can = state == 1 || state == 2 || (mode == 2027 && state == 3);

	if (!can)
		return false;
	if (mode == 2026) {
		t->caps.sync = true;
	} else if (mode == 2027) {
		t->caps.clusters = true;
		if (state == 2 && !t->set_clusters) {
			t->set_clusters = true;
			write_all(t->out, SEQ_CLUSTERS_ON,
			    sizeof(SEQ_CLUSTERS_ON) - 1);
		}
	}
	return true;
}

/* Pixels of a cell as the system knows them. */
static void
cell_from_window(const struct tty *t, struct picture_caps *p)
{
	struct winsize ws;

	if (ioctl(t->out, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 &&
	    ws.ws_row > 0 && ws.ws_xpixel >= ws.ws_col &&
	    ws.ws_ypixel >= ws.ws_row) {
		p->cell_w = ws.ws_xpixel / ws.ws_col;
		p->cell_h = ws.ws_ypixel / ws.ws_row;
	}
}

bool
tty_ask_pictures(struct tty *t)
{
	struct picture_caps *p = &t->caps.pictures;
	struct buf b;

	if (p->asked)
		return t->asks;
	p->asked = true;
	cell_from_window(t, p);
	p->answered = !t->asks;
	buf_init(&b, 256);
	if (t->asks && picture_caps_ask(&b) == 0)
		write_all(t->out, b.p, b.len);
	buf_clear(&b);
	return t->asks;
}

static bool
picture_answer(struct tty *t, const struct key *reply)
{
	struct buf more;
	bool changed;

	buf_init(&more, 256);
	changed = picture_caps_take(&t->caps.pictures, reply, &more);
	if (more.len > 0)
		write_all(t->out, more.p, more.len);
	buf_clear(&more);
	return changed;
}

bool
tty_reply(struct tty *t, const struct key *reply)
{
	bool changed = false, light;

	switch (reply->reply) {
	case REPLY_DA1:
		changed = picture_answer(t, reply);
		t->caps.answered = true;
		break;
	case REPLY_CELL:
	case REPLY_NAME:
	case REPLY_GRAPHICS:
	case REPLY_ITERM:
		changed = picture_answer(t, reply);
		break;
	case REPLY_MODE:
		changed = mode_reply(t, reply->arg[0], reply->arg[1]);
		break;
	case REPLY_KITTY:
		changed = picture_answer(t, reply);
		if (t->caps.pictures.tmux)
			break; /* of the terminal behind it: not for us */
		if (!t->kitty)
			write_all(
			    t->out, SEQ_KITTY_ON, sizeof(SEQ_KITTY_ON) - 1);
		t->kitty = true;
		break;
	case REPLY_BACKGROUND:
		light =
		    theme_is_light(reply->arg[0], reply->arg[1], reply->arg[2]);
		changed = light != t->caps.light;
		t->caps.light = light;
		break;
	}
	crash_compose(t);
	return changed;
}

void
tty_resize(struct tty *t)
{
	struct winsize ws;

	if (ioctl(t->out, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 &&
	    ws.ws_col > 0)
		resizeterm(ws.ws_row, ws.ws_col);
}

/* ---- saying things ---------------------------------------------------------------- */

void
tty_write(struct tty *t, const void *p, size_t len)
{
	write_all(t->out, p, len);
}

void
tty_mouse(struct tty *t, bool on)
{
	t->mouse = on;
	if (on)
		write_all(t->out, SEQ_MOUSE_ON, sizeof(SEQ_MOUSE_ON) - 1);
	else
		write_all(t->out, SEQ_MOUSE_OFF, sizeof(SEQ_MOUSE_OFF) - 1);
}

void
tty_bell(struct tty *t)
{
	if (!t->left)
		write_all(t->out, "\a", 1);
}

/* One short line; no control and no separator of ours survives. */
static void
plain(char *out, size_t cap, const char *s)
{
	size_t i, n = text_elide(out, cap, s, strlen(s), NOTIFY_CELLS, NULL);

	for (i = 0; i < n; i++) {
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f ||
		    out[i] == ';')
			out[i] = ' ';
	}
}

void
tty_notify(struct tty *t, const char *title, const char *body)
{
	char a[NOTIFY_MAX], b[NOTIFY_MAX], seq[2 * NOTIFY_MAX + 32];
	int n;

	if (t->left || !t->asks)
		return;
	plain(a, sizeof(a), title);
	plain(b, sizeof(b), body);
	if (t->old_notify)
		n = snprintf(seq, sizeof(seq), "\033]777;notify;%s;%s\a", a, b);
	else
		n = snprintf(seq, sizeof(seq), "\033]9;%s%s%s\a", a,
		    b[0] != '\0' ? ": " : "", b);
	write_all(t->out, seq, (size_t)n);
}

void
tty_title(struct tty *t, const char *title)
{
	char a[NOTIFY_MAX], seq[NOTIFY_MAX + 16];
	int n;

	if (t->left || !t->titles)
		return;
	plain(a, sizeof(a), title);
	n = snprintf(seq, sizeof(seq), "\033]2;%s\a", a);
	write_all(t->out, seq, (size_t)n);
}

void
tty_copy(struct tty *t, const char *s, size_t len)
{
	size_t cap;
	char *b64;

	if (t->left || !t->asks || len > COPY_MAX)
		return;
	cap = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	b64 = malloc(cap);
	if (b64 == NULL)
		return;
	sodium_bin2base64(b64, cap, (const unsigned char *)s, len,
	    sodium_base64_VARIANT_ORIGINAL);
	write_all(t->out, "\033]52;c;", 7);
	write_all(t->out, b64, strlen(b64));
	write_all(t->out, "\a", 1);
	sodium_memzero(b64, cap);
	free(b64);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/text.h"
#include "media/safe_name.h"

#define ENDING_MAX 12 /* bytes of an ending with its dot */
#define TRIES_MAX  1000

/* ---- endings ------------------------------------------------------------------------ */

/* What some desktop or shell would start, here or where the file is taken. */
static const char *const started[] = {"app", "apk", "appimage", "bash", "bat",
    "chm", "cmd", "com", "command", "cpl", "csh", "deb", "desktop", "dll",
    "dmg", "exe", "fish", "hta", "htm", "html", "inf", "iso", "jar", "js",
    "jse", "ksh", "lnk", "mjs", "msi", "msp", "php", "pif", "pl", "ps1", "psm1",
    "py", "pyc", "pyw", "rb", "reg", "rpm", "run", "scf", "scr", "sh", "so",
    "svg", "tcl", "url", "vb", "vbe", "vbs", "ws", "wsf", "wsh", "xhtml",
    "zsh"};

static const struct {
	const char *mime, *ending;
} usual[] = {
    {"application/ogg", ".ogg"},
    {"application/pdf", ".pdf"},
    {"application/zip", ".zip"},
    {"audio/aac", ".aac"},
    {"audio/flac", ".flac"},
    {"audio/mp4", ".m4a"},
    {"audio/mpeg", ".mp3"},
    {"audio/ogg", ".ogg"},
    {"audio/opus", ".opus"},
    {"audio/wav", ".wav"},
    {"audio/x-wav", ".wav"},
    {"image/avif", ".avif"},
    {"image/bmp", ".bmp"},
    {"image/gif", ".gif"},
    {"image/heic", ".heic"},
    {"image/jpeg", ".jpg"},
    {"image/png", ".png"},
    {"image/tiff", ".tiff"},
    {"image/webp", ".webp"},
    {"text/plain", ".txt"},
    {"video/mp4", ".mp4"},
    {"video/quicktime", ".mov"},
    {"video/webm", ".webm"},
    {"video/x-matroska", ".mkv"},
};

static const char *
ending_of_mime(const char *mime)
{
	size_t i;

	for (i = 0; mime != NULL && i < ARRAY_LEN(usual); i++)
		if (strcasecmp(usual[i].mime, mime) == 0)
			return usual[i].ending;
	return "";
}

/* The last dot and what follows it, as far as that is an ending; or the end. */
static char *
ending_in(char *name)
{
	char *dot = strrchr(name, '.');
	size_t n = dot != NULL ? strlen(dot) : 0;

	return dot == NULL || dot == name || n < 2 || n > ENDING_MAX
		   ? name + strlen(name)
		   : dot;
}

static bool
is_started(const char *ending)
{
	size_t i;

	for (i = 0; ending[0] == '.' && i < ARRAY_LEN(started); i++)
		if (strcasecmp(ending + 1, started[i]) == 0)
			return true;
	return false;
}

/* ---- one component -------------------------------------------------------------------- */

/* Signs of shells and of other systems' names; a run of blanks is one, and none
 * stands around a dot, where it would hide what follows. */
static void
plain_signs(char *s)
{
	char *o = s;

	for (; *s != '\0'; s++) {
		if (strchr("<>:\"|?*\\/`$&;!'{}", *s) != NULL)
			*s = '_';
		if (*s == ' ' &&
		    (o == NULL || o[0] == '\0' || s[1] == ' ' || s[1] == '.'))
			continue;
		*o++ = *s;
	}
	*o = '\0';
}

static void
cut_tail(char *name)
{
	size_t n = strlen(name);

	while (n > 0 && (name[n - 1] == '.' || name[n - 1] == ' '))
		name[--n] = '\0';
}

/* Reserved on Windows, with any ending. */
static bool
is_reserved(const char *name)
{
	static const char *const whole[] = {"CON", "PRN", "AUX", "NUL"};
	size_t n = strcspn(name, "."), i;

	for (i = 0; i < ARRAY_LEN(whole); i++)
		if (n == 3 && strncasecmp(name, whole[i], 3) == 0)
			return true;
	return n == 4 &&
	       (strncasecmp(name, "COM", 3) == 0 ||
		   strncasecmp(name, "LPT", 3) == 0) &&
	       name[3] >= '0' && name[3] <= '9';
}

static void
dots_away(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from == '.')
			*from = '_';
}

static size_t
add(char out[static SAFE_NAME_CAP], size_t at, const char *s)
{
	size_t n = strlen(s);

	if (n > SAFE_NAME_MAX - at)
		n = SAFE_NAME_MAX - at;
	memcpy(out + at, s, n);
	out[at + n] = '\0';
	return at + n;
}

/* Something in front or behind; the middle gives way, between clusters. */
static void
join(char out[static SAFE_NAME_CAP], const char *front, const char *name,
    const char *back)
{
	char stem[SAFE_NAME_CAP], last[ENDING_MAX + 1];
	char *dot;
	size_t room, n, next;

	snprintf(stem, sizeof(stem), "%s", name);
	dot = back[0] == '\0' ? ending_in(stem) : stem + strlen(stem);
	snprintf(last, sizeof(last), "%s", dot);
	*dot = '\0';
	room = SAFE_NAME_MAX - strlen(front) - strlen(last) - strlen(back);
	for (n = 0; n < strlen(stem); n = next) {
		next = text_next(stem, strlen(stem), n);
		if (next > room)
			break;
	}
	if (stem[n] != '\0') {
		stem[n] = '\0';
		cut_tail(stem); /* no blank at the seam */
	}
	add(out, add(out, add(out, add(out, 0, front), stem), last), back);
}

/* What is taken out can bring signs together that join: until nothing is. */
static void
clean(char s[static SAFE_NAME_CAP], const char *name, size_t len)
{
	char was[SAFE_NAME_CAP];
	int i;

	text_filename(s, SAFE_NAME_CAP, name, len);
	for (i = 0; i < 8; i++) {
		plain_signs(s);
		cut_tail(s);
		memcpy(was, s, SAFE_NAME_CAP);
		text_filename(s, SAFE_NAME_CAP, was, strlen(was));
		if (strcmp(was, s) == 0)
			return;
	}
	memcpy(s, "file", 5);
}

void
safe_name(char out[static SAFE_NAME_CAP], const char *name, size_t len,
    const char *mime)
{
	char s[SAFE_NAME_CAP], joined[SAFE_NAME_CAP];
	const char *proper = ending_of_mime(mime);
	size_t at = name != NULL ? len : 0;
	char *dot;

	while (at > 0 && name[at - 1] != '/' && name[at - 1] != '\\')
		at--; /* of a path the last part */
	clean(s, name != NULL ? name + at : "", name != NULL ? len - at : 0);
	dot = ending_in(s);
	if (is_started(dot))
		dots_away(s, proper[0] != '\0' ? s + strlen(s) : dot);
	else if (*dot != '\0')
		proper = ""; /* it has an ending of its own */
	join(joined, is_reserved(s) ? "_" : "", s, proper);
	clean(out, joined, strlen(joined));
}

/* ---- a file ------------------------------------------------------------------------------ */

/* "a.jpg" -> "a (n).jpg" */
static void
numbered(char out[static SAFE_NAME_CAP], const char *name, unsigned n)
{
	char stem[SAFE_NAME_CAP], back[ENDING_MAX + 16], ending[ENDING_MAX + 1];
	char *dot;

	snprintf(stem, sizeof(stem), "%s", name);
	dot = ending_in(stem);
	snprintf(ending, sizeof(ending), "%s", dot);
	*dot = '\0';
	snprintf(back, sizeof(back), " (%u)%s", n, ending);
	join(out, "", stem, back);
}

int
safe_name_create(int dir, char name[static SAFE_NAME_CAP], int *fd)
{
	char try[SAFE_NAME_CAP];
	unsigned n;
	int got;

	snprintf(try, sizeof(try), "%s", name);
	for (n = 1; n <= TRIES_MAX; n++) {
		got = openat(dir, try,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (got >= 0) {
			snprintf(name, SAFE_NAME_CAP, "%s", try);
			*fd = got;
			return 0;
		}
		if (errno != EEXIST && errno != EINTR)
			return ERR_SYS;
		numbered(try, name, n);
	}
	return ERR_EXISTS;
}

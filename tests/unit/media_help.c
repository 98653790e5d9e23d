/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/media_help.h"

static char program[4096];

int
media_find_child(void **state)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 64);
	char *slash;

	(void)state;
	if (n <= 0)
		return -1;
	signal(SIGPIPE, SIG_IGN); /* children die here on purpose */
	program[n] = '\0';
	slash = strrchr(program, '/');
	memcpy(slash, "/../sotto-preview", sizeof("/../sotto-preview"));
	preview_override(program, 0);
	return 0;
}

const char *
media_child(void)
{
	return program;
}

struct file
media_file(const char *path)
{
	struct file f;

	f.p = (uint8_t *)read_text_file(path, &f.len);
	return f;
}

int
media_ask(const char *path, struct preview_ask ask, struct preview_answer *out)
{
	struct file f = media_file(path);
	int r;

	ask.file = f.p;
	ask.len = f.len;
	r = preview_run(&ask, out);
	free(f.p);
	return r;
}

bool
media_holds(const void *p, size_t len, const char *text)
{
	return len > 0 && memmem(p, len, text, strlen(text)) != NULL;
}

unsigned
media_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

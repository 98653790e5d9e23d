/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ctl_client.c — the program `sotto-relay ctl`. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "relay/admin/ctl_priv.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_RELAY = 3 };

static void
print_help(FILE *out)
{
	static const struct {
		const char *word, *arg, *help;
	} options[] = {
#define X(name, word, arg, help) {word, arg, help},
		CTL_OPTIONS(X)
#undef X
	};
	const struct ctl_cmd *cmds;
	char left[32];
	size_t i, k, n;

	cmds = ctl_cmds(&n);
	(void)fprintf(out, "usage: sotto-relay ctl [--socket PATH] [OPTION...] "
			   "COMMAND [ARGUMENT]\n\ncommands:\n");
	for (i = 0; i < n; i++) {
		(void)snprintf(
		    left, sizeof(left), "%s %s", cmds[i].name, cmds[i].args);
		(void)fprintf(out, "  %-20s %s\n", left, cmds[i].help);
		for (k = 0; k < ARRAY_LEN(options); k++)
			if ((cmds[i].options & 1U << k) != 0 &&
			    k != CTL_OPT_JSON)
				(void)fprintf(out, "      %s%s%-*s %s\n",
				    options[k].word,
				    options[k].arg[0] != '\0' ? " " : "",
				    (int)(15 - strlen(options[k].word)) +
					(options[k].arg[0] == '\0'),
				    options[k].arg, options[k].help);
	}
	(void)fprintf(out, "\n--json: answers as one JSON object a line.\n"
			   "Exit status: 0, 1 the relay said no, 2 usage, 3 no "
			   "relay there.\n");
}

static int
usage(FILE *err, const char *text)
{
	(void)fprintf(
	    err, "sotto-relay ctl: %s\nTry `sotto-relay ctl --help`.\n", text);
	return EXIT_USAGE;
}

/* A relative PATH is meant from here, not from where the relay runs. */
static int
absolute(const char *path, char out[static PATH_MAX])
{
	char cwd[PATH_MAX];
	int n;

	if (path[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(cwd, sizeof(cwd)) == NULL)
		return ERR_SYS;
	else
		n = snprintf(out, PATH_MAX, "%s/%s", cwd, path);
	return n < 0 || n >= PATH_MAX ? ERR_RANGE : 0;
}

/* The request as one line. */
static int
compose(struct buf *line, int argc, char *const *argv,
    const struct ctl_cmd *cmd, const struct ctl_opts *o)
{
	char path[PATH_MAX];
	const char *word;
	int i, r = 0;

	for (i = 0; r == 0 && i < argc; i++) {
		word = argv[i];
		if (cmd->is_path && o->nargs > 0 && word == o->args[0]) {
			r = absolute(word, path);
			word = path;
		}
		if (r == 0 && strchr(word, '\n') != NULL)
			r = ERR_FORMAT;
		if (r == 0)
			r = words_quote(line, word);
	}
	return r == 0 ? buf_put_u8(line, '\n') : r;
}

static int
dial(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int s;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path));
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s >= 0 && connect(s, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		close(s);
		return -1;
	}
	return s;
}

static int
send_all(int s, const struct buf *line)
{
	size_t at = 0;
	ssize_t n;

	while (at < line->len) {
		n = send(s, line->p + at, line->len - at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		at += (size_t)n;
	}
	return 0;
}

/* "error NOTFOUND no account has that number" */
static int
verdict(const char *line, FILE *err)
{
	const char *p;

	if (strcmp(line, "ok") == 0)
		return 0;
	p = strchr(line, ' ');
	p = p != NULL ? strchr(p + 1, ' ') : NULL;
	(void)fprintf(err, "sotto-relay ctl: %s\n", p != NULL ? p + 1 : line);
	return EXIT_REFUSED;
}

/* Lines with a blank in front are the answer, the first other is the end. */
static int
show_answer(int s, FILE *out, FILE *err)
{
	FILE *f = fdopen(s, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int status = -1;

	if (f == NULL) {
		close(s);
		return EXIT_NO_RELAY;
	}
	while (status < 0 && (n = getline(&line, &cap, f)) > 0) {
		if (line[0] == ' ') {
			(void)fputs(line + 1, out);
			continue;
		}
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		status = verdict(line, err);
	}
	free(line);
	(void)fclose(f);
	if (status >= 0)
		return status;
	(void)fprintf(err, "sotto-relay ctl: the relay gave no answer\n");
	return EXIT_REFUSED;
}

/* Ask on the terminal; without one only --yes will do. */
static bool
is_sure(const char *question, FILE *out)
{
	char answer[16];

	if (!isatty(STDIN_FILENO))
		return false;
	(void)fprintf(out, "%s [y/N] ", question);
	(void)fflush(out);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int
transact(const struct buf *line, const char *path, FILE *out, FILE *err)
{
	int s = dial(path);

	if (s < 0) {
		(void)fprintf(err, "sotto-relay ctl: no relay at %s: %s\n",
		    path, strerror(errno));
		return EXIT_NO_RELAY;
	}
	if (send_all(s, line) != 0) {
		close(s);
		(void)fprintf(err, "sotto-relay ctl: %s\n", strerror(errno));
		return EXIT_NO_RELAY;
	}
	return show_answer(s, out, err);
}

/* Take "--name VALUE" or "--name=VALUE" off the front; *v stays if it is not
 * there. False: the value is missing. */
static bool
take_front(int *argc, char *const **argv, const char *name, const char **v)
{
	size_t len = strlen(name);

	if (*argc == 0 || strncmp(**argv, name, len) != 0)
		return true;
	if ((**argv)[len] == '=') {
		*v = **argv + len + 1;
	} else if ((**argv)[len] != '\0') {
		return true;
	} else if (*argc < 2) {
		return false;
	} else {
		++*argv;
		--*argc;
		*v = **argv;
	}
	++*argv;
	--*argc;
	return true;
}

int
ctl_client(int argc, char *const *argv, const char *path, FILE *out, FILE *err)
{
	const struct ctl_cmd *cmd;
	char why[CTL_WHY_MAX];
	struct words w = {.n = 0};
	struct ctl_opts o;
	struct buf line;
	int i, status;

	if (!take_front(&argc, &argv, "--socket", &path))
		return usage(err, "--socket needs a path");
	if (argc == 0 || strcmp(argv[0], "help") == 0 ||
	    strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		print_help(argc == 0 ? err : out);
		return argc == 0 ? EXIT_USAGE : 0;
	}
	if (argc > WORDS_MAX)
		return usage(err, "too many words");
	for (i = 0; i < argc; i++)
		w.v[w.n++] = argv[i];
	if (ctl_parse(&w, &cmd, &o, why) != 0)
		return usage(err, why);
	if (cmd->confirm != NULL && !CTL_HAS(&o, YES) &&
	    !is_sure(cmd->confirm, out))
		return usage(err, "not done; --yes does it without asking");
	buf_init(&line, CTL_LINE_MAX);
	if (compose(&line, argc, argv, cmd, &o) != 0)
		status = usage(err, "the request is too long, or not one line");
	else
		status = transact(&line, path, out, err);
	buf_clear(&line);
	return status;
}

/* The socket that the configuration names. */
static int
configured_path(const char *config, char *const *env, char *out, size_t cap)
{
	char prog[] = "sotto-relay", flag[PATH_MAX + 16];
	char *argv[] = {prog, flag, NULL};
	struct relay_conf *conf = NULL;
	enum relay_conf_todo todo;
	struct conf_err why = {.text = ""};
	struct buf text;
	int r;

	buf_init(&text, 1);
	(void)snprintf(
	    flag, sizeof(flag), "--config=%s", config != NULL ? config : "");
	r = relay_conf_load(
	    config != NULL ? 2 : 1, argv, env, &conf, &todo, &text, &why);
	if (r != 0) {
		(void)fprintf(stderr, "sotto-relay ctl: %s\n",
		    why.text[0] != '\0' ? why.text : err_str(r));
		return r;
	}
	r = relay_conf_ctl_path(conf, out, cap);
	relay_conf_unref(conf);
	return r;
}

int
ctl_main(int argc, char *const *argv, char *const *env)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)] = "";
	const char *config = NULL;

	argc--;
	argv++;
	if (!take_front(&argc, &argv, "--config", &config))
		return usage(stderr, "--config needs a path");
	/* Help and --socket need no configuration. */
	if (argc > 0 && strncmp(argv[0], "--socket", 8) != 0 &&
	    strcmp(argv[0], "--help") != 0 && strcmp(argv[0], "-h") != 0 &&
	    strcmp(argv[0], "help") != 0 &&
	    configured_path(config, env, path, sizeof(path)) != 0)
		return EXIT_USAGE;
	return ctl_client(argc, argv, path, stdout, stderr);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/text_fuzzy.h"
#include "tui/cli/args.h"

/* ---- exit codes ---------------------------------------------------------- */

static const struct {
	int err;
	enum cli_exit code;
} exits[] = {
    {ERR_NONE, CLI_EXIT_OK},
    {ERR_CONFIG, CLI_EXIT_CONFIG},
    {ERR_STATE, CLI_EXIT_UNREGISTERED},
    {ERR_AUTH, CLI_EXIT_LOCKED},
    {ERR_BUSY, CLI_EXIT_BUSY},
    {ERR_NOTFOUND, CLI_EXIT_NOT_FOUND},
    {ERR_CLOSED, CLI_EXIT_OFFLINE},
    {ERR_IO, CLI_EXIT_OFFLINE},
    {ERR_DENIED, CLI_EXIT_REFUSED},
    {ERR_RATE, CLI_EXIT_REFUSED},
    {ERR_FULL, CLI_EXIT_REFUSED},
    {ERR_EXPIRED, CLI_EXIT_REFUSED},
    {ERR_UNTRUSTED, CLI_EXIT_UNTRUSTED},
    {ERR_TIMEOUT, CLI_EXIT_TIMEOUT},
};

enum cli_exit
cli_exit_of(int err)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(exits); i++)
		if (exits[i].err == err)
			return exits[i].code;
	return CLI_EXIT_FAILURE;
}

/* ---- commands ------------------------------------------------------------ */

const struct cli_cmd *
cli_find(const struct cli_spec *spec, const char *name)
{
	size_t i;

	for (i = 0; i < spec->ncmds; i++)
		if (strcmp(spec->cmds[i].name, name) == 0)
			return &spec->cmds[i];
	return NULL;
}

static int
refuse(struct cli_run *run, const char *where, const char *what)
{
	char text[2 * CONF_ERR_MAX];
	int n;

	n = snprintf(text, sizeof(text), "%.*s: %s", CONF_ERR_MAX, where, what);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	text_sanitize(
	    run->why.text, sizeof(run->why.text), text, (size_t)n, TEXT_LINE);
	return ERR_CONFIG;
}

static int
refuse_command(struct cli_run *run, const char *name)
{
	const struct cli_cmd *cmd = run->spec->cmds;
	char text[128];
	size_t i;

	for (i = 0; i < run->spec->ncmds; i++, cmd++) {
		if (cmd->name[0] == '\0' || !fuzzy_near(name, strlen(name),
						cmd->name, strlen(cmd->name)))
			continue;
		snprintf(text, sizeof(text),
		    "no such command; did you mean %s?", cmd->name);
		return refuse(run, name, text);
	}
	return refuse(run, name, "no such command; try --help");
}

/* ---- sorting arguments --------------------------------------------------- */

/* Arguments by whom they concern. Each array has room for all and a NULL. */
struct sorter {
	const struct cli_spec *spec;
	const struct cli_cmd *cmd;
	char *const *in; /* argv behind its first */
	int n, at;
	char **prog, **own, **words;
	int nprog, nown, nwords;
};

static const struct conf_row *
row_named(
    const struct conf_row *rows, size_t nrows, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < nrows; i++)
		if (strlen(rows[i].name) == len &&
		    memcmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

/* The row an option means, --no-NAME included; NULL when none does. */
static const struct conf_row *
row_of(const struct conf_row *rows, size_t nrows, const char *arg)
{
	const struct conf_row *row;
	size_t i, len;

	if (arg[1] != '-') {
		for (i = 0; i < nrows; i++)
			if (rows[i].letter == arg[1])
				return &rows[i];
		return NULL;
	}
	len = strcspn(arg + 2, "=");
	row = row_named(rows, nrows, arg + 2, len);
	if (row == NULL && len > 3 && memcmp(arg + 2, "no-", 3) == 0)
		row = row_named(rows, nrows, arg + 5, len - 3);
	return row;
}

/* Does the option take the argument behind it? */
static bool
takes_next(const struct conf_row *row, const char *arg)
{
	if (row == NULL || row->type == CONF_BOOL)
		return false;
	return arg[1] == '-' ? strchr(arg, '=') == NULL : arg[2] == '\0';
}

static void
put_option(struct sorter *s, bool own, char *arg)
{
	if (own)
		s->own[s->nown++] = arg;
	else
		s->prog[s->nprog++] = arg;
}

/* Is there a row that a misspelt long option may have meant? */
static bool
is_near(const struct conf_row *rows, size_t nrows, const char *arg)
{
	size_t i;

	for (i = 0; i < nrows; i++)
		if (arg[1] == '-' && fuzzy_near(arg + 2, strcspn(arg + 2, "="),
					 rows[i].name, strlen(rows[i].name)))
			return true;
	return false;
}

/*
 * An option of the command, else of the program; an unknown one goes where it
 * will be explained. Letters in a bunch (-jv) go by the first.
 */
static void
sort_option(struct sorter *s, const char *arg)
{
	const struct conf_spec *prog = s->spec->prog;
	const struct conf_row *row = NULL;
	bool own = false;

	if (s->cmd != NULL) {
		row = row_of(s->cmd->rows, s->cmd->nrows, arg);
		own = row != NULL;
	}
	if (row == NULL)
		row = row_of(prog->rows, prog->nrows, arg);
	if (row == NULL && s->cmd != NULL)
		own = is_near(s->cmd->rows, s->cmd->nrows, arg);
	put_option(s, own, s->in[s->at]);
	if (takes_next(row, arg) && s->at + 1 < s->n)
		put_option(s, own, s->in[++s->at]);
}

static int
sort_args(struct sorter *s, struct cli_run *run)
{
	const char *arg;
	bool options = true;

	for (s->at = 0; s->at < s->n; s->at++) {
		arg = s->in[s->at];
		if (options && strcmp(arg, "--") == 0) {
			options = false;
		} else if (options && arg[0] == '-' && arg[1] != '\0') {
			sort_option(s, arg);
		} else if (s->cmd == NULL && options) {
			s->cmd = cli_find(s->spec, arg);
			if (s->cmd == NULL || arg[0] == '\0')
				return refuse_command(run, arg);
		} else {
			s->words[s->nwords++] = s->in[s->at];
		}
	}
	if (s->cmd == NULL)
		s->cmd = &s->spec->cmds[0];
	return 0;
}

/* ---- parsing ------------------------------------------------------------- */

static struct conf_spec
own_spec(const struct cli_spec *spec, const struct cli_cmd *cmd)
{
	return (struct conf_spec){.prog = spec->prog->prog,
	    .rows = cmd->rows,
	    .nrows = cmd->nrows,
	    .size = cmd->size};
}

static bool
asks_for(const struct cli_run *run, const char *name)
{
	const struct conf_spec *prog = run->spec->prog;
	const struct conf_row *row =
	    row_named(prog->rows, prog->nrows, name, strlen(name));
	bool b;

	if (row == NULL || row->type != CONF_BOOL)
		return false;
	memcpy(&b, (const char *)run->args.opts + row->off, sizeof(b));
	return b;
}

static int
check_count(struct cli_run *run)
{
	const struct cli_cmd *cmd = run->cmd;
	char text[128];

	if (asks_for(run, "help") || asks_for(run, "version"))
		return 0;
	if (run->args.argc >= cmd->min_args &&
	    (cmd->max_args < 0 || run->args.argc <= cmd->max_args))
		return 0;
	snprintf(text, sizeof(text), "%s; usage: %s%s%s %s",
	    run->args.argc < cmd->min_args ? "an argument is missing"
					   : "too many arguments",
	    run->spec->prog->prog, cmd->name[0] == '\0' ? "" : " ", cmd->name,
	    cmd->args);
	return refuse(run,
	    cmd->name[0] == '\0' ? run->spec->prog->prog : cmd->name, text);
}

/* Load both sets of options into fresh structs. */
static int
load_options(
    struct cli_run *run, const struct conf_src *src, const struct sorter *s)
{
	const struct conf_spec own = own_spec(run->spec, run->cmd);
	struct conf_src prog_src = *src, own_src = {0};
	void *opts = NULL, *mine = NULL;
	int r = ERR_NOMEM;

	prog_src.argv = s->prog;
	prog_src.argc = s->nprog;
	own_src.argv = s->own;
	own_src.argc = s->nown;
	opts = calloc(1, run->spec->prog->size);
	if (opts == NULL)
		return ERR_NOMEM;
	r = conf_load(run->spec->prog, &prog_src, opts, NULL, &run->why);
	if (r != 0)
		goto fail;
	run->args.opts = opts;
	if (own.nrows == 0)
		return 0;
	mine = calloc(1, own.size);
	if (mine == NULL)
		return ERR_NOMEM;
	r = conf_load(&own, &own_src, mine, NULL, &run->why);
	if (r == 0)
		run->args.own = mine;
	else
		free(mine);
	return r;
fail:
	free(opts);
	return r;
}

/* argv[0] stands in front of each set, as conf_load() expects. */
static int
parse(const struct conf_src *src, struct cli_run *run, char **space)
{
	const size_t room = (size_t)src->argc + 2;
	struct sorter s = {.spec = run->spec,
	    .in = src->argv + 1,
	    .n = src->argc - 1,
	    .prog = space,
	    .own = space + room,
	    .words = run->words,
	    .nprog = 1,
	    .nown = 1};
	int r;

	r = sort_args(&s, run);
	if (r != 0)
		return r;
	run->cmd = s.cmd;
	r = load_options(run, src, &s);
	if (r != 0)
		return r;
	run->args.argc = s.nwords;
	run->args.argv = run->words;
	return check_count(run);
}

int
cli_parse(const struct cli_spec *spec, const struct conf_src *src,
    struct cli_run *run)
{
	const size_t room = (size_t)src->argc + 2;
	const char *slash;
	char **space;
	int r;

	*run = (struct cli_run){.spec = spec};
	if (src->argc < 1)
		return refuse(run, spec->prog->prog, "no arguments at all");
	slash = strrchr(src->argv[0], '/');
	run->args.prog = slash == NULL ? src->argv[0] : slash + 1;
	run->words = calloc(room, sizeof(*run->words));
	space = calloc(2 * room, sizeof(*space));
	r = run->words == NULL || space == NULL ? ERR_NOMEM
						: parse(src, run, space);
	free(space);
	return r;
}

void
cli_clear(struct cli_run *run)
{
	struct conf_spec own;

	if (run->args.opts != NULL)
		conf_clear(run->spec->prog, run->args.opts);
	if (run->args.own != NULL) {
		own = own_spec(run->spec, run->cmd);
		conf_clear(&own, run->args.own);
	}
	free(run->args.opts);
	free(run->args.own);
	free(run->words);
	*run = (struct cli_run){.spec = run->spec};
}

/* ---- help ---------------------------------------------------------------- */

static int
print_commands(const struct cli_spec *spec, struct buf *b)
{
	const struct cli_cmd *cmd = spec->cmds;
	size_t i;
	int r;

	r = buf_printf(b, "\nCommands:\n");
	for (i = 0; r == 0 && i < spec->ncmds; i++, cmd++) {
		r = buf_printf(b, "  %s%s%s%s%s\n", spec->prog->prog,
		    cmd->name[0] == '\0' ? "" : " ", cmd->name,
		    cmd->args[0] == '\0' ? "" : " ", cmd->args);
		if (r == 0)
			r = conf_print_wrapped(b, "          ", cmd->help);
	}
	return r;
}

static int
print_command(
    const struct cli_spec *spec, const struct cli_cmd *cmd, struct buf *b)
{
	const struct conf_spec own = own_spec(spec, cmd);
	int r;

	r = buf_printf(b, "Usage: %s %s [OPTION...] %s\n", spec->prog->prog,
	    cmd->name, cmd->args);
	if (r == 0)
		r = conf_print_wrapped(b, "", cmd->help);
	if (r == 0 && cmd->more != NULL)
		r = buf_printf(b, "\n");
	if (r == 0 && cmd->more != NULL)
		r = conf_print_wrapped(b, "", cmd->more);
	if (r == 0 && cmd->nrows > 0)
		r = conf_print_flags(&own, b);
	return r != 0 ? r
		      : buf_printf(b,
			    "\nOptions for every command: %s "
			    "--help\n",
			    spec->prog->prog);
}

int
cli_print_help(
    const struct cli_spec *spec, const struct cli_cmd *cmd, struct buf *b)
{
	int r;

	if (cmd != NULL && cmd->name[0] != '\0')
		return print_command(spec, cmd, b);
	r = buf_printf(b, "Usage: %s %s\n", spec->prog->prog,
	    spec->prog->usage == NULL ? "[OPTION...] [COMMAND]"
				      : spec->prog->usage);
	if (r == 0)
		r = conf_print_wrapped(b, "", spec->prog->about);
	if (r == 0)
		r = print_commands(spec, b);
	return r != 0 ? r : conf_print_flags(spec->prog, b);
}

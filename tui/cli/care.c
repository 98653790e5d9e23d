/* SPDX-License-Identifier: GPL-3.0-or-later */
/* care.c — `sotto passphrase`, `check`, `export`: looking after the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/base/paths.h"
#include "tui/cli/commands.h"
#include "tui/store/store.h"

#define SECRET_MAX 1024

static const char *const format_words[] = {"json", "sql", NULL};

const struct conf_row export_rows[EXPORT_ROWS] = {
    {.name = "format",
	.type = CONF_ENUM,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct export_opts, format),
	.choices = format_words,
	.def = "json",
	.doc = "json: every message, one object a line. sql: the whole "
	       "database for sqlite3, private keys included."},
};

static int
failed(const struct store *s, int r)
{
	fprintf(stderr, "sotto: %s\n", store_error(s));
	return cli_exit_of(r);
}

int
cli_open_store(const struct cli_opts *o, struct store **s)
{
	struct store_key key = {
	    .command = o->passphrase_command, .key_file = o->key_file};
	struct store_opts so = {.no_create = true};
	char secret[SECRET_MAX] = "";
	struct paths_err why = {""};
	struct paths p;
	int r;

	if (sodium_init() < 0)
		return CLI_EXIT_FAILURE;
	store_no_dumps();
	if (paths_init(&p, o->profile, environ, &why) != 0) {
		fprintf(stderr, "sotto: %s\n", why.text);
		return CLI_EXIT_CONFIG;
	}
	if (key.command == NULL && key.key_file == NULL) {
		key.passphrase = getenv("SOTTO_PASSPHRASE");
		if (key.passphrase == NULL) {
			if (front_ask_secret(
				"Passphrase: ", secret, sizeof(secret)) != 0)
				return CLI_EXIT_LOCKED;
			key.passphrase = secret;
		}
	}
	r = store_open(p.dir[PATHS_DATA], &key, &so, s);
	sodium_memzero(secret, sizeof(secret));
	return r == 0 ? 0 : failed(NULL, r);
}

int
cli_check(void *ctx, const struct cli_args *args)
{
	struct store *s = NULL;
	int r, status = cli_open_store(args->opts, &s);

	(void)ctx;
	if (status != 0)
		return status;
	r = store_check(s);
	if (r == 0)
		printf("The store is whole.\n");
	else
		status = failed(s, r);
	store_close(s);
	return status;
}

static int
to_stdout(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	return fwrite(p, 1, len, stdout) == len ? 0 : ERR_IO;
}

int
cli_export(void *ctx, const struct cli_args *args)
{
	const struct export_opts *own = args->own;
	struct store *s = NULL;
	int r, status = cli_open_store(args->opts, &s);

	(void)ctx;
	if (status != 0)
		return status;
	r = own->format == 0 ? store_export_json(s, to_stdout, NULL)
			     : store_export_sql(s, to_stdout, NULL);
	if (r != 0)
		status = failed(s, r);
	store_close(s);
	return status;
}

/* Both passphrases are typed: the environment could hold only one. */
static int
ask_both(char *old, char *new, size_t cap)
{
	char again[SECRET_MAX];
	int r = front_ask_secret("Passphrase now: ", old, cap);

	if (r == 0)
		r = front_ask_secret("New passphrase: ", new, cap);
	if (r == 0)
		r = front_ask_secret("Once more: ", again, sizeof(again));
	if (r == 0 && strcmp(new, again) != 0) {
		fprintf(stderr, "sotto: the two passphrases differ\n");
		r = ERR_FORMAT;
	} else if (r == 0 && new[0] == '\0') {
		fprintf(
		    stderr, "sotto: an empty passphrase protects nothing\n");
		r = ERR_RANGE;
	} else if (r != 0) {
		fprintf(stderr, "sotto: this asks for two passphrases and "
				"needs a terminal\n");
	}
	sodium_memzero(again, sizeof(again));
	return r;
}

static int
change(const struct cli_opts *o, const char *old, const char *new)
{
	struct store_key before = {.passphrase = old};
	struct store_key after = {.passphrase = new};
	struct store_opts so = {.no_create = true};
	struct paths_err why = {""};
	struct store *s = NULL;
	struct paths p;
	int r;

	if (paths_init(&p, o->profile, environ, &why) != 0) {
		fprintf(stderr, "sotto: %s\n", why.text);
		return CLI_EXIT_CONFIG;
	}
	r = store_open(p.dir[PATHS_DATA], &before, &so, &s);
	if (r != 0)
		return failed(NULL, r);
	r = store_change_key(s, &before, &after);
	if (r != 0)
		r = failed(s, r);
	else
		printf("The passphrase is changed.\n");
	store_close(s);
	return r;
}

int
cli_passphrase(void *ctx, const struct cli_args *args)
{
	char old[SECRET_MAX] = "", new[SECRET_MAX] = "";
	int status = CLI_EXIT_USAGE;

	(void)ctx;
	if (sodium_init() < 0)
		return CLI_EXIT_FAILURE;
	store_no_dumps();
	if (ask_both(old, new, sizeof(old)) == 0)
		status = change(args->opts, old, new);
	sodium_memzero(old, sizeof(old));
	sodium_memzero(new, sizeof(new));
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account.c — `sotto account`: its registration lock, its number, its end; and
 * `sotto profile wipe`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/base/paths.h"
#include "tui/cli/commands.h"
#include "tui/store/store.h"

#define PIN_CAP (ENGINE_PIN_MAX + 2)

const struct conf_row account_rows[ACCOUNT_ROWS] = {
    {.name = "remove",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct account_opts, remove),
	.doc = "pin: lift the registration lock."},
};

/* ---- secrets and answers ----------------------------------------------------------------- */

/* A line of standard input, without its end. */
static int
read_line(const char *prompt, char *out, size_t cap)
{
	printf("%s", prompt);
	fflush(stdout);
	if (fgets(out, (int)cap, stdin) == NULL) {
		fprintf(stderr, "sotto: nothing was given\n");
		return CLI_EXIT_FAILURE;
	}
	out[strcspn(out, "\r\n")] = '\0';
	return 0;
}

int
cli_ask_pin(const char *prompt, char *out, size_t cap)
{
	const char *env = getenv("SOTTO_PIN");

	if (env == NULL)
		return front_ask_secret(prompt, out, cap);
	if (strlen(env) >= cap)
		return ERR_RANGE;
	memcpy(out, env, strlen(env) + 1);
	return 0;
}

static int
new_pin(char pin[static PIN_CAP])
{
	char again[PIN_CAP] = "";
	int r = cli_ask_pin("New PIN: ", pin, PIN_CAP);

	if (r == 0)
		r = cli_ask_pin("Once more: ", again, sizeof(again));
	if (r == 0 && strcmp(pin, again) != 0) {
		fprintf(stderr, "sotto: the two PINs differ\n");
		r = ERR_FORMAT;
	} else if (r != 0) {
		fprintf(stderr, "sotto: this asks for a PIN and needs a "
				"terminal, or SOTTO_PIN\n");
	}
	sodium_memzero(again, sizeof(again));
	return r;
}

/* ---- verbs --------------------------------------------------------------------------------- */

/* Wait for an answer of that kind; *ev is the caller's then. */
static int
expect(struct front *f, const struct cli_opts *o, int queued, uint64_t tag,
    enum engine_event_kind kind)
{
	struct engine_event *ev = front_wait(f, queued, tag, timeout_of(o));
	int status;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status = ev->kind == kind ? 0 : front_refused(ev);
	engine_event_free(ev);
	return status;
}

static int
show(struct front *f, const struct cli_opts *o)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev =
	    front_wait(f, engine_self(f->e, tag), tag, timeout_of(o));
	struct json j;
	struct buf b;
	int status = 0;

	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_SELF) {
		status = front_refused(ev);
	} else if (o->json) {
		line_begin(&j, &b);
		json_kv_str(&j, "phone", ev->self.phone);
		json_kv_u64(&j, "device", ev->self.device);
		json_kv_bool(&j, "pin", ev->self.pin_set);
		json_close(&j);
		status = line_print(&j, &b);
	} else {
		printf("%s, device %u\n", ev->self.phone, ev->self.device);
		if (ev->self.device == 1)
			printf("registration lock: %s\n",
			    ev->self.pin_set ? "on" : "off");
	}
	engine_event_free(ev);
	return status;
}

static int
set_pin(struct front *f, const struct cli_opts *o, bool lift)
{
	char pin[PIN_CAP] = "";
	uint64_t tag = front_tag(f);
	int status;

	if (!lift && new_pin(pin) != 0)
		return CLI_EXIT_USAGE;
	status = expect(
	    f, o, engine_set_pin(f->e, tag, lift ? NULL : pin), tag, EV_SELF);
	sodium_memzero(pin, sizeof(pin));
	if (status == 0)
		printf("%s\n",
		    lift ? "The registration lock is off."
			 : "The registration lock is on. Whoever registers "
			   "this number elsewhere needs the PIN; who has lost "
			   "it waits until the account was unused for a week.");
	return status;
}

static int
change_number(struct front *f, const struct cli_opts *o, const char *number)
{
	char code[64];
	uint64_t tag = front_tag(f);
	int status = expect(
	    f, o, engine_change_number(f->e, tag, number), tag, EV_CODE_SENT);

	while (status == 0) {
		status = read_line("Code: ", code, sizeof(code));
		if (status != 0)
			break;
		tag = front_tag(f);
		status = expect(f, o,
		    engine_change_number_code(f->e, tag, code), tag, EV_SELF);
		if (status == 0) {
			flush_out(f, o); /* contacts hear of it */
			printf("The number is changed. Your contacts are "
			       "told.\n");
			break;
		}
		if (status == CLI_EXIT_LOCKED) /* a wrong code: once more */
			status = 0;
	}
	return status;
}

static int
delete_account(struct front *f, const struct cli_opts *o)
{
	char number[64];
	uint64_t tag;
	int status;

	printf("This ends the account for good: the relay erases all it has of "
	       "it, every device of it stops, and your contacts cannot write "
	       "to you any more. Nothing brings it back.\n");
	status = read_line(
	    "Type the account's number to do it: ", number, sizeof(number));
	if (status != 0)
		return status;
	tag = front_tag(f);
	status = expect(
	    f, o, engine_delete_account(f->e, tag, number), tag, EV_DONE);
	if (status == 0)
		printf("The account is deleted. `sotto profile wipe` erases "
		       "what this device holds.\n");
	return status;
}

static int
run(struct front *f, const struct cli_args *args)
{
	const struct account_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	const char *verb = args->argc > 0 ? args->argv[0] : "";
	int status;

	if (args->argc == 0)
		return show(f, o);
	status = need_relay(f, o);
	if (status != 0)
		return status;
	if (strcmp(verb, "pin") == 0)
		return set_pin(f, o, own->remove);
	if (strcmp(verb, "number") == 0)
		return change_number(f, o, args->argv[1]);
	return delete_account(f, o);
}

int
cli_account(void *ctx, const struct cli_args *args)
{
	const char *verb = args->argc > 0 ? args->argv[0] : "";
	struct front f = {0};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	if (args->argc > 0 &&
	    (strcmp(verb, "number") == 0
		    ? args->argc != 2
		    : args->argc != 1 || (strcmp(verb, "pin") != 0 &&
					     strcmp(verb, "delete") != 0))) {
		fprintf(stderr, "sotto: account, account pin, account number "
				"NUMBER, or account delete\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(args->opts, country);
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = run(&f, args);
	front_close(&f);
	return status;
}

/* ---- wiping --------------------------------------------------------------------------------- */

int
cli_wipe(const struct cli_opts *o, bool yes)
{
	struct paths_err why = {""};
	struct paths p;
	char line[16];

	if (paths_init(&p, o->profile, environ, &why) != 0) {
		fprintf(stderr, "sotto: %s\n", why.text);
		return CLI_EXIT_CONFIG;
	}
	if (!store_exists(p.dir[PATHS_DATA])) {
		fprintf(stderr, "sotto: this profile holds nothing\n");
		return CLI_EXIT_NOT_FOUND;
	}
	if (!yes) {
		printf("This erases the keys and messages of this profile on "
		       "this device. Without a backup the history is lost. "
		       "Erase them? [y/N] ");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL ||
		    (line[0] != 'y' && line[0] != 'Y'))
			return CLI_EXIT_REFUSED;
	}
	if (store_wipe(p.dir[PATHS_DATA], NULL) != 0) {
		fprintf(stderr, "sotto: %s\n", store_error(NULL));
		return CLI_EXIT_FAILURE;
	}
	printf(
	    "Erased: the key was written over, so that what a disk may still "
	    "have of the rest cannot be read.\n");
	return 0;
}

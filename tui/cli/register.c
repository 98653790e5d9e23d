/* SPDX-License-Identifier: GPL-3.0-or-later */
/* register.c — `sotto register`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/cli/commands.h"

const struct conf_row register_rows[REGISTER_ROWS] = {
    {.name = "relay",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, relay),
	.letter = 'r',
	.doc = "The relay's address or an invite link: sotto://..."},
    {.name = "phone",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, phone),
	.letter = 'n',
	.doc = "Your phone number."},
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, name),
	.doc = "What your contacts see beside the number."},
    {.name = "accept-relay-key",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct register_opts, accept_key),
	.doc = "Trust the key that the relay shows at first contact. Not "
	       "needed when its address names the key behind a #."},
};

struct progress {
	struct front *f;
	bool accept;
	bool refused;
	bool pin; /* one was asked for */
	bool locked; /* it holds again */
};

/* A relay without a pinned key shows the one it has. */
static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct progress *p = ctx;

	p->locked |= ev->kind == EV_SELF && ev->self.pin_set;
	if (ev->kind != EV_RELAY_KEY)
		return;
	fprintf(stderr, "The relay's key is %s\n", ev->text ? ev->text : "?");
	p->refused = !p->accept;
	if (engine_relay_key(p->f->e, 0, p->accept) != 0)
		p->refused = true;
}

static int
ask_for_code(struct front *f, const struct cli_opts *o,
    const struct register_opts *r, const struct progress *p)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int status = 0;

	ev = front_wait(f,
	    engine_register(f->e, tag, r->relay, r->phone, r->name), tag,
	    timeout_of(o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind != EV_CODE_SENT)
		status = front_refused(ev);
	else if (ev->text != NULL)
		fprintf(stderr, "%s\n", ev->text);
	engine_event_free(ev);
	if (p->refused)
		fprintf(stderr, "sotto: compare that key with the operator's "
				"and add --accept-relay-key, or use an address "
				"with the key in it\n");
	return status;
}

/* What a refusal asks for. */
enum next { NEXT_NOTHING, NEXT_CODE, NEXT_PIN };

static int
tell(const struct cli_opts *o, const struct engine_self *self)
{
	struct json j;
	struct buf b;

	if (!o->json) {
		printf("Registered as %s.\n", self->phone);
		return 0;
	}
	line_begin(&j, &b);
	json_kv_str(&j, "registered", self->phone);
	json_kv_u64(&j, "device", self->device);
	json_close(&j);
	return line_print(&j, &b);
}

static int
give_code(struct front *f, const struct cli_opts *o, const char *code,
    const char *pin, enum next *next)
{
	uint64_t tag = front_tag(f);
	struct engine_event *ev;
	int status = 0, queued;

	queued = pin != NULL ? engine_verify_pin(f->e, tag, code, pin)
			     : engine_verify(f->e, tag, code);
	ev = front_wait(f, queued, tag, timeout_of(o));
	*next = NEXT_NOTHING;
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	if (ev->kind == EV_ERROR && ev->locked)
		*next = ev->tries_left > 0 ? NEXT_PIN : NEXT_NOTHING;
	else if (ev->kind == EV_ERROR && ev->code == ERR_AUTH)
		*next = NEXT_CODE;
	if (ev->kind == EV_REGISTERED)
		status = tell(o, &ev->self);
	else
		status = front_refused(ev);
	engine_event_free(ev);
	return status;
}

/* The code stays good while PINs are tried. */
static int
enter_pin(struct front *f, const struct cli_opts *o, const char *code,
    enum next *next)
{
	bool given = getenv("SOTTO_PIN") != NULL;
	char pin[ENGINE_PIN_MAX + 2];
	int status = CLI_EXIT_LOCKED;

	while (*next == NEXT_PIN) {
		if (cli_ask_pin("PIN: ", pin, sizeof(pin)) != 0) {
			fprintf(stderr, "sotto: no PIN was given\n");
			return CLI_EXIT_LOCKED;
		}
		status = give_code(f, o, code, pin, next);
		sodium_memzero(pin, sizeof(pin));
		if (given) /* it would be the same once more */
			break;
	}
	*next = NEXT_NOTHING;
	return status;
}

static int
enter_code(struct front *f, const struct cli_opts *o, bool *pin)
{
	char line[64], code[32];
	enum next next = NEXT_CODE;
	int status = CLI_EXIT_FAILURE;

	while (next != NEXT_NOTHING) {
		/* Programs read the one, people the other. */
		fprintf(o->json ? stderr : stdout, "Code: ");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL) {
			fprintf(stderr, "sotto: no code was given\n");
			return CLI_EXIT_FAILURE;
		}
		if (text_digits(code, sizeof(code), line, strlen(line)) != 0 ||
		    code[0] == '\0') {
			fprintf(stderr, "sotto: a code has digits only\n");
			continue;
		}
		status = give_code(f, o, code, NULL, &next);
		*pin = next == NEXT_PIN;
		if (*pin)
			status = enter_pin(f, o, code, &next);
	}
	return status;
}

int
cli_register(void *ctx, const struct cli_args *args)
{
	const struct register_opts *own = args->own;
	const struct cli_opts *o = args->opts;
	struct front f = {0};
	struct progress p = {.f = &f, .accept = own->accept_key};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	if (own->relay == NULL || own->phone == NULL) {
		fprintf(stderr, "sotto: register needs --relay and --phone\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(o, country);
	fo.create = true;
	f.on_event = on_event;
	f.ctx = &p;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = ask_for_code(&f, o, own, &p);
	if (status == 0)
		status = enter_code(&f, o, &p.pin);
	/* The first connection as a device publishes its list of devices. */
	if (status == 0 && front_online(&f, timeout_of(o)) == ERR_IO)
		status = CLI_EXIT_FAILURE;
	/* and sets its registration lock again */
	while (status == 0 && p.pin && !p.locked &&
	       front_turn(&f, timeout_of(o)) == 0)
		;
	front_close(&f);
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.c — `sotto link`: this profile as a new device, or a new device taken
 * into this one's account. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/link/offer.h"
#include "common/qr/qr.h"
#include "media/camera.h"
#include "media/preview.h"
#include "tui/cli/commands.h"

#define NAME_MAX_BYTES 256
#define CAMERA_WAIT_MS 5000 /* for a frame: then it is broken */

const struct conf_row link_rows[LINK_ROWS] = {
    {.name = "relay",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, relay),
	.letter = 'r',
	.doc = "The new device: your account's relay, sotto://..."},
    {.name = "name",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, name),
	.doc = "The new device: what you call it. The host's name unless "
	       "given. Your own devices see it, nobody else."},
    {.name = "answer",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, answer),
	.letter = 'a',
	.doc = "The device that registered the number: the text that the new "
	       "one shows, - for standard input, or a file with a picture of "
	       "its QR code."},
    {.name = "camera",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, camera),
	.letter = 'c',
	.doc = "As --answer, but the code is read by a camera: auto for the "
	       "first there is, a device, or a recording (YUV4MPEG2)."},
    {.name = "yes",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, yes),
	.letter = 'y',
	.doc = "With --answer: do not ask whether the codes are the same. For "
	       "scripts that compare them."},
    {.name = "accept-relay-key",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, accept_key),
	.doc = "As with register. The other device checks the key in any "
	       "case."},
    {.name = "history",
	.type = CONF_STRING,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, history),
	.doc = "With --answer: then send it the last DAYS, or all. Later: "
	       "devices history."},
    {.name = "inverse",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct link_opts, inverse),
	.doc = "Draw the QR code for a terminal with dark letters on a bright "
	       "ground."},
};

struct linking {
	struct front *f;
	const struct cli_opts *o;
	const struct link_opts *own;
	bool refused; /* the relay's key */
	bool linked, ended;
	struct history_amount amount;
	int status;
};

/* One or two strings as a JSON object on a line. */
static int
print_json(
    const char *key, const char *value, const char *key2, const char *value2)
{
	struct json j;
	struct buf b;

	line_begin(&j, &b);
	json_kv_str(&j, key, value);
	if (key2 != NULL)
		json_kv_str(&j, key2, value2);
	json_close(&j);
	return line_print(&j, &b);
}

/* ---- the new device ------------------------------------------------------------------- */

static void
on_code(struct linking *k, const struct engine_event *ev)
{
	if (k->o->json)
		k->status = print_json("code", ev->text, NULL, NULL);
	else
		printf("\nThe code is %.3s %s. Compare it with the one on your "
		       "other device, and say yes there.\n",
		    ev->text, ev->text + 3);
	fflush(stdout);
}

static void
on_event(void *ctx, const struct engine_event *ev)
{
	struct linking *k = ctx;

	switch (ev->kind) {
	case EV_RELAY_KEY:
		fprintf(stderr, "The relay's key is %s\n",
		    ev->text != NULL ? ev->text : "?");
		k->refused = !k->own->accept_key;
		if (engine_relay_key(k->f->e, 0, k->own->accept_key) != 0)
			k->refused = true;
		break;
	case EV_LINK_CODE:
		if (ev->tag == 0 && ev->text != NULL && strlen(ev->text) == 6)
			on_code(k, ev);
		break;
	case EV_REGISTERED:
		k->linked = true;
		if (k->o->json)
			k->status =
			    print_json("linked", ev->self.phone, NULL, NULL);
		else
			printf("This is device %u of %s now.\n",
			    ev->self.device, ev->self.phone);
		fflush(stdout);
		break;
	case EV_LINK_ENDED:
		k->ended = true;
		k->status = front_refused(ev);
		break;
	default:
		break;
	}
}

static int
print_offer(const struct linking *k, const char *text)
{
	struct qr *q;
	struct buf b;
	int r;

	if (k->o->json)
		return print_json("offer", text, NULL, NULL);
	q = malloc(sizeof(*q));
	if (q == NULL)
		return CLI_EXIT_FAILURE;
	buf_init(&b, LINE_MAX_BYTES);
	r = qr_make(q, text);
	if (r == 0)
		r = qr_draw(q, k->own->inverse, &b);
	if (r == 0 && fwrite(b.p, 1, b.len, stdout) != b.len)
		r = ERR_IO;
	if (r == 0)
		printf("\nOn the device that registered your number: let it "
		       "read this, or run there\n\n    sotto link --answer "
		       "%s\n\nThis is good for ten minutes and for one "
		       "device.\n",
		    text);
	buf_clear(&b);
	free(q);
	return r == 0 && fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILURE;
}

static const char *
device_name(const struct link_opts *own, char host[static NAME_MAX_BYTES])
{
	if (own->name != NULL)
		return own->name;
	if (gethostname(host, NAME_MAX_BYTES) != 0)
		host[0] = '\0';
	host[NAME_MAX_BYTES - 1] = '\0';
	return host;
}

static int
show_offer(struct linking *k)
{
	char host[NAME_MAX_BYTES];
	uint64_t tag = front_tag(k->f);
	struct engine_event *ev;
	int status;

	ev = front_wait(k->f,
	    engine_link_begin(
		k->f->e, tag, k->own->relay, device_name(k->own, host)),
	    tag, timeout_of(k->o));
	if (ev == NULL)
		return CLI_EXIT_FAILURE;
	status = ev->kind == EV_LINK_OFFER ? print_offer(k, ev->text)
					   : front_refused(ev);
	engine_event_free(ev);
	if (k->refused)
		fprintf(stderr, "sotto: compare that key with the operator's "
				"and add --accept-relay-key, or use an address "
				"with the key in it\n");
	return status;
}

static void
call_off(struct linking *k)
{
	uint64_t tag = front_tag(k->f);

	engine_event_free(
	    front_finish(k->f, engine_link_cancel(k->f->e, tag), tag));
}

static int
be_linked(struct linking *k)
{
	int r = 0, status;

	if (k->own->relay == NULL) {
		fprintf(stderr, "sotto: link needs --relay, or --answer on the "
				"device that registered the number\n");
		return CLI_EXIT_USAGE;
	}
	status = show_offer(k);
	while (status == 0 && r == 0 && !k->linked && !k->ended)
		r = front_turn(k->f, 0);
	if (status != 0 || k->ended)
		return status != 0 ? status : k->status;
	if (!k->linked) {
		call_off(k);
		return CLI_EXIT_FAILURE;
	}
	/* The first connection as a device brings contacts and settings. */
	if (front_online(k->f, timeout_of(k->o)) == ERR_IO)
		return CLI_EXIT_FAILURE;
	return k->status;
}

/* ---- the device that registered --------------------------------------------------------- */

static bool
is_offer(const char *text)
{
	while (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r')
		text++;
	return strncasecmp(
		   text, LINK_OFFER_PREFIX, strlen(LINK_OFFER_PREFIX)) == 0;
}

static int
read_all(FILE *in, size_t max, struct buf *out)
{
	uint8_t part[65536];
	size_t n;
	int r = 0;

	buf_init(out, max);
	while (r == 0 && (n = fread(part, 1, sizeof(part), in)) > 0)
		r = buf_put(out, part, n);
	return r == 0 && ferror(in) ? ERR_IO : r;
}

static int
read_picture(const char *path, struct buf *text)
{
	FILE *in = fopen(path, "rbe");
	struct buf picture;
	int r;

	if (in == NULL) {
		fprintf(stderr,
		    "sotto: %s is neither the text of a new device nor a file "
		    "that can be read\n",
		    path);
		return CLI_EXIT_NOT_FOUND;
	}
	r = read_all(in, PREVIEW_PICTURE_MAX, &picture);
	fclose(in);
	if (r == 0)
		r = preview_read_qr(picture.p, picture.len, text);
	buf_clear(&picture);
	if (r == 0)
		return 0;
	fprintf(stderr, "sotto: %s: %s\n", path,
	    r == ERR_NOTFOUND ? "there is no QR code in this picture"
	    : r == ERR_FORMAT ? "this is no picture that can be read"
			      : err_str(r));
	return CLI_EXIT_FAILURE;
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* One frame; true: there is nothing more to be done, and r says how it went. */
static bool
look(struct camera *c, struct buf *frame, struct buf *text, int *r)
{
	*r = camera_frame(c, CAMERA_WAIT_MS, frame);
	if (*r != 0)
		return true;
	buf_reset(text);
	*r = preview_read_qr(frame->p, frame->len, text);
	if (*r == ERR_NOTFOUND || *r == ERR_FORMAT || *r == ERR_TIMEOUT)
		return false;
	if (*r == 0)
		*r = buf_put_u8(text, 0);
	return *r != 0 || is_offer((const char *)text->p);
}

static int
read_camera(const char *source, uint64_t timeout_ms, struct buf *text)
{
	const uint64_t end = now_ms() + timeout_ms;
	struct camera *c = NULL;
	struct buf frame;
	int r;

	buf_init(&frame, CAMERA_FRAME_MAX);
	r = camera_open(&c, strcmp(source, "auto") == 0 ? NULL : source);
	if (r == 0)
		fprintf(stderr, "Hold the new device's code before the "
				"camera. Ctrl-C ends it.\n");
	while (r == 0 && !look(c, &frame, text, &r)) {
		r = 0;
		if (timeout_ms > 0 && now_ms() > end)
			r = ERR_TIMEOUT;
	}
	camera_free(c);
	buf_clear(&frame);
	if (r == 0)
		return 0;
	fprintf(stderr, "sotto: %s\n", camera_sentence(r));
	return r == ERR_NOTFOUND  ? CLI_EXIT_NOT_FOUND
	       : r == ERR_TIMEOUT ? CLI_EXIT_TIMEOUT
				  : CLI_EXIT_FAILURE;
}

/* The offer, NUL-terminated, from wherever it is. */
static int
read_offer(const struct linking *k, struct buf *text)
{
	const char *answer = k->own->answer;
	int r = 0, status = 0;

	if (k->own->camera != NULL)
		return read_camera(k->own->camera, timeout_of(k->o), text);
	if (strcmp(answer, "-") == 0)
		r = read_all(stdin, PREVIEW_QR_MAX, text);
	else if (is_offer(answer))
		r = buf_put(text, answer, strlen(answer));
	else
		status = read_picture(answer, text);
	if (r == 0 && status == 0)
		r = buf_put_u8(text, 0);
	if (r != 0)
		fprintf(stderr, "sotto: %s\n", err_str(r));
	return r != 0 ? CLI_EXIT_FAILURE : status;
}

static bool
asks_yes(void)
{
	char line[16];

	printf("Is it the same, and is the new device yours? Whoever has it "
	       "reads and writes as you. [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL &&
	       (line[0] == 'y' || line[0] == 'Y');
}

static int
decide(struct linking *k, const struct engine_event *ev)
{
	const char *name = ev->name != NULL ? ev->name : "";
	const char *code = ev->text != NULL ? ev->text : "??????";
	bool yes = k->own->yes;
	uint64_t tag = front_tag(k->f);
	struct engine_event *done;
	uint32_t device;
	int status = 0;

	if (k->o->json)
		status = print_json("code", code, "name", name);
	else
		printf("The new device is called %s and must show this code: "
		       "%.3s %s\n",
		    name[0] != '\0' ? name : "nothing", code, code + 3);
	fflush(stdout);
	if (!yes)
		yes = asks_yes();
	done = front_wait(k->f, engine_link_confirm(k->f->e, tag, yes), tag, 0);
	if (done == NULL)
		return CLI_EXIT_FAILURE;
	if (done->kind != EV_DONE)
		status = front_refused(done);
	else if (!yes)
		status = CLI_EXIT_REFUSED;
	device = done->device;
	engine_event_free(done);
	if (status == 0 && !k->o->json)
		printf("Linked.\n");
	if (status == 0)
		flush_out(k->f, k->o); /* contacts and settings for it */
	if (status == 0 && k->own->history != NULL)
		status = cli_send_history(k->f, k->o, device, &k->amount);
	return status;
}

static int
take_in(struct linking *k)
{
	uint64_t tag = front_tag(k->f);
	struct engine_event *ev;
	struct buf text;
	int status;

	buf_init(&text, PREVIEW_QR_MAX + 1);
	status = read_offer(k, &text);
	if (status == 0)
		status = need_relay(k->f, k->o);
	if (status == 0) {
		ev = front_wait(k->f,
		    engine_link_answer(k->f->e, tag, (const char *)text.p), tag,
		    timeout_of(k->o));
		if (ev == NULL)
			status = CLI_EXIT_FAILURE;
		else
			status = ev->kind == EV_LINK_CODE ? decide(k, ev)
							  : front_refused(ev);
		engine_event_free(ev);
	}
	buf_clear(&text);
	return status;
}

/* This device takes the new one in; otherwise it is the new one. */
static bool
answers(const struct link_opts *own)
{
	return own->answer != NULL || own->camera != NULL;
}

static bool
read_amount(const struct link_opts *own, struct history_amount *amount)
{
	const char *text = own->history;
	char *end = NULL;
	unsigned long days;

	if (text == NULL)
		return true;
	if (!answers(own))
		return false;
	if (strcmp(text, "all") == 0)
		return true;
	days = strtoul(text, &end, 10);
	amount->days = days > 0 && days <= 36500 ? (uint32_t)days : 0;
	return end != text && *end == '\0' && amount->days > 0;
}

int
cli_link(void *ctx, const struct cli_args *args)
{
	struct front f = {0};
	struct linking k = {.f = &f, .o = args->opts, .own = args->own};
	struct front_opts fo;
	char country[8];
	int status;

	(void)ctx;
	if (!read_amount(k.own, &k.amount)) {
		fprintf(stderr,
		    "sotto: --history needs --answer or --camera, and a number "
		    "of days or all\n");
		return CLI_EXIT_USAGE;
	}
	fo = cli_front_opts(args->opts, country);
	fo.create = !answers(k.own) && k.own->relay != NULL;
	f.on_event = on_event;
	f.ctx = &k;
	status = front_open(&f, &fo);
	if (status != 0)
		return status;
	status = answers(k.own) ? take_in(&k) : be_linked(&k);
	front_close(&f);
	return status;
}

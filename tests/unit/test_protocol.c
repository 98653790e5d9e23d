/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The examples and tables of docs/protocol.md are what the code does. */
#include <dirent.h>

#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tests/unit/test.h"

#define EXAMPLES "tests/vectors/protocol"

static char *doc;

static int
load_doc(void **state)
{
	(void)state;
	doc = read_text_file("docs/protocol.md", NULL);
	return 0;
}

static int
drop_doc(void **state)
{
	(void)state;
	free(doc);
	return 0;
}

/* The hex lines of an example, behind its comments. */
static const char *
hex_of(const char *text)
{
	while (*text == '#')
		text = strchr(text, '\n') + 1;
	return text;
}

static void
test_protocol__the_document_shows_every_example(void **state)
{
	DIR *d = opendir(EXAMPLES);
	struct dirent *e;
	char path[400], *text;
	int seen = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strstr(e->d_name, ".hex") == NULL)
			continue;
		snprintf(path, sizeof(path), EXAMPLES "/%s", e->d_name);
		text = read_text_file(path, NULL);
		assert_true(strlen(hex_of(text)) > 20);
		if (strstr(doc, hex_of(text)) == NULL)
			fail_msg(
			    "docs/protocol.md lacks the bytes of %s", path);
		free(text);
		seen++;
	}
	closedir(d);
	assert_true(seen >= 15);
}

static void
want_row(const char *name, unsigned number, const char *who, size_t max,
    const char *what)
{
	char row[400];

	snprintf(row, sizeof(row), "\n| %s | %u | %s | %zu | %s |\n", name,
	    number, who, max, what);
	if (strstr(doc, row) == NULL)
		fail_msg("docs/protocol.md lacks the line%s", row);
}

static const char *
who_may(unsigned states)
{
	return states == ST_ANY	    ? "any"
	       : states == ST_GUEST ? "guest"
				    : "device";
}

static void
test_protocol__the_document_lists_every_method_and_event(void **state)
{
	(void)state;
#define X(name, number, states, max, req, resp, what)                          \
	want_row(#name, number, who_may(states), max, what);
	METHODS(X)
#undef X
#define X(name, number, from, max, msg, what)                                  \
	want_row(#name, number, from, max, what);
	EVENTS(X)
#undef X
}

/* ---- the frames of §3.2 ---- */

struct example {
	uint8_t p[256];
	size_t len;
	struct frame f;
};

static void
load(struct example *x, const char *name, enum frame_kind kind, unsigned method,
    unsigned id)
{
	char path[200], *text;
	struct buf again;
	size_t used = 0;

	snprintf(path, sizeof(path), EXAMPLES "/%s.hex", name);
	text = read_text_file(path, NULL);
	x->len = hex_bytes(hex_of(text), x->p, sizeof(x->p));
	free(text);
	assert_ok(frame_get(x->p, x->len, FRAME_BODY_MAX, &x->f, &used));
	assert_int_equal(used, x->len);
	assert_int_equal(x->f.kind, kind);
	assert_int_equal(x->f.method, method);
	assert_int_equal(x->f.id, id);
	buf_init(&again, 1000);
	assert_ok(frame_put(&again, &x->f));
	assert_int_equal(again.len, x->len);
	assert_memory_equal(again.p, x->p, x->len);
	buf_clear(&again);
}

static void
assert_packs(const ProtobufCMessage *m, const struct example *x)
{
	uint8_t again[256];

	assert_int_equal(protobuf_c_message_get_packed_size(m), x->f.len);
	protobuf_c_message_pack(m, again);
	assert_memory_equal(again, x->f.body, x->f.len);
}

static void
test_protocol__hello_is_as_shown(void **state)
{
	Sotto__Relay__HelloRequest m;
	char client[] = "sotto 0.1.0";
	struct example x;

	(void)state;
	sotto__relay__hello_request__init(&m);
	load(&x, "frame_hello", FRAME_REQUEST, METHOD_HELLO, 1);
	m.client = client;
	m.protocol = 1;
	assert_packs(&m.base, &x);
}

static void
test_protocol__ping_and_its_answer_are_as_shown(void **state)
{
	Sotto__Relay__PingRequest req;
	Sotto__Relay__PingResponse resp;
	uint8_t echo[] = {'a', 'b', 'c'};
	struct example x;

	(void)state;
	sotto__relay__ping_response__init(&resp);
	sotto__relay__ping_request__init(&req);
	req.echo = resp.echo = (ProtobufCBinaryData){3, echo};
	load(&x, "frame_ping", FRAME_REQUEST, METHOD_PING, 7);
	assert_packs(&req.base, &x);
	load(&x, "frame_pong", FRAME_RESPONSE, METHOD_PING, 7);
	assert_packs(&resp.base, &x);
}

static void
test_protocol__an_error_is_as_shown(void **state)
{
	Sotto__Relay__Error m;
	char text[] = "slow down";
	struct example x;

	(void)state;
	sotto__relay__error__init(&m);
	load(&x, "frame_error", FRAME_ERROR, METHOD_PING, 7);
	m.code = ERR_RATE;
	m.text = text;
	m.retry_after_ms = 1500;
	assert_packs(&m.base, &x);
}

static void
test_protocol__an_ack_is_as_shown(void **state)
{
	Sotto__Relay__AckEvent m;
	struct example x;

	(void)state;
	sotto__relay__ack_event__init(&m);
	load(&x, "frame_ack", FRAME_EVENT, EVENT_ACK, 0);
	m.seq = 300;
	assert_packs(&m.base, &x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_protocol__the_document_shows_every_example),
	    cmocka_unit_test(
		test_protocol__the_document_lists_every_method_and_event),
	    cmocka_unit_test(test_protocol__hello_is_as_shown),
	    cmocka_unit_test(test_protocol__ping_and_its_answer_are_as_shown),
	    cmocka_unit_test(test_protocol__an_error_is_as_shown),
	    cmocka_unit_test(test_protocol__an_ack_is_as_shown),
	};

	return cmocka_run_group_tests(tests, load_doc, drop_doc);
}

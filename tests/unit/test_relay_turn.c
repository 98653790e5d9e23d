/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TURN_CREDENTIALS of a real relay, with its own server, another one's, none. */
#include <sodium.h>

#include "common/stun/cred.h"
#include "tests/lib/relay_rig.h"
#include "tests/unit/test.h"

#define T(f)   cmocka_unit_test_setup_teardown(f, setup, teardown)
#define SECRET "north south east west"

struct fixture {
	struct rig g;
	struct rc_person ann;
};

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	rig_init(&f.g);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rig_stop(&f->g);
	rig_clear(&f->g);
	return 0;
}

static void
start(struct fixture *f, const char *const *args)
{
	rig_start(&f->g, args);
	rig_person(&f->g, &f->ann, 1, 0);
}

static int
ask(struct fixture *f, Sotto__Relay__TurnCredentialsResponse **out)
{
	Sotto__Relay__TurnCredentialsRequest req =
	    SOTTO__RELAY__TURN_CREDENTIALS_REQUEST__INIT;
	struct rc *c = rig_connect(&f->g, &f->ann);
	struct rc_frame answer;
	int r;

	r = rc_call(c, METHOD_TURN_CREDENTIALS, &req.base, &answer);
	if (r == 0) {
		*out = sotto__relay__turn_credentials_response__unpack(
		    NULL, answer.len, answer.body);
		assert_non_null(*out);
	}
	rc_close(c);
	return r;
}

static void
password_is_of(
    const Sotto__Relay__TurnCredentialsResponse *r, const char *secret)
{
	char password[TURN_PASSWORD_CAP];

	turn_cred_password(
	    password, secret, strlen(secret), r->username, strlen(r->username));
	assert_string_equal(r->password, password);
}

static void
test_turn_credentials__of_the_relays_own(void **state)
{
	static const char *const args[] = {"--turn-listen=127.0.0.1:0",
	    "--turn-secret=" SECRET, "--turn-host=turn.example.org",
	    "--turn-ttl=1h", NULL};
	struct fixture *f = *state;
	Sotto__Relay__TurnCredentialsResponse *a, *b;
	char url[64];

	start(f, args);
	assert_ok(ask(f, &a));
	assert_int_equal(a->n_urls, 2);
	snprintf(url, sizeof(url), "turn:turn.example.org:%u?transport=udp",
	    relay_turn_port(f->g.relay));
	assert_string_equal(a->urls[0], url);
	assert_int_equal(a->ttl_s, 3600);
	password_is_of(a, SECRET);
	/* the same person by another time's name */
	assert_ok(ask(f, &b));
	assert_string_equal(
	    strchr(a->username, ':') + 1, strchr(b->username, ':') + 1);
	sotto__relay__turn_credentials_response__free_unpacked(a, NULL);
	sotto__relay__turn_credentials_response__free_unpacked(b, NULL);
}

static void
test_turn_credentials__of_another_server(void **state)
{
	static const char *const args[] = {
	    "--turn-server=turn:turn.example.org:3478?transport=udp",
	    "--turn-server=turns:turn.example.org:443?transport=tcp",
	    "--turn-secret=" SECRET, NULL};
	struct fixture *f = *state;
	Sotto__Relay__TurnCredentialsResponse *a;

	start(f, args);
	assert_int_equal(relay_turn_port(f->g.relay), 0);
	assert_ok(ask(f, &a));
	assert_int_equal(a->n_urls, 2);
	assert_string_equal(
	    a->urls[1], "turns:turn.example.org:443?transport=tcp");
	assert_int_equal(a->ttl_s, 12 * 3600);
	password_is_of(a, SECRET);
	sotto__relay__turn_credentials_response__free_unpacked(a, NULL);
}

static void
test_turn_credentials__not_without_a_server(void **state)
{
	struct fixture *f = *state;
	Sotto__Relay__TurnCredentialsResponse *a = NULL;

	start(f, NULL);
	assert_err(ask(f, &a), ERR_STATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_turn_credentials__of_the_relays_own),
	    T(test_turn_credentials__of_another_server),
	    T(test_turn_credentials__not_without_a_server),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

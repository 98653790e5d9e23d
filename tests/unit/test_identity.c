/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registration on a real store; codes are read from the log driver's line. */
#include <arpa/inet.h>
#include <signal.h>
#include <sodium.h>
#include <uv.h>

#include "common/buf.h"
#include "relay/admin/metrics.h"
#include "relay/identity/identity.h"
#include "tests/unit/relay_store_help.h"

#define ANNA "+491700000001"
#define BEN  "+491700000002"

struct fix {
	struct rig rig;
	uv_loop_t loop;
	uv_async_t wake;
	struct store_sink sink;
	size_t drained; /* operations that came back */
	struct limit *limit;
	struct log log;
	struct buf lines;
	struct relay_clock clock;
	uint64_t now_ms; /* both clocks */
	struct relay_conf *conf;
	struct identity *id;
	struct identity_env env;
	uint8_t secret[IDENTITY_SECRET_LEN];
	struct net_addr peer;
	/* the last answer */
	bool within; /* a call is being made */
	int done, err;
	char text[128];
	uint32_t retry_after_ms;
	bool sent_before; /* a code had gone out before the answer came */
	struct identity_attempt attempt;
	struct identity_device device;
	struct store_devs gone;
};

static void
on_line(void *arg, enum log_level level, const char *line, size_t len)
{
	struct fix *f = arg;

	assert_ok(buf_put(&f->lines, line, len));
}

static void
on_sink(void *arg)
{
	struct fix *f = arg;

	uv_async_send(&f->wake);
}

static void
on_wake(uv_async_t *a)
{
	struct fix *f = a->data;

	f->drained += store_sink_drain(&f->sink);
}

static uint64_t
fix_now(void *arg)
{
	return ((struct fix *)arg)->now_ms;
}

static struct relay_conf *
load(const char *a, const char *b)
{
	char prog[] = "sotto-relay", none[] = "--config=/dev/null";
	char one[64], two[64];
	char *argv[] = {prog, none, one, two, NULL};
	struct relay_conf *c = NULL;
	enum relay_conf_todo todo;
	struct buf out;

	(void)snprintf(one, sizeof(one), "%s", a);
	(void)snprintf(two, sizeof(two), "%s", b);
	buf_init(&out, 1);
	assert_ok(relay_conf_load(4, argv, NULL, &c, &todo, &out, NULL));
	return c;
}

static void
start(struct fix *f, const char *policy)
{
	f->conf = load(policy, "--otp-driver=log");
	f->env.conf = f->conf;
	assert_ok(identity_new(&f->id, &f->env));
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	metrics_reset();
	rig_init(&f->rig);
	rig_open(&f->rig);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(uv_async_init(&f->loop, &f->wake, on_wake), 0);
	f->wake.data = f;
	assert_ok(store_sink_init(&f->sink, on_sink, f));
	assert_ok(limit_new(&f->limit, LIMIT_ENTRIES_MIN));
	buf_init(&f->lines, 1 << 20);
	f->log = (struct log){
	    .level = LOG_LEVEL_DEBUG, .sink = on_line, .sink_arg = f};
	f->now_ms = RIG_START_MS;
	f->clock = (struct relay_clock){fix_now, fix_now, f};
	memset(f->secret, 7, sizeof(f->secret));
	assert_ok(net_addr_parse("127.0.0.1", &f->peer));
	f->env = (struct identity_env){.loop = &f->loop,
	    .store = f->rig.s,
	    .sink = &f->sink,
	    .limit = f->limit,
	    .log = &f->log,
	    .clock = &f->clock,
	    .secret = f->secret};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	identity_close(f->id);
	rig_close(&f->rig);
	(void)store_sink_drain(&f->sink);
	uv_close((uv_handle_t *)&f->wake, NULL);
	while (uv_run(&f->loop, UV_RUN_DEFAULT) != 0)
		continue; /* note() had it stopped */
	assert_int_equal(uv_loop_close(&f->loop), 0);
	store_sink_clear(&f->sink);
	limit_free(f->limit);
	relay_conf_unref(f->conf);
	buf_clear(&f->lines);
	rig_clear(&f->rig);
	free(f);
	return 0;
}

/* ---- calls ---------------------------------------------------------------------------- */

static void
note(struct fix *f, int err, const struct identity_fail *fail)
{
	if (err != ERR_BUSY && err != ERR_NOMEM)
		assert_false(f->within);
	f->done++;
	f->err = err;
	uv_stop(&f->loop); /* a timer's turn may block behind the timer */
	f->text[0] = '\0';
	f->retry_after_ms = fail->retry_after_ms;
	if (err != 0) {
		assert_non_null(fail->text);
		(void)snprintf(f->text, sizeof(f->text), "%s", fail->text);
	}
}

static void
on_registered(void *arg, int err, const struct identity_attempt *a,
    const struct identity_fail *fail)
{
	struct fix *f = arg;

	note(f, err, fail);
	f->sent_before = f->lines.len > 0 &&
			 memmem(f->lines.p, f->lines.len, "code=", 5) != NULL;
	assert_true((a != NULL) == (err == 0));
	if (a != NULL)
		f->attempt = *a;
}

static void
on_verified(void *arg, int err, const struct identity_device *d,
    const struct identity_fail *fail)
{
	struct fix *f = arg;

	note(f, err, fail);
	assert_true((d != NULL) == (err == 0));
	if (d != NULL) {
		f->device = *d;
		f->gone = *d->gone;
	}
}

static void
wait_done(struct fix *f)
{
	while (f->done == 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->done, 1);
	f->done = 0;
}

static void
ask(struct fix *f, const char *phone, const char *invite)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;

	req.phone = (char *)(uintptr_t)phone;
	req.invite = (char *)(uintptr_t)invite;
	f->done = 0;
	f->within = true;
	identity_register(f->id, &f->peer, &req, NULL, on_registered, f);
	f->within = false;
}

/* Each from another minute, so that limits are met only where they are
 * tested. */
static int
reg(struct fix *f, const char *phone, const char *invite)
{
	f->now_ms += 6 * 60000;
	ask(f, phone, invite);
	wait_done(f);
	return f->err;
}

/* The code of the last line that has one; "" when there is none. */
static const char *
last_code(struct fix *f, char out[static 8])
{
	char *p, *at = NULL;

	assert_ok(buf_put_u8(&f->lines, 0));
	f->lines.len--;
	for (p = (char *)f->lines.p; (p = strstr(p, "code=")) != NULL; p += 5)
		at = p;
	out[0] = '\0';
	if (at != NULL)
		(void)snprintf(out, 7, "%s", at + 5);
	buf_reset(&f->lines);
	return out;
}

/* A request whose keys are all right; everything static. */
static Sotto__Relay__VerifyOtpRequest *
proof(struct fix *f, const char *code)
{
	static uint8_t key[33] = {5}, sig[64], kyber[1569];
	static Sotto__Relay__SignedPreKey spk;
	static Sotto__Relay__KyberPreKey kpk;
	static Sotto__Relay__PreKeys keys;
	static Sotto__Relay__VerifyOtpRequest req;

	sotto__relay__signed_pre_key__init(&spk);
	spk.id = 1;
	spk.public_key = (ProtobufCBinaryData){33, key};
	spk.signature = (ProtobufCBinaryData){64, sig};
	sotto__relay__kyber_pre_key__init(&kpk);
	kpk.id = 1;
	kpk.public_key = (ProtobufCBinaryData){sizeof(kyber), kyber};
	kpk.signature = (ProtobufCBinaryData){64, sig};
	sotto__relay__pre_keys__init(&keys);
	keys.signed_pre_key = &spk;
	keys.kyber_last_resort = &kpk;
	sotto__relay__verify_otp_request__init(&req);
	req.token =
	    (ProtobufCBinaryData){sizeof(f->attempt.token), f->attempt.token};
	req.code = (char *)(uintptr_t)code;
	req.registration_id = 4711;
	req.identity_key = (ProtobufCBinaryData){33, key};
	req.pre_keys = &keys;
	return &req;
}

static void
prove(struct fix *f, uint8_t who, const Sotto__Relay__VerifyOtpRequest *req)
{
	uint8_t noise[STORE_NOISE_PK_LEN];

	memset(noise, who, sizeof(noise));
	f->done = 0;
	f->within = true;
	identity_verify(f->id, &f->peer, noise, req, on_verified, f);
	f->within = false;
}

static int
verify(struct fix *f, uint8_t who, const char *code)
{
	f->now_ms += 60000;
	prove(f, who, proof(f, code));
	wait_done(f);
	return f->err;
}

/* Another code than the right one. */
static const char *
wrong(const char *code, char out[static 8])
{
	memcpy(out, code, 7);
	out[5] = out[5] == '9' ? '0' : (char)(out[5] + 1);
	return out;
}

/* ---- the way it should go -------------------------------------------------------------- */

static void
test_identity__open_new_number_then_again(void **state)
{
	struct fix *f = *state;
	Sotto__Relay__VerifyOtpRequest *req;
	struct account_id first;
	store_dev dev;
	char code[8];

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	assert_int_equal(f->attempt.code_digits, 6);
	assert_int_equal(f->attempt.expires_ms, f->now_ms + 600000);
	assert_int_equal(f->attempt.resend_after_ms, 60000);
	assert_false(f->attempt.withheld);
	assert_int_equal(strlen(last_code(f, code)), 6);
	assert_ok(verify(f, 1, code));
	assert_int_equal(f->device.device_id, 1);
	assert_false(f->device.replaced);
	assert_int_equal(f->gone.n, 0);
	first = f->device.account;
	dev = f->device.dev;
	/* Single use. */
	assert_err(verify(f, 1, code), ERR_EXPIRED);
	/* The same number on another machine: same account, old device gone. */
	assert_ok(reg(f, ANNA, ""));
	last_code(f, code);
	assert_err(verify(f, 2, code), ERR_DUP); /* as registration id */
	req = proof(f, code);
	req->registration_id = 4712;
	prove(f, 2, req);
	wait_done(f);
	assert_ok(f->err);
	assert_true(f->device.replaced);
	assert_memory_equal(&f->device.account, &first, sizeof(first));
	assert_int_equal(f->gone.n, 1);
	assert_int_equal(f->gone.v[0], dev);
	assert_int_equal(identity_pending(f->id), 0);
	assert_int_equal(metrics_get1(METRIC_otp, OTP_SENT), 2);
	assert_int_equal(metrics_get1(METRIC_registrations, METRIC_CODE_OK), 2);
	assert_int_equal(metrics_get(METRIC_registrations), 4);
}

static void
test_identity__codes_are_spread_and_never_in_the_store(void **state)
{
	struct fix *f = *state;
	int digits[6][10] = {{0}}, i, k;
	char code[8];

	start(f, "--registration=open");
	for (i = 0; i < 300; i++) {
		char phone[20];

		f->now_ms += 3600000;
		(void)snprintf(phone, sizeof(phone), "+4917000%05d", i);
		ask(f, phone, "");
		wait_done(f);
		assert_ok(f->err);
		last_code(f, code);
		for (k = 0; k < 6; k++)
			digits[k][code[k] - '0']++;
	}
	/* Each digit 30 times on average; below 4 is one in 10^9. */
	for (k = 0; k < 6; k++)
		for (i = 0; i < 10; i++)
			assert_in_range(digits[k][i], 4, 80);
}

/* ---- wrong codes ------------------------------------------------------------------------ */

static void
test_identity_verify__five_wrong_codes_void_the_right_one(void **state)
{
	struct fix *f = *state;
	char code[8], bad[8];
	int i;

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	last_code(f, code);
	for (i = 0; i < 4; i++) {
		assert_err(verify(f, 1, wrong(code, bad)), ERR_AUTH);
		assert_string_equal(f->text, "that code is not right");
	}
	assert_err(verify(f, 1, wrong(code, bad)), ERR_EXPIRED);
	assert_err(verify(f, 1, code), ERR_EXPIRED);
}

static void
test_identity_verify__too_old_or_of_another_attempt(void **state)
{
	struct fix *f = *state;
	struct identity_attempt anna;
	char code[8], code2[8];

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	anna = f->attempt;
	last_code(f, code);
	assert_ok(reg(f, BEN, ""));
	last_code(f, code2);
	if (strcmp(code, code2) != 0)
		assert_err(verify(f, 1, code), ERR_AUTH);
	f->attempt = anna;
	f->rig.now_ms = anna.expires_ms;
	assert_err(verify(f, 1, code), ERR_EXPIRED);
	memset(f->attempt.token, 0, sizeof(f->attempt.token));
	assert_err(verify(f, 1, code), ERR_EXPIRED);
	assert_string_equal(
	    f->text, "that code is no good any more, ask for a new one");
}

static void
test_identity_verify__another_secret_makes_codes_void(void **state)
{
	struct fix *f = *state;
	struct identity *other;
	char code[8];

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	last_code(f, code);
	f->secret[0] ^= 1;
	assert_ok(identity_new(&other, &f->env));
	identity_close(f->id);
	f->id = other;
	assert_err(verify(f, 1, code), ERR_AUTH);
}

static void
test_identity_verify__malformed(void **state)
{
	static const char *const codes[] = {
	    "", "12345", "1234567", "12345a", " 12345", "１２３４５６"};
	struct fix *f = *state;
	Sotto__Relay__VerifyOtpRequest *req;
	size_t i;

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	for (i = 0; i < ARRAY_LEN(codes); i++) {
		assert_err(verify(f, 1, codes[i]), ERR_FORMAT);
		assert_string_equal(f->text, "a code has six digits");
	}
#define BAD(change)                                                            \
	do {                                                                   \
		req = proof(f, "123456");                                      \
		change;                                                        \
		prove(f, 1, req);                                              \
		wait_done(f);                                                  \
		assert_err(f->err, ERR_FORMAT);                                \
	} while (0)
	BAD(req->token.len = 15);
	BAD(req->registration_id = 0);
	BAD(req->identity_key.len = 32);
	BAD(req->pre_keys = NULL);
	BAD(req->pre_keys->signed_pre_key = NULL);
#undef BAD
	/* None of these was an attempt. */
	{
		char code[8], bad[8];

		last_code(f, code);
		for (i = 0; i < 4; i++)
			assert_err(verify(f, 1, wrong(code, bad)), ERR_AUTH);
		assert_ok(verify(f, 1, code));
	}
}

/* ---- policies ----------------------------------------------------------------------------- */

static void
add_invite(struct fix *f, const char *token, uint32_t uses, uint64_t expires)
{
	struct op_invite_add o;

	rig_init_op(&f->rig, &o.op, STORE_INVITE_ADD);
	(void)snprintf(o.invite.token, sizeof(o.invite.token), "%s", token);
	o.invite.uses = uses;
	o.invite.expires_ms = expires;
	assert_ok(rig_call(&f->rig, &o.op));
}

static void
test_identity__invite_lets_one_in(void **state)
{
	struct fix *f = *state;
	char code[8];

	add_invite(f, "once", 1, 0);
	add_invite(f, "old", 1, f->rig.now_ms + 1);
	f->rig.now_ms += 10;
	start(f, "--registration=invite");
	assert_err(reg(f, ANNA, "nonsense"), ERR_NOTFOUND);
	assert_string_equal(f->text, "there is no such invite");
	assert_err(reg(f, ANNA, "old"), ERR_EXPIRED);
	assert_string_equal(f->text, "that invite is too old");
	assert_string_equal(last_code(f, code), "");
	assert_ok(reg(f, ANNA, "once"));
	assert_int_equal(strlen(last_code(f, code)), 6);
	assert_ok(verify(f, 1, code));
	assert_err(reg(f, BEN, "once"), ERR_FULL);
	assert_string_equal(f->text, "that invite has been used up");
}

/* Without an invite nobody can tell by the answers who has an account. */
static void
assert_same_for_both(struct fix *f, bool anna_has_one)
{
	struct identity_attempt a, b;
	char code[8], none[8];
	uint64_t at;
	int i;

	assert_ok(reg(f, ANNA, ""));
	at = f->now_ms;
	a = f->attempt;
	/* The answer comes first, then the code. */
	assert_false(f->sent_before);
	while (identity_pending(f->id) > 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	last_code(f, code);
	assert_int_equal(code[0] != '\0', anna_has_one);
	assert_int_equal(a.withheld, !anna_has_one);
	assert_ok(reg(f, BEN, ""));
	b = f->attempt;
	while (identity_pending(f->id) > 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_string_equal(last_code(f, none), "");
	assert_true(b.withheld);
	assert_int_equal(
	    metrics_get1(METRIC_otp, OTP_WITHHELD), anna_has_one ? 1 : 2);
	assert_int_equal(a.code_digits, b.code_digits);
	assert_int_equal(a.expires_ms - at, b.expires_ms - f->now_ms);
	assert_int_equal(a.resend_after_ms, b.resend_after_ms);
	/* And wrong codes are counted alike. */
	for (i = 0; i < 4; i++)
		assert_err(verify(f, 9, "123456"), ERR_AUTH);
	assert_err(verify(f, 9, "123456"), ERR_EXPIRED);
	f->attempt = a;
}

static void
test_identity__without_invite_only_who_is_here_already(void **state)
{
	struct fix *f = *state;
	char code[8];

	add_invite(f, "once", 1, 0);
	start(f, "--registration=invite");
	assert_ok(reg(f, ANNA, "once"));
	last_code(f, code);
	assert_ok(verify(f, 1, code));
	assert_same_for_both(f, true);
}

static void
test_identity__closed(void **state)
{
	struct fix *f = *state;

	add_invite(f, "once", 1, 0);
	start(f, "--registration=closed");
	assert_same_for_both(f, false);
	assert_ok(reg(f, ANNA, "once"));
	assert_true(f->attempt.withheld);
}

static void
test_identity__banned_gets_no_code(void **state)
{
	struct fix *f = *state;
	struct op_account_ban o;
	char code[8];

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	last_code(f, code);
	assert_ok(verify(f, 1, code));
	rig_init_op(&f->rig, &o.op, STORE_ACCOUNT_BAN);
	o.phone = ANNA;
	o.ban = true;
	assert_ok(rig_call(&f->rig, &o.op));
	assert_ok(reg(f, ANNA, ""));
	assert_true(f->attempt.withheld);
	assert_string_equal(last_code(f, code), "");
}

static void
test_identity__no_driver(void **state)
{
	struct fix *f = *state;
	struct relay_conf *c;
	char code[8];

	f->conf = load("--registration=open", "--otp-driver=none");
	f->env.conf = f->conf;
	assert_ok(identity_new(&f->id, &f->env));
	assert_err(reg(f, ANNA, ""), ERR_STATE);
	assert_non_null(strstr(f->text, "otp-driver"));
	/* A reload brings one. */
	c = load("--registration=open", "--otp-driver=log");
	assert_ok(identity_set_conf(f->id, c));
	relay_conf_unref(c);
	assert_ok(reg(f, ANNA, ""));
	assert_int_equal(strlen(last_code(f, code)), 6);
}

static void
test_identity__what_cannot_be_sent_is_told(void **state)
{
	struct fix *f = *state;

	f->conf =
	    load("--otp-driver=command", "--otp-command=/nowhere {phone}");
	f->env.conf = f->conf;
	add_invite(f, "many", 10, 0);
	assert_ok(identity_new(&f->id, &f->env));
	assert_err(reg(f, ANNA, "many"), ERR_IO);
	assert_string_equal(
	    f->text, "the code could not be sent, try again later");
	assert_int_equal(metrics_get1(METRIC_otp, OTP_FAILED), 1);
	/* Without an invite nothing may show. */
	assert_ok(reg(f, ANNA, ""));
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void
test_identity_register__limits_by_number_and_address(void **state)
{
	struct fix *f = *state;
	int i;

	start(f, "--registration=open");
	assert_ok(reg(f, ANNA, ""));
	/* Not again within a minute, whoever asks. */
	assert_ok(net_addr_parse("127.0.0.2", &f->peer));
	ask(f, ANNA, "");
	wait_done(f);
	assert_err(f->err, ERR_RATE);
	assert_int_equal(f->retry_after_ms, 60000);
	/* Four an hour. */
	for (i = 0; i < 3; i++) {
		f->now_ms += 60000;
		ask(f, ANNA, "");
		wait_done(f);
		assert_ok(f->err);
	}
	f->now_ms += 60000;
	ask(f, ANNA, "");
	wait_done(f);
	assert_err(f->err, ERR_RATE);
	assert_in_range(f->retry_after_ms, 1, 15 * 60000);
	/* Ten an hour from one address, for whatever number. */
	assert_ok(net_addr_parse("127.0.0.3", &f->peer));
	for (i = 0; i < 10; i++) {
		char phone[20];

		(void)snprintf(phone, sizeof(phone), "+4917100000%02d", i);
		ask(f, phone, "");
		wait_done(f);
		assert_ok(f->err);
	}
	ask(f, BEN, "");
	wait_done(f);
	assert_err(f->err, ERR_RATE);
	assert_non_null(strstr(f->text, "too many codes were asked for"));
}

static void
test_identity_verify__limits_by_address(void **state)
{
	struct fix *f = *state;
	int i;

	start(f, "--registration=open");
	memset(&f->attempt, 0, sizeof(f->attempt));
	for (i = 0; i < 30; i++) {
		prove(f, 1, proof(f, "123456"));
		wait_done(f);
		assert_err(f->err, ERR_EXPIRED);
	}
	prove(f, 1, proof(f, "123456"));
	wait_done(f);
	assert_err(f->err, ERR_RATE);
	assert_int_equal(f->retry_after_ms, 120000);
}

static void
test_identity_register__malformed(void **state)
{
	static const char *const phones[] = {"", "anna", "491700000001",
	    "+49 170 0000001", "+1", "+99912345678901234"};
	struct fix *f = *state;
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	char longer[200], phone[] = ANNA;
	size_t i;

	start(f, "--registration=invite");
	for (i = 0; i < ARRAY_LEN(phones); i++)
		assert_err(reg(f, phones[i], ""), ERR_FORMAT);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_err(reg(f, ANNA, longer), ERR_NOTFOUND);
	req.phone = phone;
	req.device_name = longer;
	identity_register(f->id, &f->peer, &req, NULL, on_registered, f);
	wait_done(f);
	assert_err(f->err, ERR_FORMAT);
}

/* ---- bounds and ends ---------------------------------------------------------------------------- */

static void
count_only(void *arg, int err, const struct identity_attempt *a,
    const struct identity_fail *fail)
{
	struct fix *f = arg;

	f->done++;
	f->err = err;
	uv_stop(&f->loop);
}

static void
ask_many(struct fix *f, int n)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	struct limit_rates off = {0};
	char phone[20];
	int i;

	limit_set_rates(f->limit, &off);
	req.phone = phone;
	for (i = 0; i < n; i++) {
		(void)snprintf(phone, sizeof(phone), "+4917200%05d", i);
		identity_register(f->id, &f->peer, &req, NULL, count_only, f);
	}
}

static void
test_identity__requests_in_work_are_bounded(void **state)
{
	struct fix *f = *state;

	start(f, "--registration=open");
	ask_many(f, IDENTITY_PENDING_MAX);
	assert_int_equal(f->done, 0);
	assert_int_equal(identity_pending(f->id), IDENTITY_PENDING_MAX);
	ask(f, ANNA, "");
	assert_int_equal(f->done, 1);
	assert_err(f->err, ERR_BUSY);
	f->done = 0;
	while (f->done < IDENTITY_PENDING_MAX)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(identity_pending(f->id), 0);
}

static void
test_identity_close__answers_everybody(void **state)
{
	struct fix *f = *state;
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;

	start(f, "--registration=invite");
	ask_many(f, 20);
	/* One that is refused soon, not yet. */
	identity_register(f->id, &f->peer, &req, NULL, count_only, f);
	assert_int_equal(f->done, 0);
	identity_close(f->id);
	f->id = NULL;
	assert_int_equal(f->done, 21);
	assert_err(f->err, ERR_CLOSED);
}

static void
test_identity_close__with_a_program_running(void **state)
{
	struct fix *f = *state;
	struct relay_conf *c;

	f->conf = load(
	    "--otp-driver=command", "--otp-command=/usr/bin/tail -f /dev/null");
	f->conf->registration = REGISTRATION_OPEN;
	f->env.conf = f->conf;
	assert_ok(identity_new(&f->id, &f->env));
	ask(f, ANNA, "");
	while (f->drained == 0) /* then the program has been started */
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	/* A reload does not hurt it, the end of all does. */
	c = load("--registration=open", "--otp-driver=log");
	assert_ok(identity_set_conf(f->id, c));
	relay_conf_unref(c);
	assert_int_equal(f->done, 0);
	identity_close(f->id);
	f->id = NULL;
	assert_int_equal(f->done, 1);
	assert_err(f->err, ERR_CLOSED);
}

/* One whole registration; f->conf is loaded. */
static int
go_through(void *arg)
{
	struct fix *f = arg;
	static int n;
	char code[8], phone[20];
	struct identity *id;
	int r;

	(void)snprintf(phone, sizeof(phone), "+4917300%05d", n++);
	r = identity_new(&id, &f->env);
	if (r != 0)
		return r;
	f->id = id;
	f->now_ms += 7200000;
	ask(f, phone, "");
	wait_done(f);
	r = f->err;
	if (r == 0) {
		last_code(f, code);
		prove(f, (uint8_t)(1 + n % 200), proof(f, code));
		wait_done(f);
		r = f->err;
	}
	identity_close(f->id);
	f->id = NULL;
	(void)uv_run(&f->loop, UV_RUN_NOWAIT);
	return r;
}

static void
test_identity__out_of_memory(void **state)
{
	struct fix *f = *state;

	f->conf = load("--registration=open", "--otp-driver=log");
	f->env.conf = f->conf;
	/* The buffer of the log is not what is tested. */
	assert_ok(buf_reserve(&f->lines, 1 << 16));
	assert_true(alloc_sweep(go_through, f) >= 5);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_identity__open_new_number_then_again),
	    T(test_identity__codes_are_spread_and_never_in_the_store),
	    T(test_identity_verify__five_wrong_codes_void_the_right_one),
	    T(test_identity_verify__too_old_or_of_another_attempt),
	    T(test_identity_verify__another_secret_makes_codes_void),
	    T(test_identity_verify__malformed),
	    T(test_identity__invite_lets_one_in),
	    T(test_identity__without_invite_only_who_is_here_already),
	    T(test_identity__closed),
	    T(test_identity__banned_gets_no_code),
	    T(test_identity__no_driver),
	    T(test_identity__what_cannot_be_sent_is_told),
	    T(test_identity_register__limits_by_number_and_address),
	    T(test_identity_verify__limits_by_address),
	    T(test_identity_register__malformed),
	    T(test_identity__requests_in_work_are_bounded),
	    T(test_identity_close__answers_everybody),
	    T(test_identity_close__with_a_program_running),
	    T(test_identity__out_of_memory),
	};

	if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

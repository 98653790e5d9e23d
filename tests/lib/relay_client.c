/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/noise/pipe.h"
#include "tests/lib/relay_client.h"

#define TIMEOUT_MS 20000
#define PLAIN_MAX  (16u << 20)

struct kept {
	struct kept *next;
	struct rc_frame f;
	uint8_t body[];
};

struct rc {
	int fd;
	int timeout_ms;
	struct pipe pipe;
	struct buf raw; /* read, not a whole record yet */
	struct buf plain; /* read, from `at` on not looked at */
	size_t at;
	bool hold; /* what proves that we are no recording waits in held */
	struct buf held;
	uint32_t next_id;
	Sotto__Relay__HelloResponse *hello;
	struct kept *events, **events_tail;
	struct kept *now; /* the body rc_event() has lent */
};

/* ---- socket ------------------------------------------------------------------------ */

static int
dial(const struct rc_opts *o)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_port = htons(o->port);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (o->rcvbuf > 0)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &o->rcvbuf, sizeof(o->rcvbuf));
	if (inet_pton(AF_INET, o->host, &sa.sin_addr) == 1 &&
	    (o->from == NULL ||
		(inet_pton(AF_INET, o->from, &from.sin_addr) == 1 &&
		    bind(fd, (struct sockaddr *)(void *)&from, sizeof(from)) ==
			0)) &&
	    connect(fd, (struct sockaddr *)(void *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
rc_put_raw(struct rc *c, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_CLOSED;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One read into raw. */
static int
read_some(struct rc *c, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int64_t left = deadline - now_ms();
	ssize_t n;

	if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
		return ERR_TIMEOUT;
	if (buf_reserve(&c->raw, 64 * 1024) != 0)
		return ERR_NOMEM;
	n = recv(c->fd, c->raw.p + c->raw.len, 64 * 1024, 0);
	if (n <= 0)
		return ERR_CLOSED;
	c->raw.len += (size_t)n;
	return 0;
}

/* ---- pipe -------------------------------------------------------------------------- */

static int
take_records(struct rc *c)
{
	struct buf out;
	size_t used = 0;
	int r;

	buf_init(&out, 65536);
	if (c->at == c->plain.len) {
		buf_reset(&c->plain);
		c->at = 0;
	}
	r = pipe_input(&c->pipe, c->raw.p, c->raw.len, &used, &c->plain, &out);
	buf_drop(&c->raw, used);
	if (r == 0 && c->hold)
		r = buf_put(&c->held, out.p, out.len);
	else if (r == 0)
		r = rc_put_raw(c, out.p, out.len);
	buf_clear(&out);
	return r;
}

static int
shake_hands(
    struct rc *c, const struct rc_opts *o, const void *early, size_t early_len)
{
	int64_t deadline = now_ms() + c->timeout_ms;
	struct buf out;
	int r;

	buf_init(&out, 65536);
	r = pipe_init_client(
	    &c->pipe, o->me, o->relay, early, early_len, NULL, &out);
	if (r == 0)
		r = rc_put_raw(c, out.p, out.len);
	while (r == 0 && pipe_state(&c->pipe) == PIPE_HANDSHAKE) {
		r = read_some(c, deadline);
		if (r == 0)
			r = take_records(c);
	}
	buf_reset(&out);
	if (r == 0 && pipe_state(&c->pipe) == PIPE_JUDGE) {
		r = pipe_accept(&c->pipe, &out);
		if (r == 0)
			r = rc_put_raw(c, out.p, out.len);
	}
	buf_clear(&out);
	return r;
}

int
rc_put_bytes(struct rc *c, const void *p, size_t len)
{
	struct buf out;
	int r;

	buf_init(&out, pipe_sealed_len(len));
	r = rc_put_raw(c, c->held.p, c->held.len);
	buf_clear(&c->held);
	c->hold = false;
	if (r == 0)
		r = pipe_seal(&c->pipe, p, len, &out);
	if (r == 0)
		r = rc_put_raw(c, out.p, out.len);
	buf_clear(&out);
	return r;
}

/* ---- frames -------------------------------------------------------------------------- */

static uint8_t *
pack_frame(enum frame_kind kind, uint16_t method, uint32_t id,
    const ProtobufCMessage *msg, size_t *len)
{
	size_t n = msg != NULL ? protobuf_c_message_get_packed_size(msg) : 0;
	uint8_t *p = malloc(FRAME_HEADER + n);

	if (p == NULL)
		abort();
	put_be32(p, (uint32_t)n);
	p[4] = (uint8_t)kind;
	put_be16(p + 5, method);
	put_be32(p + 7, id);
	if (msg != NULL)
		protobuf_c_message_pack(msg, p + FRAME_HEADER);
	*len = FRAME_HEADER + n;
	return p;
}

int
rc_put(struct rc *c, enum frame_kind kind, uint16_t method, uint32_t id,
    const ProtobufCMessage *msg)
{
	size_t len;
	uint8_t *p = pack_frame(kind, method, id, msg, &len);
	int r = rc_put_bytes(c, p, len);

	free(p);
	return r;
}

int
rc_next(struct rc *c, struct rc_frame *out)
{
	int64_t deadline = now_ms() + c->timeout_ms;
	struct frame f;
	size_t used;
	int r;

	for (;;) {
		r = frame_get(c->plain.p + c->at, c->plain.len - c->at,
		    FRAME_BODY_MAX, &f, &used);
		if (r == 0)
			break;
		if (r != ERR_AGAIN)
			return r;
		if (c->at > 0) {
			buf_drop(&c->plain, c->at);
			c->at = 0;
		}
		r = read_some(c, deadline);
		if (r == 0)
			r = take_records(c);
		if (r != 0)
			return r;
	}
	c->at += used;
	*out = (struct rc_frame){f.kind, f.method, f.id, f.body, f.len};
	return 0;
}

static void
keep_event(struct rc *c, const struct rc_frame *f)
{
	struct kept *k = malloc(sizeof(*k) + f->len);

	if (k == NULL)
		abort();
	k->next = NULL;
	k->f = *f;
	memcpy(k->body, f->body, f->len);
	k->f.body = k->body;
	*c->events_tail = k;
	c->events_tail = &k->next;
}

static struct kept *
next_kept(struct rc *c)
{
	struct kept *k = c->events;

	if (k == NULL)
		return NULL;
	c->events = k->next;
	if (c->events == NULL)
		c->events_tail = &c->events;
	return k;
}

static int
error_of(const struct rc_frame *f)
{
	Sotto__Relay__Error *e =
	    sotto__relay__error__unpack(NULL, f->len, f->body);
	int code = e != NULL ? e->code : ERR_FORMAT;

	if (e != NULL)
		sotto__relay__error__free_unpacked(e, NULL);
	return code < 0 ? code : ERR_FORMAT;
}

static int
wait_answer(struct rc *c, uint32_t id, struct rc_frame *out)
{
	struct rc_frame f;
	int r;

	while ((r = rc_next(c, &f)) == 0) {
		if (f.kind == FRAME_EVENT) {
			keep_event(c, &f);
			continue;
		}
		if (f.id != id)
			continue;
		if (out != NULL)
			*out = f;
		return f.kind == FRAME_ERROR ? error_of(&f) : 0;
	}
	return r;
}

int
rc_call(struct rc *c, uint16_t method, const ProtobufCMessage *msg,
    struct rc_frame *f)
{
	uint32_t id = c->next_id++;
	int r = rc_put(c, FRAME_REQUEST, method, id, msg);

	return r != 0 ? r : wait_answer(c, id, f);
}

int
rc_event(struct rc *c, uint16_t method, struct rc_frame *f)
{
	int r;

	for (;;) {
		free(c->now);
		c->now = next_kept(c);
		if (c->now == NULL)
			break;
		if (c->now->f.method == method) {
			*f = c->now->f;
			return 0;
		}
	}
	while ((r = rc_next(c, f)) == 0)
		if (f->kind == FRAME_EVENT && f->method == method)
			return 0;
	return r;
}

int
rc_wait_closed(struct rc *c, char *reason, size_t cap)
{
	struct rc_frame f;
	int r;

	if (reason != NULL)
		reason[0] = '\0';
	while ((r = rc_event(c, EVENT_GOODBYE, &f)) == 0) {
		Sotto__Relay__GoodbyeEvent *g =
		    sotto__relay__goodbye_event__unpack(NULL, f.len, f.body);

		if (g != NULL && reason != NULL)
			snprintf(reason, cap, "%s", g->reason);
		if (g != NULL)
			sotto__relay__goodbye_event__free_unpacked(g, NULL);
	}
	return r == ERR_CLOSED ? 0 : r;
}

/* ---- life ------------------------------------------------------------------------------- */

static int
read_hello(struct rc *c)
{
	struct rc_frame f;
	int r = wait_answer(c, 1, &f);

	if (r != 0)
		return r;
	c->hello = sotto__relay__hello_response__unpack(NULL, f.len, f.body);
	return c->hello != NULL ? 0 : ERR_FORMAT;
}

static int
start(struct rc *c, const struct rc_opts *o)
{
	Sotto__Relay__HelloRequest h = SOTTO__RELAY__HELLO_REQUEST__INIT;
	char name[] = "relay_client";
	uint8_t *hello;
	size_t len;
	int r = 0;

	h.client = name;
	h.protocol = 1;
	hello = pack_frame(FRAME_REQUEST, METHOD_HELLO, 1, &h.base, &len);
	if (o->before_len > 0)
		r = rc_put_raw(c, o->before, o->before_len);
	if (r == 0)
		r = shake_hands(c, o, hello, o->no_hello ? 0 : len);
	free(hello);
	if (r == 0 && !o->no_hello)
		r = read_hello(c);
	return r;
}

int
rc_open(struct rc **out, const struct rc_opts *o)
{
	struct rc *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return ERR_NOMEM;
	c->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
	c->next_id = 2;
	c->events_tail = &c->events;
	buf_init(&c->raw, PLAIN_MAX);
	buf_init(&c->plain, PLAIN_MAX);
	buf_init(&c->held, PLAIN_MAX);
	c->hold = o->no_confirm;
	c->fd = dial(o);
	r = c->fd < 0 ? ERR_SYS : start(c, o);
	if (r != 0) {
		rc_close(c);
		return r;
	}
	*out = c;
	return 0;
}

void
rc_close(struct rc *c)
{
	struct kept *k;

	if (c == NULL)
		return;
	while ((k = next_kept(c)) != NULL)
		free(k);
	free(c->now);
	if (c->fd >= 0)
		close(c->fd);
	if (c->hello != NULL)
		sotto__relay__hello_response__free_unpacked(c->hello, NULL);
	pipe_clear(&c->pipe);
	buf_clear(&c->raw);
	buf_clear(&c->plain);
	buf_clear(&c->held);
	free(c);
}

int
rc_fd(const struct rc *c)
{
	return c->fd;
}

const Sotto__Relay__HelloResponse *
rc_hello(const struct rc *c)
{
	return c->hello;
}

const struct noise_public *
rc_relay_key(const struct rc *c)
{
	return pipe_remote_static(&c->pipe);
}

/* ---- people ------------------------------------------------------------------------------- */

void
rc_person_make(struct rc_person *p, unsigned n)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->phone, sizeof(p->phone), "+49170%07u", 1000000 + n);
	noise_keypair_make(&p->key, &noise_rng_system);
	p->identity[0] = 0x05;
	randombytes_buf(p->identity + 1, 32);
	p->registration_id = 1 + randombytes_uniform(16380);
}

/* Bytes of no meaning in the shape of a key. */
static void
fill(ProtobufCBinaryData *b, size_t len, int first)
{
	b->data = malloc(len);
	if (b->data == NULL)
		abort();
	b->len = len;
	randombytes_buf(b->data, len);
	if (first >= 0)
		b->data[0] = (uint8_t)first;
}

static Sotto__Relay__KyberPreKey *
make_kyber(uint32_t id)
{
	Sotto__Relay__KyberPreKey *k = malloc(sizeof(*k));

	if (k == NULL)
		abort();
	sotto__relay__kyber_pre_key__init(k);
	k->id = id;
	fill(&k->public_key, 1569, 0x08);
	fill(&k->signature, 64, -1);
	return k;
}

static Sotto__Relay__OneTimePreKey *
make_one_time(uint32_t id)
{
	Sotto__Relay__OneTimePreKey *k = malloc(sizeof(*k));

	if (k == NULL)
		abort();
	sotto__relay__one_time_pre_key__init(k);
	k->id = id;
	fill(&k->public_key, 33, 0x05);
	return k;
}

static Sotto__Relay__SignedPreKey *
make_signed(uint32_t id)
{
	Sotto__Relay__SignedPreKey *k = malloc(sizeof(*k));

	if (k == NULL)
		abort();
	sotto__relay__signed_pre_key__init(k);
	k->id = id;
	fill(&k->public_key, 33, 0x05);
	fill(&k->signature, 64, -1);
	return k;
}

Sotto__Relay__PreKeys *
rc_keys_make(unsigned first, unsigned n, bool with_signed)
{
	Sotto__Relay__PreKeys *k = malloc(sizeof(*k));
	unsigned i;

	if (k == NULL)
		abort();
	sotto__relay__pre_keys__init(k);
	k->one_time_pre_keys = calloc(n + 1, sizeof(void *));
	k->kyber_pre_keys = calloc(n + 1, sizeof(void *));
	if (k->one_time_pre_keys == NULL || k->kyber_pre_keys == NULL)
		abort();
	for (i = 0; i < n; i++) {
		k->one_time_pre_keys[i] = make_one_time(first + i);
		k->kyber_pre_keys[i] = make_kyber(first + i);
	}
	k->n_one_time_pre_keys = k->n_kyber_pre_keys = n;
	if (with_signed) {
		k->signed_pre_key = make_signed(first);
		k->kyber_last_resort = make_kyber(first + n);
	}
	return k;
}

void
rc_keys_free(Sotto__Relay__PreKeys *k)
{
	sotto__relay__pre_keys__free_unpacked(k, NULL);
}

static int
ask_code(struct rc *c, const struct rc_person *p, const char *invite,
    Sotto__Relay__RegisterResponse **resp)
{
	Sotto__Relay__RegisterRequest req =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	char none[] = "", name[] = "test";
	struct rc_frame f;
	int r;

	req.phone = (char *)(uintptr_t)p->phone;
	req.invite = invite != NULL ? (char *)(uintptr_t)invite : none;
	req.device_name = name;
	r = rc_call(c, METHOD_REGISTER, &req.base, &f);
	if (r != 0)
		return r;
	*resp = sotto__relay__register_response__unpack(NULL, f.len, f.body);
	return *resp != NULL ? 0 : ERR_FORMAT;
}

static int
verify(struct rc *c, struct rc_person *p, ProtobufCBinaryData token, char *code,
    unsigned keys)
{
	Sotto__Relay__VerifyOtpRequest req =
	    SOTTO__RELAY__VERIFY_OTP_REQUEST__INIT;
	Sotto__Relay__VerifyOtpResponse *resp;
	struct rc_frame f;
	int r;

	req.token = token;
	req.code = code;
	req.registration_id = p->registration_id;
	req.identity_key.data = p->identity;
	req.identity_key.len = sizeof(p->identity);
	req.pre_keys = rc_keys_make(1, keys, true);
	r = rc_call(c, METHOD_VERIFY_OTP, &req.base, &f);
	rc_keys_free(req.pre_keys);
	if (r != 0)
		return r;
	resp = sotto__relay__verify_otp_response__unpack(NULL, f.len, f.body);
	if (resp == NULL)
		return ERR_FORMAT;
	if (resp->account_id.len == sizeof(p->account))
		memcpy(p->account, resp->account_id.data, sizeof(p->account));
	p->device_id = resp->device_id;
	sotto__relay__verify_otp_response__free_unpacked(resp, NULL);
	return 0;
}

int
rc_register(struct rc *c, struct rc_person *p, const char *invite,
    int (*code)(void *arg, char out[static 7]), void *arg, unsigned keys)
{
	Sotto__Relay__RegisterResponse *resp;
	char digits[7];
	int r;

	r = ask_code(c, p, invite, &resp);
	if (r != 0)
		return r;
	r = code(arg, digits);
	if (r == 0)
		r = verify(c, p, resp->token, digits, keys);
	sotto__relay__register_response__free_unpacked(resp, NULL);
	return r;
}

int
rc_send(struct rc *c, const struct rc_person *to, const void *id,
    const void *body, size_t len, bool ephemeral,
    Sotto__Relay__SendResponse **resp)
{
	Sotto__Relay__SendRequest req = SOTTO__RELAY__SEND_REQUEST__INIT;
	Sotto__Relay__AccountEnvelopes acc =
	    SOTTO__RELAY__ACCOUNT_ENVELOPES__INIT;
	Sotto__Relay__DeviceEnvelope env = SOTTO__RELAY__DEVICE_ENVELOPE__INIT;
	Sotto__Relay__AccountEnvelopes *accs = &acc;
	Sotto__Relay__DeviceEnvelope *envs = &env;
	Sotto__Relay__SendResponse *got;
	uint8_t random[RC_ID_LEN];
	struct rc_frame f;
	int r;

	randombytes_buf(random, sizeof(random));
	req.message_id.data = id != NULL ? (uint8_t *)(uintptr_t)id : random;
	req.message_id.len = RC_ID_LEN;
	req.ephemeral = ephemeral;
	req.accounts = &accs;
	req.n_accounts = 1;
	acc.account_id.data = (uint8_t *)(uintptr_t)to->account;
	acc.account_id.len = sizeof(to->account);
	acc.devices = &envs;
	acc.n_devices = 1;
	env.device_id = to->device_id;
	env.registration_id = to->registration_id;
	env.type = 2;
	env.ciphertext.data = (uint8_t *)(uintptr_t)body;
	env.ciphertext.len = len;
	r = rc_call(c, METHOD_SEND, &req.base, &f);
	if (r != 0)
		return r;
	got = sotto__relay__send_response__unpack(NULL, f.len, f.body);
	if (got == NULL)
		return ERR_FORMAT;
	if (resp != NULL)
		*resp = got;
	else
		sotto__relay__send_response__free_unpacked(got, NULL);
	return 0;
}

int
rc_ack(struct rc *c, uint64_t seq)
{
	Sotto__Relay__AckEvent ack = SOTTO__RELAY__ACK_EVENT__INIT;

	ack.seq = seq;
	return rc_put(c, FRAME_EVENT, EVENT_ACK, 0, &ack.base);
}

int
rc_deliver(struct rc *c, Sotto__Relay__DeliverEvent **ev)
{
	struct rc_frame f;
	int r = rc_event(c, EVENT_DELIVER, &f);

	if (r != 0)
		return r;
	*ev = sotto__relay__deliver_event__unpack(NULL, f.len, f.body);
	return *ev != NULL ? 0 : ERR_FORMAT;
}

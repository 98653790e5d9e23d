/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/stun/priv.h"
#include "tests/unit/test.h"
#include "tests/unit/turn_client.h"

#define ARGS_MAX 32
#define START_MS 1700000000000ULL

/* ---- the server ------------------------------------------------------------------- */

static uint64_t
now(void *arg)
{
	const struct ts *s = arg;

	return atomic_load(&s->now_ms);
}

void
ts_start(struct ts *s, const char *const *args)
{
	static const uint8_t secret[TURN_SECRET_LEN] = {7};
	char *argv[ARGS_MAX] = {lit("relay"), lit("--config=/dev/null"),
	    lit("--turn-listen=127.0.0.1:0"), lit("--turn-secret=" TC_SECRET),
	    lit("--turn-peers-allow=127.0.0.2/32"),
	    lit("--turn-unauthenticated=off")};
	enum relay_conf_todo todo;
	struct conf_err why;
	struct turn_env env;
	char text[TURN_WHY_CAP];
	struct buf out;
	int argc = 6;

	while (args != NULL && *args != NULL)
		argv[argc++] = lit(*args++);
	buf_init(&out, 4096);
	if (relay_conf_load(argc, argv, NULL, &s->conf, &todo, &out, &why) != 0)
		fail_msg("%s", why.text);
	buf_clear(&out);
	atomic_store(&s->now_ms, START_MS);
	s->clock = (struct relay_clock){now, now, s};
	s->log = (struct log){.level = LOG_LEVEL_ERROR};
	env = (struct turn_env){s->conf, secret, &s->log, &s->clock};
	if (turn_start(&s->turn, &env, text) != 0)
		fail_msg("%s", text);
}

void
ts_stop(struct ts *s)
{
	turn_free(s->turn);
	relay_conf_unref(s->conf);
}

/* ---- the client --------------------------------------------------------------------- */

static struct sockaddr_in
loopback(const char *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	return a;
}

static int
open_fd(int type, const char *ip, uint16_t *port)
{
	struct timeval wait = {.tv_sec = 10};
	struct sockaddr_in a = loopback(ip, 0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_ok(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	assert_ok(getsockname(fd, (struct sockaddr *)&a, &len));
	assert_ok(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)));
	*port = ntohs(a.sin_port);
	return fd;
}

static void
open_client(struct tc *c, struct ts *s, const char *who, int type)
{
	struct sockaddr_in to =
	    loopback("127.0.0.1", turn_port(s->turn, s->listen));

	memset(c, 0, sizeof(*c));
	c->tcp = type == SOCK_STREAM;
	c->fd = open_fd(type, "127.0.0.1", &c->port);
	assert_ok(connect(c->fd, (struct sockaddr *)&to, sizeof(to)));
	snprintf(c->name, sizeof(c->name), "%llu:%s",
	    (unsigned long long)START_MS / 1000 + 3600, who);
	turn_cred_password(c->password, TC_SECRET, strlen(TC_SECRET), c->name,
	    strlen(c->name));
}

void
tc_open(struct tc *c, struct ts *s, const char *who)
{
	open_client(c, s, who, SOCK_DGRAM);
}

void
tc_open_tcp(struct tc *c, struct ts *s, const char *who)
{
	open_client(c, s, who, SOCK_STREAM);
}

void
tc_close(struct tc *c)
{
	close(c->fd);
}

void
tc_put(struct tc *c, const void *p, size_t len)
{
	assert_int_equal(send(c->fd, p, len, MSG_NOSIGNAL), len);
}

static void
get_exactly(struct tc *c, uint8_t *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = recv(c->fd, p, len, 0);
		if (n <= 0)
			fail_msg("the server says nothing");
	}
}

size_t
tc_get(struct tc *c)
{
	ssize_t n;

	if (c->tcp) {
		get_exactly(c, c->in, 4);
		n = (ssize_t)stun_framed_len(c->in);
		assert_in_range(n, 4, sizeof(c->in));
		get_exactly(c, c->in + 4, (size_t)n - 4);
		return (size_t)n;
	}
	n = recv(c->fd, c->in, sizeof(c->in), 0);
	if (n < 0)
		fail_msg("the server says nothing");
	return (size_t)n;
}

void
tc_begin(struct tc *c, uint16_t method)
{
	uint8_t tid[STUN_TID_LEN];

	put32(tid, STUN_COOKIE);
	put32(tid + 4, ++c->transactions);
	put32(tid + 8, c->port);
	put32(tid + 12, 0);
	stun_begin(&c->o, c->out, sizeof(c->out), STUN_REQUEST, method, tid);
}

/* The answer to the request that has been sent; data on the way is dropped. */
static unsigned
await(struct tc *c)
{
	size_t n;

	do {
		n = tc_get(c);
	} while (c->in[0] >= 0x40);
	assert_ok(stun_read(&c->m, c->in, n));
	assert_memory_equal(stun_tid(&c->m), c->out + 4, STUN_TID_LEN);
	if (c->m.class == STUN_SUCCESS)
		return 0;
	assert_int_equal(c->m.class, STUN_ERROR);
	return stun_error_code(&c->m);
}

unsigned
tc_plain(struct tc *c)
{
	assert_int_not_equal(stun_end(&c->o), 0);
	tc_put(c, c->out, c->o.len);
	return await(c);
}

static void
text_of(struct tc *c, uint16_t type, char *out, size_t cap)
{
	struct stun_attr a;

	assert_true(stun_find(&c->m, type, &a));
	assert_true(a.len < cap);
	memcpy(out, a.v, a.len);
	out[a.len] = '\0';
}

static void
key_of(const struct tc *c, struct stun_key *k)
{
	stun_key_long(k, c->sha256 ? STUN_SHA256 : STUN_MD5, c->name,
	    strlen(c->name), c->realm, c->password);
}

static void
put_credentials(struct tc *c)
{
	static const uint8_t all[8] = {0, 2, 0, 0, 0, 1, 0, 0};
	struct stun_key k;

	stun_put_text(&c->o, STUN_ATTR_USERNAME, c->name);
	stun_put_text(&c->o, STUN_ATTR_REALM, c->realm);
	stun_put_text(&c->o, STUN_ATTR_NONCE, c->nonce);
	key_of(c, &k);
	if (c->sha256) {
		stun_put(&c->o, STUN_ATTR_PASSWORD_ALGORITHMS, all, 8);
		stun_put(&c->o, STUN_ATTR_PASSWORD_ALGORITHM, all, 4);
		stun_put_mac256(&c->o, k.b, k.len);
	} else {
		stun_put_mac(&c->o, k.b, k.len);
	}
}

unsigned
tc_call(struct tc *c)
{
	size_t len = c->o.len;
	struct stun_key k;
	unsigned code;
	int tries;

	for (tries = 0; tries < 3; tries++) {
		c->o.len = len;
		put16(c->out + 2, (unsigned)(len - STUN_HEADER));
		if (c->nonce[0] != '\0')
			put_credentials(c);
		code = tc_plain(c);
		if ((code != 401 && code != 438) ||
		    (code == 401 && c->nonce[0] != '\0'))
			break;
		text_of(c, STUN_ATTR_REALM, c->realm, sizeof(c->realm));
		text_of(c, STUN_ATTR_NONCE, c->nonce, sizeof(c->nonce));
	}
	key_of(c, &k);
	/* An answer to who has shown credentials is signed, errors too. */
	if (code != 400 && code != 401 && code != 438)
		assert_ok(stun_check(&c->m, k.b, k.len));
	return code;
}

/* ---- requests ---------------------------------------------------------------------------- */

unsigned
tc_allocate(struct tc *c)
{
	tc_begin(c, STUN_ALLOCATE);
	stun_put_u32(&c->o, STUN_ATTR_REQUESTED_TRANSPORT, 17u << 24);
	return tc_call(c);
}

void
tc_put_peer(struct tc *c, const char *ip, uint16_t port)
{
	struct stun_addr a = {.port = port};

	a.family = strchr(ip, ':') != NULL ? STUN_IPV6 : STUN_IPV4;
	assert_int_equal(
	    inet_pton(a.family == STUN_IPV6 ? AF_INET6 : AF_INET, ip, a.ip), 1);
	stun_put_addr(&c->o, STUN_ATTR_XOR_PEER_ADDRESS, &a);
}

unsigned
tc_permit(struct tc *c, const char *ip)
{
	tc_begin(c, STUN_CREATE_PERMISSION);
	tc_put_peer(c, ip, 0);
	return tc_call(c);
}

unsigned
tc_bind(struct tc *c, uint16_t channel, const char *ip, uint16_t port)
{
	tc_begin(c, STUN_CHANNEL_BIND);
	stun_put_u32(&c->o, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)channel << 16);
	tc_put_peer(c, ip, port);
	return tc_call(c);
}

unsigned
tc_refresh(struct tc *c, uint32_t seconds)
{
	tc_begin(c, STUN_REFRESH);
	stun_put_u32(&c->o, STUN_ATTR_LIFETIME, seconds);
	return tc_call(c);
}

uint16_t
tc_relayed(const struct tc *c)
{
	struct stun_addr addr;
	struct stun_attr a;

	assert_true(stun_find(&c->m, STUN_ATTR_XOR_RELAYED_ADDRESS, &a));
	assert_ok(stun_get_addr(&c->m, &a, &addr));
	return addr.port;
}

void
tc_send(struct tc *c, uint16_t port, const char *text)
{
	uint8_t tid[STUN_TID_LEN] = {0x21, 0x12, 0xa4, 0x42};

	stun_begin(
	    &c->o, c->out, sizeof(c->out), STUN_INDICATION, STUN_SEND, tid);
	tc_put_peer(c, "127.0.0.2", port);
	stun_put_text(&c->o, STUN_ATTR_DATA_BYTES, text);
	tc_put(c, c->out, stun_end(&c->o));
}

void
tc_expect_nothing(struct tc *c)
{
	size_t n;

	tc_begin(c, STUN_BINDING);
	tc_put(c, c->out, stun_end(&c->o));
	n = tc_get(c);
	assert_ok(stun_read(&c->m, c->in, n));
	assert_int_equal(c->m.method, STUN_BINDING);
	assert_memory_equal(stun_tid(&c->m), c->out + 4, STUN_TID_LEN);
}

/* ---- peers ------------------------------------------------------------------------------------ */

int
peer_open(uint16_t *port)
{
	return open_fd(SOCK_DGRAM, "127.0.0.2", port);
}

void
peer_put(int fd, uint16_t port, const char *text)
{
	struct sockaddr_in to = loopback("127.0.0.1", port);

	assert_int_equal(sendto(fd, text, strlen(text), 0,
			     (struct sockaddr *)&to, sizeof(to)),
	    strlen(text));
}

uint16_t
peer_expect(int fd, const char *text)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char got[2048];
	ssize_t n;

	n = recvfrom(
	    fd, got, sizeof(got) - 1, 0, (struct sockaddr *)&from, &len);
	if (n < 0)
		fail_msg("nothing comes through");
	got[n] = '\0';
	assert_string_equal(got, text);
	return ntohs(from.sin_port);
}

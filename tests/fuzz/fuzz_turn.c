/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_turn.c — what clients send to a TURN server, one message after another:
 * length (two bytes), a byte of who and how, the message. Signed ones get the
 * credentials that make the server look at them. Whatever comes, all slots are
 * free afterwards, and everything that was made is freed again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "relay/turn/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CLIENTS	   2
#define SIGNED	   0x80
#define MESSAGES   64
#define SECRET	   "north south east west"
#define NOW_S	   1700000000ULL
#define SIGNED_MAX 2048

static uint64_t
now(void *arg)
{
	(void)arg;
	return NOW_S * 1000;
}

static const struct relay_clock clock_ = {now, now, NULL};

static struct relay_conf *
settings(void)
{
	static char *argv[] = {(char *)"relay", (char *)"--config=/dev/null",
	    (char *)"--turn-listen=127.0.0.1:0",
	    (char *)"--turn-secret=" SECRET, (char *)"--turn-quota=3",
	    (char *)"--turn-peers-allow=127.0.0.0/8"};
	enum relay_conf_todo todo;
	struct relay_conf *c = NULL;
	struct conf_err why;
	struct buf out;

	buf_init(&out, 4096);
	if (relay_conf_load(6, argv, NULL, &c, &todo, &out, &why) != 0)
		abort();
	return c;
}

/* A server without a thread: its worker is driven from here. */
static struct turn *
server(void)
{
	static const uint8_t secret[TURN_SECRET_LEN];
	static const struct log log;
	struct turn_env env = {.secret = secret, .log = &log, .clock = &clock_};
	char why[TURN_WHY_CAP];
	struct turn *t;

	env.conf = settings();
	if (turn_start(&t, &env, why) != 0)
		abort();
	atomic_store(&t->stop, true);
	(void)pthread_join(t->workers[0].thread, NULL);
	t->workers[0].running = false;
	return t;
}

static uint8_t *
signed_message(
    struct worker *w, const struct from *f, const uint8_t *p, size_t *len)
{
	static uint8_t out[SIGNED_MAX];
	struct asked q = {.w = w, .from = f};
	char name[TURN_NAME_CAP], password[TURN_PASSWORD_CAP];
	uint8_t head[512];
	struct stun_out o, c;
	struct stun_attr a;
	struct stun_msg m;
	struct stun_key k;

	if (*len < STUN_HEADER || *len > SIGNED_MAX - 600 ||
	    turn_cred_name(name, NOW_S + 60, "ann") != 0)
		return NULL;
	stun_begin(&c, head, sizeof(head), STUN_ERROR, 1, p + 4);
	auth_challenge(&q, &c);
	if (stun_read(&m, head, stun_end(&c)) != 0)
		return NULL;
	turn_cred_password(
	    password, SECRET, strlen(SECRET), name, strlen(name));
	stun_key_long(&k, STUN_MD5, name, strlen(name), "sotto", password);
	memcpy(out, p, *len);
	o = (struct stun_out){out, sizeof(out), *len & ~(size_t)3, false};
	stun_put_text(&o, STUN_ATTR_USERNAME, name);
	stun_put_text(&o, STUN_ATTR_REALM, "sotto");
	if (stun_find(&m, STUN_ATTR_NONCE, &a))
		stun_put(&o, STUN_ATTR_NONCE, a.v, a.len);
	stun_put_mac(&o, k.b, k.len);
	*len = stun_end(&o);
	return out;
}

static void
one(struct worker *w, uint8_t how, const uint8_t *p, size_t len)
{
	uint16_t slot = slot_take(w);
	struct from f = {.listener = &w->listeners[0]};
	const uint8_t *q = p;

	f.addr.in.sin_family = AF_INET;
	f.addr.in.sin_addr.s_addr = htonl(0x7f000001);
	f.addr.in.sin_port = htons((uint16_t)(9 + how % CLIENTS));
	if ((how & SIGNED) != 0)
		q = signed_message(w, &f, p, &len);
	if (q == NULL || slot == SLOT_NONE) {
		slot_give(w, slot);
		return;
	}
	memcpy(slot_bytes(w, slot), q, len);
	path_from_client(w, &f, slot_bytes(w, slot), len, slot);
}

static void
end_all(struct worker *w)
{
	size_t i;

	path_flush(w);
	udp_flush(w);
	assert(w->n_free == SLOTS);
	for (i = 0; i < w->places; i++)
		while (w->table[i] != NULL)
			alloc_free(w, w->table[i]);
	assert(w->used == 0 && atomic_load(&w->t->allocations) == 0);
	for (i = 0; i < RESERVATIONS_MAX; i++)
		if (w->t->reserved[i].fd >= 0) {
			close(w->t->reserved[i].fd);
			w->t->reserved[i].fd = -1;
		}
	worker_bury(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct turn *t;
	struct worker *w;
	size_t n;
	int i;

	if (sodium_init() < 0)
		return 0;
	if (t == NULL)
		t = server();
	w = &t->workers[0];
	for (i = 0; i < MESSAGES && len >= 3; i++) {
		n = (size_t)(data[0] << 8 | data[1]);
		n = n < len - 3 ? n : len - 3;
		one(w, data[2], data + 3, n);
		data += 3 + n;
		len -= 3 + n;
	}
	end_all(w);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * priv.h — what the files of this folder share.
 *
 * A worker is a thread with its own sockets, allocations and clock; the system
 * spreads clients over the workers (SO_REUSEPORT), and a client's packets always
 * come to the same one. Under t->lock: users (quotas) and reserved ports, which
 * are touched when allocations come and go, never for a packet.
 *
 * Rules of the loop:
 *  1. What is freed while events are handled goes to the worker's graveyard and
 *     is freed after the last of them; its watch has no file by then.
 *  2. A slot is owned by exactly one: the free stack, who received into it, or a
 *     datagram that is queued. Queues are empty when the loop sleeps.
 *  3. Data is never copied on its way: heads are written in front of it.
 */
#ifndef RELAY_TURN_PRIV_H
#define RELAY_TURN_PRIV_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/stun/stun.h"
#include "relay/abuse/cidr.h"
#include "relay/net/wheel.h"
#include "relay/turn/turn.h"

struct ssl_st; /* OpenSSL's SSL, SSL_CTX */
struct ssl_ctx_st;

#define SLOTS	     256 /* datagrams in hand, a worker */
#define SLOT_HEAD    64 /* room for a head before a datagram */
#define SLOT_MAX     65536 /* bytes of a datagram */
#define SLOT_NONE    UINT16_MAX
#define RECV_CLIENTS 32 /* datagrams of one read */
#define RECV_PEERS   8
#define OUT_MAX	     64 /* datagrams of one write */
#define SEGMENTS_MAX 16 /* of those the system cuts itself */

#define PERMISSION_S	  300 /* RFC 8656 §9 */
#define CHANNEL_S	  600 /* §12 */
#define LIFETIME_DEFAULT  600 /* §3.2 */
#define LIFETIME_MAX	  3600
#define RESERVATION_MS	  30000 /* §7.2 */
#define NONCE_S		  3600 /* §5: at least an hour */
#define PERMISSIONS_MAX	  64 /* an allocation */
#define CHANNELS_MAX	  64
#define RESERVATIONS_MAX  256
#define TOKEN_LEN	  8
#define WHO_LEN		  16
#define STREAM_IDLE_MS	  30000 /* a connection without allocation */
#define STREAM_OUT_MAX	  (256 * 1024) /* unsent bytes: answers */
#define STREAM_DATA_MAX	  (64 * 1024) /* the same: data is dropped */
#define ANSWER_CAP	  1024
#define NAME_HASH_BUCKETS 1024
#define GUARD_PLACES	  4096

union sa {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Where a datagram came in, when the socket is bound to no address. */
union local {
	struct in_pktinfo in;
	struct in6_pktinfo in6;
};

enum watch_kind {
	WATCH_WAKE,
	WATCH_UDP,
	WATCH_TCP,
	WATCH_STREAM,
	WATCH_PEERS,
};

struct watch {
	enum watch_kind kind;
	int fd; /* -1: dead */
};

struct worker;

struct timer {
	struct wheel_node node;
	void (*fire)(struct worker *w, struct timer *t);
};

struct listener {
	struct watch w;
	struct worker *worker;
	union sa addr;
	bool any; /* bound to no address: struct local counts */
};

/* A datagram that is about to be sent. */
struct dgram {
	union sa to;
	union local local;
	uint8_t *p;
	uint32_t len;
	uint16_t slot; /* to give back; SLOT_NONE */
	uint16_t next; /* of the same allocation; SLOT_NONE */
};

struct permission {
	uint8_t ip[16]; /* as in struct net_addr */
	uint32_t until; /* seconds of the worker's clock */
};

struct channel {
	union sa peer;
	uint16_t number;
	uint32_t until;
	uint32_t permitted; /* permission of its address, until then */
};

struct user {
	struct user *next;
	uint32_t allocations;
	uint8_t who[WHO_LEN];
};

/* Bytes a second, as one time stamp. */
struct meter {
	uint64_t full_us;
};

struct stream;

struct alloc {
	struct watch w; /* the relay socket */
	struct alloc *next; /* of the same place in the table */
	struct timer timer;
	struct list grave;
	struct list dirty; /* has datagrams for peers */
	uint16_t first, last; /* of them; SLOT_NONE */
	struct listener *listener;
	struct stream *stream; /* NULL: UDP */
	union sa client;
	union local local;
	union sa relayed; /* as the socket is bound */
	struct user *user;
	uint8_t who[WHO_LEN]; /* of the whole user name */
	struct stun_key key;
	uint8_t tid[STUN_TID_LEN]; /* of the request that made it */
	uint8_t token[TOKEN_LEN]; /* of the port it has reserved */
	bool reserved;
	uint64_t expires_ms;
	struct permission *permissions;
	struct channel *channels;
	uint8_t n_permissions, n_channels;
	struct meter up, down;
};

struct stream {
	struct watch w;
	struct list link, grave;
	struct timer timer;
	struct listener *listener;
	struct alloc *alloc;
	union sa peer;
	struct ssl_st *ssl;
	bool known; /* TLS or not */
	bool shaken; /* TLS is up */
	bool writing; /* EPOLLOUT is asked for */
	uint8_t *in; /* an unfinished message */
	size_t in_len;
	uint8_t *out;
	size_t out_len, out_cap;
};

/* Who sent something, and how to answer. */
struct from {
	struct listener *listener;
	struct stream *stream; /* NULL: UDP */
	union sa addr;
	union local local;
};

/* name (as in metrics.h) */
#define TURN_COUNTS(X)                                                         \
	X(turn_requests)                                                       \
	X(turn_refused)                                                        \
	X(turn_malformed)                                                      \
	X(turn_rate_limited)                                                   \
	X(turn_dropped)                                                        \
	X(turn_relayed_packets)                                                \
	X(turn_relayed_bytes)                                                  \
	X(turn_allocations)                                                    \
	X(turn_streams)

struct counts {
#define X(name) int64_t name;
	TURN_COUNTS(X)
#undef X
};

/* Tokens of networks that ask without credentials. */
struct guard {
	uint64_t full_us[GUARD_PLACES];
	uint8_t seed[16];
};

struct worker {
	struct turn *t;
	pthread_t thread;
	bool running;
	int epoll;
	struct watch wake;
	struct listener *listeners;
	size_t n_listeners;
	uint64_t now_ms;
	uint32_t now_s;
	uint32_t expired_s; /* when reservations were looked at */
	struct wheel wheel;
	struct alloc **table;
	size_t places, used; /* places is a power of two */
	uint8_t seed[16];
	struct list graves, stream_graves, streams;
	uint8_t *area;
	uint16_t free[SLOTS];
	size_t n_free;
	struct dgram to_clients[OUT_MAX];
	size_t n_to_clients;
	struct listener *out; /* whose they are */
	struct dgram to_peers[OUT_MAX];
	size_t n_to_peers;
	struct list dirty;
	uint8_t *rbuf; /* of streams */
	bool no_segments; /* the system does not cut */
	struct guard guard;
	struct counts counts;
};

struct reservation {
	uint8_t token[TOKEN_LEN];
	uint64_t expires_ms;
	union sa addr;
	int fd; /* -1: free */
};

struct turn {
	const struct relay_conf *conf;
	const struct log *log;
	const struct relay_clock *clock;
	uint8_t nonce_key[32];
	char secret[128];
	char *realm;
	union sa relay[2]; /* IPv4, IPv6; family 0: none */
	union sa external[2]; /* what clients are told */
	struct net_addr *own; /* addresses of this machine */
	size_t n_own;
	struct ssl_ctx_st *tls;
	uint16_t ports[16];
	size_t n_ports;
	atomic_bool stop;
	atomic_uint allocations;
	atomic_uint streams; /* as many: files are also what messages need */
	struct worker *workers;
	size_t n_workers;
	pthread_mutex_t lock;
	struct user *users[NAME_HASH_BUCKETS];
	struct reservation reserved[RESERVATIONS_MAX];
};

/* ---- addresses (peers.c) ------------------------------------------------------- */

bool sa_equal(const union sa *a, const union sa *b);
uint16_t sa_port(const union sa *a);
void sa_set_port(union sa *a, uint16_t port);
socklen_t sa_len(const union sa *a);
void sa_of_stun(union sa *out, const struct stun_addr *a);
void sa_to_stun(struct stun_addr *out, const union sa *a);
void sa_of_net(union sa *out, const struct net_addr *a, uint16_t port);
/* Which of our addresses, where the listener (may be NULL) has several. */
bool local_equal(
    const struct listener *l, const union local *a, const union local *b);
bool sa_same_ip(const union sa *a, const union sa *b);

/* Whether clients may send there; port 0: whether to any port. */
bool peer_allowed(const struct turn *t, const union sa *peer);
/* As clients see us, and as our sockets do. */
void peer_inward(const struct turn *t, union sa *peer);
void peer_outward(const struct turn *t, union sa *peer);

/* ---- sockets (listen.c, ports.c) ------------------------------------------------- */

int listen_open(struct turn *t, char why[static TURN_WHY_CAP]) MUST_USE;
int listen_addresses(struct turn *t, char why[static TURN_WHY_CAP]) MUST_USE;

/* A relay socket. even: with an even port; second (may be NULL): the next one,
 * too. 0; ERR_FULL no port is free. */
int port_open(struct turn *t, int family, bool even, int *fd, union sa *addr,
    int *second) MUST_USE;
/* Keep a socket for whoever shows the token. Takes fd on success. */
int port_reserve(struct turn *t, int fd, const union sa *addr, uint64_t now_ms,
    uint8_t token[static TOKEN_LEN]) MUST_USE; /* or ERR_FULL */
int port_claim(struct turn *t, const uint8_t token[static TOKEN_LEN],
    uint64_t now_ms, int *fd, union sa *addr) MUST_USE;
/* Close what nobody came for. */
void port_expire(struct turn *t, uint64_t now_ms);

/* ---- allocations (alloc.c) -------------------------------------------------------- */

struct alloc *alloc_find(struct worker *w, const struct from *f);
/* One more for somebody: 0; ERR_FULL its quota; ERR_NOMEM. */
int user_take(struct turn *t, const uint8_t who[static WHO_LEN],
    struct user **out) MUST_USE;
void user_drop(struct turn *t, struct user *u);
/* Into table, wheel and epoll; a->w.fd is the relay socket. */
int alloc_add(struct worker *w, struct alloc *a) MUST_USE;
void alloc_free(struct worker *w, struct alloc *a);
void alloc_lifetime(struct worker *w, struct alloc *a, uint32_t seconds);
/* Rooms for n more addresses, and then there they are. */
bool permission_fits(const struct worker *w, const struct alloc *a, size_t n);
int permission_add(
    struct worker *w, struct alloc *a, const union sa *peer) MUST_USE;
bool permission_has(
    const struct worker *w, const struct alloc *a, const union sa *peer);
struct channel *channel_by_number(
    const struct worker *w, const struct alloc *a, uint16_t number);
struct channel *channel_by_peer(
    const struct worker *w, const struct alloc *a, const union sa *peer);
/* 0; ERR_STATE number or peer have another; ERR_FULL; ERR_NOMEM. */
int channel_bind(struct worker *w, struct alloc *a, uint16_t number,
    const union sa *peer) MUST_USE;

/* ---- packets (udp.c, path.c) -------------------------------------------------------- */

uint16_t slot_take(struct worker *w);
void slot_give(struct worker *w, uint16_t slot);
uint8_t *slot_bytes(const struct worker *w, uint16_t slot);

void udp_readable(struct worker *w, struct listener *l);
/* Send to a client from the slot (given back), or copied to its stream. */
void udp_to_client(struct worker *w, struct listener *l, const union sa *to,
    const union local *local, uint8_t *p, size_t len, uint16_t slot);
void udp_flush(struct worker *w);
/* n datagrams through one socket; those that fail are lost, as on any network.
 */
void udp_send(struct worker *w, int fd, const struct listener *from,
    struct dgram *const *d, size_t n);

/* One message or ChannelData of a client; the slot (SLOT_NONE) is taken. */
void path_from_client(struct worker *w, const struct from *f, uint8_t *p,
    size_t len, uint16_t slot);
void path_from_peers(struct worker *w, struct alloc *a);
/* Queue for the allocation's socket; the slot is taken. */
void path_to_peer(struct worker *w, struct alloc *a, const union sa *peer,
    uint8_t *p, size_t len, uint16_t slot);
/* All that is queued for peers. */
void path_flush(struct worker *w);
bool meter_take(const struct worker *w, struct meter *m, size_t bytes);

/* ---- requests (request.c, auth.c) ---------------------------------------------------- */

void request(struct worker *w, const struct from *f, const struct stun_msg *m);

struct asked {
	struct worker *w;
	const struct from *from;
	const struct stun_msg *m;
	struct alloc *a; /* NULL: none */
	struct stun_key key; /* after authentication */
	bool signing; /* with key, from now on */
	uint8_t who[WHO_LEN]; /* of the whole name */
	uint8_t quota[WHO_LEN]; /* of whom turn-quota counts */
	bool drop_after; /* the allocation, when the answer is out */
	uint16_t unknown[8];
	size_t n_unknown;
};

enum stun_code auth_check(struct asked *q);
/* REALM, NONCE and algorithms of a 401 or 438. */
void auth_challenge(const struct asked *q, struct stun_out *o);
/* Whether somebody without credentials is answered now. */
bool guard_take(struct worker *w, const union sa *from);

/* ---- streams (stream.c) ----------------------------------------------------------------- */

int tls_open(struct turn *t, char why[static TURN_WHY_CAP]) MUST_USE;
void tls_free(struct turn *t);
void stream_accept(struct worker *w, struct listener *l);
void stream_event(struct worker *w, struct stream *s, uint32_t events);
/* Padded to 4 already. data: may be dropped. */
void stream_send(struct worker *w, struct stream *s, const uint8_t *p,
    size_t len, bool data);
void stream_close(struct worker *w, struct stream *s);
/* The allocation has gone: wait for another a while. */
void stream_idle(struct worker *w, struct stream *s);

/* ---- the loop (worker.c) ---------------------------------------------------------------- */

int worker_init(struct worker *w, struct turn *t) MUST_USE;
void *worker_main(void *arg);
void worker_clear(struct worker *w);
/* Rule 1. */
void worker_bury(struct worker *w);
int worker_watch(struct worker *w, struct watch *h, uint32_t events) MUST_USE;
void worker_rewatch(struct worker *w, struct watch *h, uint32_t events);
void worker_unwatch(struct worker *w, struct watch *h);
void timer_set(struct worker *w, struct timer *t, uint64_t delay_ms);

#endif

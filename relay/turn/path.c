/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path.c — data between clients and their peers. RFC 8656 §11, §12. */
#include <sodium.h>

#include "relay/turn/priv.h"

/* Bytes a second up to a second's worth at once. */
bool
meter_take(const struct worker *w, struct meter *m, size_t bytes)
{
	uint64_t rate = w->t->conf->turn_bandwidth, now = w->now_ms * 1000;
	uint64_t full = m->full_us;

	if (rate == 0)
		return true;
	if (full + 1000000 < now)
		full = now - 1000000;
	full += bytes * 1000000 / rate;
	if (full > now)
		return false;
	m->full_us = full;
	return true;
}

static void
count(struct worker *w, size_t bytes)
{
	w->counts.turn_relayed_packets++;
	w->counts.turn_relayed_bytes += (int64_t)bytes;
}

static void
drop(struct worker *w, uint16_t slot)
{
	w->counts.turn_dropped++;
	slot_give(w, slot);
}

/* ---- to peers ------------------------------------------------------------------------ */

static void
flush_alloc(struct worker *w, struct alloc *a)
{
	struct dgram *d[OUT_MAX];
	size_t n = 0, i;
	uint16_t at;

	for (at = a->first; at != SLOT_NONE; at = w->to_peers[at].next)
		d[n++] = &w->to_peers[at];
	if (n > 0)
		udp_send(w, a->w.fd, NULL, d, n);
	for (i = 0; i < n; i++)
		slot_give(w, d[i]->slot);
	a->first = a->last = SLOT_NONE;
}

void
path_flush(struct worker *w)
{
	struct list *n;

	while ((n = list_pop(&w->dirty)) != NULL)
		flush_alloc(w, LIST_OF(n, struct alloc, dirty));
	w->n_to_peers = 0;
}

void
path_to_peer(struct worker *w, struct alloc *a, const union sa *peer,
    uint8_t *p, size_t len, uint16_t slot)
{
	struct dgram *d;
	uint16_t at;

	if (!meter_take(w, &a->up, len)) {
		drop(w, slot);
		return;
	}
	count(w, len);
	if (w->n_to_peers == OUT_MAX)
		path_flush(w);
	at = (uint16_t)w->n_to_peers++;
	d = &w->to_peers[at];
	d->to = *peer;
	d->p = p;
	d->len = (uint32_t)len;
	d->slot = slot;
	d->next = SLOT_NONE;
	memset(&d->local, 0, sizeof(d->local));
	if (a->last != SLOT_NONE)
		w->to_peers[a->last].next = at;
	else
		a->first = at;
	a->last = at;
	if (!list_linked(&a->dirty))
		list_add(&w->dirty, &a->dirty);
}

static void
channel_data(struct worker *w, const struct from *f, uint8_t *p, size_t len,
    uint16_t slot)
{
	struct alloc *a = alloc_find(w, f);
	const struct channel *c;
	size_t n;

	n = len >= STUN_CHANNEL_HEAD ? (size_t)(p[2] << 8 | p[3]) : SLOT_MAX;
	if (n + STUN_CHANNEL_HEAD > len) {
		w->counts.turn_malformed++;
		slot_give(w, slot);
		return;
	}
	c = a != NULL ? channel_by_number(w, a, (uint16_t)(p[0] << 8 | p[1]))
		      : NULL;
	if (c == NULL)
		drop(w, slot);
	else
		path_to_peer(w, a, &c->peer, p + STUN_CHANNEL_HEAD, n, slot);
}

/* The packet must not be cut on its way (§15): on its own, so that the switch
 * concerns no other. */
static void
send_uncut(struct worker *w, struct alloc *a, const union sa *peer, uint8_t *p,
    size_t len, uint16_t slot)
{
	int on = IP_PMTUDISC_DO, off = IP_PMTUDISC_DONT;

	path_flush(w);
	(void)setsockopt(a->w.fd, IPPROTO_IP, IP_MTU_DISCOVER, &on, sizeof(on));
	path_to_peer(w, a, peer, p, len, slot);
	path_flush(w);
	(void)setsockopt(
	    a->w.fd, IPPROTO_IP, IP_MTU_DISCOVER, &off, sizeof(off));
}

/* §11.2 */
static void
send_indication(struct worker *w, const struct from *f,
    const struct stun_msg *m, uint16_t slot)
{
	struct alloc *a = alloc_find(w, f);
	struct stun_attr peer_attr, data, df;
	struct stun_addr addr;
	union sa peer;

	if (!stun_find(m, STUN_ATTR_XOR_PEER_ADDRESS, &peer_attr) ||
	    !stun_find(m, STUN_ATTR_DATA_BYTES, &data) ||
	    stun_get_addr(m, &peer_attr, &addr) != 0) {
		w->counts.turn_malformed++;
		slot_give(w, slot);
		return;
	}
	sa_of_stun(&peer, &addr);
	peer_inward(w->t, &peer);
	if (a == NULL || peer.sa.sa_family != a->relayed.sa.sa_family ||
	    stun_unknown(m, NULL, 0) > 0 || !permission_has(w, a, &peer) ||
	    !peer_allowed(w->t, &peer))
		drop(w, slot);
	else if (peer.sa.sa_family == AF_INET &&
		 stun_find(m, STUN_ATTR_DONT_FRAGMENT, &df))
		send_uncut(
		    w, a, &peer, (uint8_t *)(uintptr_t)data.v, data.len, slot);
	else
		path_to_peer(
		    w, a, &peer, (uint8_t *)(uintptr_t)data.v, data.len, slot);
}

void
path_from_client(struct worker *w, const struct from *f, uint8_t *p, size_t len,
    uint16_t slot)
{
	struct stun_msg m;

	if (len > 0 && p[0] >= 0x40 && p[0] < 0x80) {
		channel_data(w, f, p, len, slot);
		return;
	}
	if (stun_read(&m, p, len) != 0) {
		w->counts.turn_malformed++;
	} else if (m.class == STUN_REQUEST) {
		request(w, f, &m);
	} else if (m.class == STUN_INDICATION && m.method == STUN_SEND) {
		send_indication(w, f, &m, slot);
		return;
	}
	slot_give(w, slot);
}

/* ---- from peers --------------------------------------------------------------------- */

/* The message stands at p already, its head included. Takes the slot. */
static void
to_client(
    struct worker *w, struct alloc *a, uint8_t *p, size_t len, uint16_t slot)
{
	static const uint8_t zeros[3];
	size_t pad = (0 - len) & 3;

	if (a->stream == NULL) {
		/* ChannelData is padded on streams only (§12.5). */
		udp_to_client(w, a->listener, &a->client, &a->local, p,
		    p[0] >= 0x40 ? len : len + pad, slot);
		return;
	}
	memcpy(p + len, zeros, pad);
	stream_send(w, a->stream, p, len + pad, true);
	slot_give(w, slot);
}

static void
data_indication(struct worker *w, struct alloc *a, const union sa *peer,
    uint8_t *p, size_t len, uint16_t slot)
{
	uint8_t head[STUN_DATA_HEAD_MAX], tid[STUN_TID_LEN];
	struct stun_addr addr;
	union sa outward = *peer;
	size_t n;

	tid[0] = 0x21;
	tid[1] = 0x12;
	tid[2] = 0xa4;
	tid[3] = 0x42;
	/* Nobody answers an indication: any number will do. */
	memcpy(tid + 4, &w->now_ms, 8);
	memcpy(tid + 12, &w->counts.turn_relayed_packets, 4);
	peer_outward(w->t, &outward);
	sa_to_stun(&addr, &outward);
	n = stun_data_head(head, tid, &addr, len);
	memcpy(p - n, head, n);
	memset(p + len, 0, (0 - len) & 3);
	to_client(w, a, p - n, n + len, slot);
}

/* §11.3, §12.7 */
static void
from_peer(struct worker *w, struct alloc *a, const union sa *peer, uint8_t *p,
    size_t len, uint16_t slot)
{
	struct channel *c = channel_by_peer(w, a, peer);
	bool permitted =
	    c != NULL ? c->permitted > w->now_s : permission_has(w, a, peer);

	if (!permitted || !meter_take(w, &a->down, len)) {
		drop(w, slot);
		return;
	}
	count(w, len);
	if (c == NULL) {
		data_indication(w, a, peer, p, len, slot);
		return;
	}
	p[-4] = (uint8_t)(c->number >> 8);
	p[-3] = (uint8_t)c->number;
	p[-2] = (uint8_t)(len >> 8);
	p[-1] = (uint8_t)len;
	to_client(w, a, p - STUN_CHANNEL_HEAD, STUN_CHANNEL_HEAD + len, slot);
}

void
path_from_peers(struct worker *w, struct alloc *a)
{
	struct mmsghdr m[RECV_PEERS];
	struct iovec v[RECV_PEERS];
	union sa from[RECV_PEERS];
	uint16_t slot[RECV_PEERS];
	int i, n, got;

	for (n = 0; n < RECV_PEERS; n++) {
		slot[n] = slot_take(w);
		if (slot[n] == SLOT_NONE)
			break;
		/* A head and it still have to be one datagram. */
		v[n] = (struct iovec){
		    slot_bytes(w, slot[n]), SLOT_MAX - 32 - SLOT_HEAD};
		m[n].msg_hdr = (struct msghdr){.msg_name = &from[n],
		    .msg_namelen = sizeof(from[n]),
		    .msg_iov = &v[n],
		    .msg_iovlen = 1};
	}
	got = recvmmsg(a->w.fd, m, (unsigned)n, MSG_DONTWAIT, NULL);
	for (i = 0; i < got && i < n; i++)
		if (a->w.fd >= 0)
			from_peer(w, a, &from[i], slot_bytes(w, slot[i]),
			    m[i].msg_len, slot[i]);
		else /* its client's stream broke meanwhile */
			slot_give(w, slot[i]);
	for (i = got > 0 ? got : 0; i < n; i++)
		slot_give(w, slot[i]);
}

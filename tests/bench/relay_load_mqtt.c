/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_load_mqtt.c — as much of MQTT 3.1.1 as 1:1 messages at QoS 1 with
 * sessions that persist need.
 * Spec: docs.oasis-open.org/mqtt/mqtt/v3.1.1, sections 2.2 and 3.1 to 3.9.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/relay_load.h"

enum { CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBACK = 9 };

static void
put(struct peer *p, const void *bytes, size_t n)
{
	if (buf_put(&p->out, bytes, n) != 0)
		load_die("memory");
}

static void
put_packet(struct peer *p, uint8_t head, const uint8_t *body, size_t len)
{
	uint8_t h[3] = {head, (uint8_t)(len % 128), (uint8_t)(len / 128)};

	if (len >= 128)
		h[1] |= 128;
	put(p, h, len >= 128 ? 3 : 2);
	put(p, body, len);
}

static size_t
put_text(uint8_t *at, const char *text)
{
	size_t n = strlen(text);

	put_be16(at, (uint16_t)n);
	memcpy(at + 2, text, n);
	return n + 2;
}

static void
mqtt_open(struct peer *p)
{
	uint8_t b[64];
	char id[16];
	size_t n;

	snprintf(id, sizeof(id), "%c%u", p->role == LOAD_SENDER ? 's' : 'r',
	    p->index);
	n = put_text(b, "MQTT");
	b[n++] = 4; /* 3.1.1 */
	b[n++] = 0; /* the session persists */
	b[n++] = 0;
	b[n++] = 0; /* no keep-alive */
	n += put_text(b + n, id);
	put_packet(p, 0x10, b, n);
	p->state = calloc(1, sizeof(uint16_t)); /* the last packet id */
	if (p->state == NULL)
		load_die("memory");
}

static void
subscribe(struct peer *p)
{
	uint8_t b[32] = {0, 1};
	char topic[16];
	size_t n = 2;

	snprintf(topic, sizeof(topic), "t/%u", p->index);
	n += put_text(b + n, topic);
	b[n++] = 1; /* QoS */
	put_packet(p, 0x82, b, n);
}

static void
mqtt_send(struct peer *p, uint32_t to, const uint8_t *body)
{
	uint8_t b[32 + LOAD_BODY];
	uint16_t *id = p->state;
	char topic[16];
	size_t n;

	if (++*id == 0)
		++*id;
	snprintf(topic, sizeof(topic), "t/%u", to);
	n = put_text(b, topic);
	put_be16(b + n, *id);
	memcpy(b + n + 2, body, LOAD_BODY);
	put_packet(p, 0x32, b, n + 2 + LOAD_BODY);
}

static void
on_publish(struct peer *p, const uint8_t *b, size_t len)
{
	size_t topic = get_be16(b);

	if (len < 2 + topic + 2)
		load_die("a short PUBLISH");
	load_got(p, b + 2 + topic + 2, len - topic - 4);
	put_packet(p, 0x40, b + 2 + topic, 2);
}

static void
on_packet(struct peer *p, uint8_t head, const uint8_t *b, size_t len)
{
	switch (head >> 4) {
	case CONNACK:
		if (len < 2 || b[1] != 0)
			load_die("refused");
		if (p->role == LOAD_RECEIVER)
			subscribe(p);
		else
			load_ready(p);
		break;
	case SUBACK:
		load_ready(p);
		break;
	case PUBACK:
		load_acked(p, 1);
		break;
	case PUBLISH:
		on_publish(p, b, len);
		break;
	default:
		break;
	}
}

/* The remaining length: 7 bits a byte. 0 or ERR_AGAIN. */
static int
read_length(const uint8_t *p, size_t len, size_t *n, size_t *used)
{
	size_t i;

	for (i = 0, *n = 0; i < 4 && i + 1 < len; i++) {
		*n |= (size_t)(p[i + 1] & 127) << 7 * i;
		if ((p[i + 1] & 128) == 0) {
			*used = i + 2;
			return 0;
		}
	}
	return ERR_AGAIN;
}

static void
mqtt_input(struct peer *p)
{
	size_t at = 0, n, head;

	while (read_length(p->in.p + at, p->in.len - at, &n, &head) == 0 &&
	       p->in.len - at >= head + n) {
		on_packet(p, p->in.p[at], p->in.p + at + head, n);
		at += head + n;
	}
	buf_drop(&p->in, at);
}

static void
mqtt_close(struct peer *p)
{
	free(p->state);
}

void
load_mqtt(struct load_proto *proto, uint16_t port)
{
	*proto = (struct load_proto){
	    .name = "mosquitto",
	    .host = "127.0.0.1",
	    .port = port,
	    .open = mqtt_open,
	    .input = mqtt_input,
	    .send = mqtt_send,
	    .close = mqtt_close,
	};
}

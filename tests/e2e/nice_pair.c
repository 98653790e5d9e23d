/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nice_pair.c — two of libnice's agents that may use nothing but a TURN server:
 * they gather, connect, and each sends the other messages until all have come.
 *   nice_pair SERVER-IP PORT udp|tcp NAME PASSWORD
 * Prints "gathered MS connected MS received N"; status 0 when all came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nice/agent.h>

#define MESSAGES  100
#define BYTES	  500
#define TIMEOUT_S 20

struct side {
	NiceAgent *agent;
	guint stream;
	struct side *other;
	struct pair *pair;
	int gathered, connected, sent, received;
};

struct pair {
	GMainLoop *loop;
	struct side side[2];
	gint64 start, gathered, connected;
	int ok;
};

static void
on_data(NiceAgent *agent, guint stream, guint component, guint len, gchar *buf,
    gpointer arg)
{
	struct side *s = arg;
	struct pair *p = s->pair;

	(void)agent;
	(void)stream;
	(void)component;
	/* In order or not: each says which it is. */
	if (len != BYTES || buf[1] != 'x')
		return;
	s->received++;
	p->ok =
	    p->side[0].received == MESSAGES && p->side[1].received == MESSAGES;
	if (p->ok)
		g_main_loop_quit(p->loop);
}

static gboolean
speak(gpointer arg)
{
	struct pair *p = arg;
	char text[BYTES];
	int i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < 2; i++) {
		if (!p->side[i].connected || p->side[i].sent == MESSAGES)
			continue;
		text[0] = (char)p->side[i].sent;
		if (nice_agent_send(p->side[i].agent, p->side[i].stream, 1,
			BYTES, text) == BYTES)
			p->side[i].sent++;
	}
	return G_SOURCE_CONTINUE;
}

static void
on_state(
    NiceAgent *agent, guint stream, guint component, guint state, gpointer arg)
{
	struct side *s = arg;

	(void)agent;
	(void)stream;
	(void)component;
	if (state != NICE_COMPONENT_STATE_CONNECTED &&
	    state != NICE_COMPONENT_STATE_READY)
		return;
	s->connected = 1;
	if (s->other->connected && s->pair->connected == 0)
		s->pair->connected = g_get_monotonic_time();
}

/* Each learns what the other has, as signals would carry it. */
static void
exchange(struct side *from, struct side *to)
{
	gchar *ufrag, *password;
	GSList *l;

	nice_agent_get_local_credentials(
	    from->agent, from->stream, &ufrag, &password);
	nice_agent_set_remote_credentials(
	    to->agent, to->stream, ufrag, password);
	l = nice_agent_get_local_candidates(from->agent, from->stream, 1);
	if (l == NULL) {
		fprintf(stderr, "no candidate: the server gave no port\n");
		exit(1);
	}
	nice_agent_set_remote_candidates(to->agent, to->stream, 1, l);
	g_slist_free_full(l, (GDestroyNotify)nice_candidate_free);
	g_free(ufrag);
	g_free(password);
}

static void
on_gathered(NiceAgent *agent, guint stream, gpointer arg)
{
	struct side *s = arg;

	(void)agent;
	(void)stream;
	s->gathered = 1;
	if (!s->other->gathered)
		return;
	s->pair->gathered = g_get_monotonic_time();
	exchange(s, s->other);
	exchange(s->other, s);
}

static gboolean
give_up(gpointer arg)
{
	g_main_loop_quit(((struct pair *)arg)->loop);
	return G_SOURCE_REMOVE;
}

static void
open_side(struct pair *p, int i, char **argv)
{
	struct side *s = &p->side[i];
	GMainContext *context = g_main_loop_get_context(p->loop);

	s->pair = p;
	s->other = &p->side[!i];
	s->agent = nice_agent_new(context, NICE_COMPATIBILITY_RFC5245);
	g_object_set(s->agent, "controlling-mode", i == 0, "force-relay", TRUE,
	    "upnp", FALSE, NULL);
	s->stream = nice_agent_add_stream(s->agent, 1);
	g_signal_connect(
	    s->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), s);
	g_signal_connect(
	    s->agent, "component-state-changed", G_CALLBACK(on_state), s);
	nice_agent_attach_recv(s->agent, s->stream, 1, context, on_data, s);
	if (!nice_agent_set_relay_info(s->agent, s->stream, 1, argv[1],
		(guint)strtoul(argv[2], NULL, 10), argv[4], argv[5],
		strcmp(argv[3], "tcp") == 0 ? NICE_RELAY_TYPE_TURN_TCP
					    : NICE_RELAY_TYPE_TURN_UDP) ||
	    !nice_agent_gather_candidates(s->agent, s->stream)) {
		fprintf(stderr, "the agent does not start\n");
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	struct pair p;

	if (argc != 6) {
		fprintf(stderr, "usage: see tests/e2e/nice_pair.c\n");
		return 2;
	}
	memset(&p, 0, sizeof(p));
	p.loop = g_main_loop_new(NULL, FALSE);
	p.start = g_get_monotonic_time();
	open_side(&p, 0, argv);
	open_side(&p, 1, argv);
	g_timeout_add(2, speak, &p);
	g_timeout_add_seconds(TIMEOUT_S, give_up, &p);
	g_main_loop_run(p.loop);
	printf("gathered %d connected %d received %d\n",
	    (int)((p.gathered - p.start) / 1000),
	    (int)((p.connected - p.start) / 1000),
	    p.side[0].received + p.side[1].received);
	g_object_unref(p.side[0].agent);
	g_object_unref(p.side[1].agent);
	g_main_loop_unref(p.loop);
	return p.ok ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sound_server.h — a PulseAudio of the test's own: one loudspeaker, "spk",
 * whose sound the microphone "spk.monitor" hears. */
#ifndef TESTS_UNIT_SOUND_SERVER_H
#define TESTS_UNIT_SOUND_SERVER_H

#include <sys/types.h>

struct sound_server {
	char dir[64];
	pid_t pid;
};

/* Answers when this returns; $PULSE_SERVER names it. Fails the test when
 * PulseAudio is not installed or does not start. */
void sound_server_start(struct sound_server *s);
/* Killed, and gone when this returns; may be called again. */
void sound_server_stop(struct sound_server *s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c — sotto-audio: started by sotto, with one socket as descriptor 0. It
 * has the microphone and the loudspeaker, and the libraries that reach them,
 * so that those never share a process with keys.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "media/audio/serve.h"

int
main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};
	int type = 0;
	socklen_t len = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("sotto-audio %s\n", SOTTO_VERSION) < 0;
	if (argc != 1 || getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
		fputs(
		    "sotto-audio is started by sotto, not by people\n", stderr);
		return 2;
	}
	/* Ctrl-C on a terminal is for who started us, and may mean "enough". */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	/* What is said into a microphone is in no core file. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return 3;
	return audio_serve(0) == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c — sotto-preview: started by sotto, with one socket as descriptor 0.
 * It decodes what others made, where a hole in a decoder reaches nothing.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/preview/picture.h"
#include "media/preview/qr.h"
#include "media/preview/render.h"
#include "media/preview/sandbox.h"
#include "media/preview/serve.h"

int
main(int argc, char **argv)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("sotto-preview %s\n", SOTTO_VERSION) < 0;
	if (argc != 1 || getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
		fputs("sotto-preview is started by sotto, not by people\n",
		    stderr);
		return 2;
	}
	picture_warm_up();
	qr_warm_up();
	render_warm_up();
	if (sandbox_enter(SANDBOX_MEMORY_BYTES) != 0)
		return 3;
	/* Without what exit() does: leak checkers would need system calls. */
	_exit(serve(0) == 0 ? 0 : 1);
}

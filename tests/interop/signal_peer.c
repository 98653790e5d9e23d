/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_peer.c — our Signal protocol behind JSON lines, so that it can be
 * driven against other implementations. tests/interop/README.md.
 */
#include <sodium.h>

#include "tests/interop/signal_peer.h"

static const struct peer_cmd commands[] = {
#define X(name) {#name, cmd_##name},
    SIGNAL_PEER_CMDS(X)
#undef X
};

int
main(void)
{
	static struct me me;

	if (sodium_init() < 0)
		return 2;
	return peer_serve(commands, ARRAY_LEN(commands), &me);
}

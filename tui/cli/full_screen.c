/* SPDX-License-Identifier: GPL-3.0-or-later */
/* full_screen.c — `sotto` without a command. */
#include "tui/cli/cli.h"
#include "tui/screen/screen.h"

int
cli_tui(void *ctx, const struct cli_args *args)
{
	const struct cli_opts *o = args->opts;
	char country[8];
	struct front_opts fo = cli_front_opts(o, country);
	struct screen_opts so = {
	    .profile = fo.profile,
	    .passphrase_command = fo.passphrase_command,
	    .key_file = fo.key_file,
	    .country = fo.country,
	    .proxy = fo.proxy,
	};

	(void)ctx;
	return screen_run(&so);
}

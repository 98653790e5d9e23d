/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli.h — the `sotto` program: its command table. sotto(1). */
#ifndef TUI_CLI_CLI_H
#define TUI_CLI_CLI_H

#include "common/base.h"
#include "common/conf.h"
#include "tui/cli/args.h"
#include "tui/cli/front.h"

/* Options of the program, from flags, SOTTO_*, and the configuration file. */
struct cli_opts {
	bool help, version;
	char *profile;
	char *passphrase_command;
	char *key_file;
	uint32_t country;
	char *proxy;
	uint64_t timeout_ms;
	bool json;
};

extern const struct conf_spec cli_prog;

/* How a front is opened with these options. */
struct front_opts cli_front_opts(const struct cli_opts *o, char country[8]);

/* Run the program; returns its exit status. */
int cli_main(int argc, char **argv) MUST_USE;

cli_fn cli_group, cli_status;
cli_fn cli_preview, cli_sound;
cli_fn cli_tui, cli_register, cli_account, cli_send, cli_recv, cli_list,
    cli_search, cli_safety, cli_profile, cli_passphrase, cli_check, cli_export,
    cli_backup, cli_link, cli_devices, cli_react, cli_edit, cli_delete,
    cli_reply, cli_forward, cli_star, cli_unstar, cli_starred, cli_info,
    cli_open, cli_fetch, cli_downloads, cli_mute, cli_unmute, cli_pin,
    cli_unpin, cli_archive, cli_unarchive, cli_unread, cli_read, cli_block,
    cli_unblock, cli_name, cli_timer, cli_clear_chat, cli_report;

#endif

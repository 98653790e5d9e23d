/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/base/paths.h"
#include "tui/cli/cli.h"
#include "tui/cli/commands.h"

#define HELP_MAX   65536
#define CONFIG_MAX 65536

static const struct conf_row prog_rows[] = {
    {.name = "help",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct cli_opts, help),
	.letter = 'h',
	.doc = "Print this, or with a command its own help."},
    {.name = "version",
	.type = CONF_BOOL,
	.flags = CONF_FLAG_ONLY,
	.off = offsetof(struct cli_opts, version),
	.doc = "Print the version."},
    {.name = "profile",
	.type = CONF_STRING,
	.off = offsetof(struct cli_opts, profile),
	.max = PATHS_PROFILE_MAX,
	.letter = 'p',
	.doc = "Use this profile: an account of its own, with its own store."},
    {.name = "passphrase-command",
	.type = CONF_STRING,
	.off = offsetof(struct cli_opts, passphrase_command),
	.doc = "Run this by the shell; the first line it prints unlocks the "
	       "store."},
    {.name = "key-file",
	.type = CONF_PATH,
	.off = offsetof(struct cli_opts, key_file),
	.doc = "Unlock the store with this file of 32 random bytes or more."},
    {.name = "home-country",
	.type = CONF_U32,
	.off = offsetof(struct cli_opts, country),
	.max = 999,
	.def = "0",
	.doc = "Country calling code of numbers typed without one, for "
	       "example 49. 0: every number needs its code."},
    {.name = "proxy",
	.type = CONF_STRING,
	.off = offsetof(struct cli_opts, proxy),
	.doc = "Reach the relay through this proxy: socks5h://HOST:PORT or "
	       "http://HOST:PORT."},
    {.name = "timeout",
	.type = CONF_DURATION,
	.off = offsetof(struct cli_opts, timeout_ms),
	.def = "30s",
	.doc = "How long a command waits for the relay. 0: without end."},
    {.name = "json",
	.type = CONF_BOOL,
	.off = offsetof(struct cli_opts, json),
	.doc = "Print JSON, one object a line, for programs."},
};

const struct conf_spec cli_prog = {
    .prog = "sotto",
    .prefix = "SOTTO",
    .usage = "[OPTION...] [COMMAND [OPTION...] [ARGUMENT...]]",
    .about = "End-to-end encrypted messages in the terminal. Without a "
	     "command: the full-screen client.",
    .rows = prog_rows,
    .nrows = ARRAY_LEN(prog_rows),
    .size = sizeof(struct cli_opts),
};

static const struct cli_cmd cmds[] = {
    {.name = "", .args = "", .help = "the full-screen client", .fn = cli_tui},
    {.name = "register",
	.args = "",
	.help = "make this profile a device of your account",
	.more = "Asks the relay for a one-time code, reads it from standard "
		"input, and makes the keys of this device.",
	.rows = register_rows,
	.nrows = REGISTER_ROWS,
	.size = sizeof(struct register_opts),
	.fn = cli_register},
    {.name = "link",
	.args = "",
	.help = "make this profile another device of your account",
	.more = "Prints a QR code, and the same as text. On the device that "
		"registered the number give either to `sotto link --answer`, "
		"compare the six digits that both print, and say yes there.",
	.rows = link_rows,
	.nrows = LINK_ROWS,
	.size = sizeof(struct link_opts),
	.fn = cli_link},
    {.name = "account",
	.args = "[pin|number NUMBER|delete]",
	.help = "look after the account: registration lock, number, end",
	.more = "pin asks for a PIN; whoever registers the number elsewhere "
		"needs it. number moves the account to another number, and "
		"tells your contacts. delete ends it for good. All of them are "
		"for the device that registered the number.",
	.max_args = 2,
	.rows = account_rows,
	.nrows = ACCOUNT_ROWS,
	.size = sizeof(struct account_opts),
	.fn = cli_account},
    {.name = "devices",
	.args = "[NAME|history [DEVICE]]",
	.help = "list the devices of your account, name or remove one",
	.more = "Names and removals are for the device that registered the "
		"number. A removed device gets nothing more; what it holds "
		"stays with it.\n\n"
		"history sends a device what there was before it was linked, "
		"or asks for it on the new one; without an amount it says how "
		"far that is.",
	.max_args = 2,
	.rows = devices_rows,
	.nrows = DEVICES_ROWS,
	.size = sizeof(struct devices_opts),
	.fn = cli_devices},
    {.name = "send",
	.args = "NUMBER|self [TEXT|-]",
	.help = "send a message",
	.more = "Without TEXT, or with -, the text is standard input. The "
		"message is safe in the outbox before anything is sent; "
		"when the relay cannot be reached, it leaves the next time "
		"this profile is connected.",
	.max_args = 2,
	.rows = send_rows,
	.nrows = SEND_ROWS,
	.size = sizeof(struct send_opts),
	.fn = cli_send},
    {.name = "fetch",
	.args = "MESSAGE",
	.help = "save the file of a message",
	.more = "Fetches it, unless it is here already, and puts it into the "
		"folder for downloads, never over another file. Prints the "
		"path. A fetch that was cut off goes on where it was.",
	.min_args = 1,
	.max_args = 1,
	.rows = fetch_rows,
	.nrows = FETCH_ROWS,
	.size = sizeof(struct fetch_opts),
	.fn = cli_fetch},
    {.name = "downloads",
	.args = "",
	.help = "what is fetched by itself, and how fast",
	.more = "For this device alone. Of people you have never named or "
		"written to nothing is fetched unless you say so.",
	.rows = downloads_rows,
	.nrows = DOWNLOADS_ROWS,
	.size = sizeof(struct downloads_opts),
	.fn = cli_downloads},
    {.name = "recv",
	.args = "",
	.help = "print messages as they arrive",
	.more = "Begins where the last recv ended, so that nothing is lost "
		"while nobody reads; then goes on until it is interrupted.",
	.rows = recv_rows,
	.nrows = RECV_ROWS,
	.size = sizeof(struct recv_opts),
	.fn = cli_recv},
    {.name = "list",
	.args = "[NUMBER|self]",
	.help = "list the chats, or the messages of one",
	.max_args = 1,
	.rows = list_rows,
	.nrows = LIST_ROWS,
	.size = sizeof(struct list_opts),
	.fn = cli_list},
    {.name = "reply",
	.args = "MESSAGE [TEXT|-]",
	.help = "answer a message",
	.more =
	    "MESSAGE is a number that list or recv prints, or a message_id of "
	    "their JSON, which is the same on every device of everybody.",
	.min_args = 1,
	.max_args = 2,
	.fn = cli_reply},
    {.name = "forward",
	.args = "MESSAGE...",
	.help = "send texts on to other chats",
	.min_args = 1,
	.max_args = -1,
	.rows = forward_rows,
	.nrows = FORWARD_ROWS,
	.size = sizeof(struct forward_opts),
	.fn = cli_forward},
    {.name = "react",
	.args = "MESSAGE [EMOJI]",
	.help = "react to a message; without EMOJI take it back",
	.min_args = 1,
	.max_args = 2,
	.fn = cli_react},
    {.name = "edit",
	.args = "MESSAGE TEXT",
	.help = "change a text of yours, for 15 minutes",
	.min_args = 2,
	.max_args = 2,
	.fn = cli_edit},
    {.name = "delete",
	.args = "MESSAGE",
	.help = "delete a message",
	.min_args = 1,
	.max_args = 1,
	.rows = delete_rows,
	.nrows = DELETE_ROWS,
	.size = sizeof(struct delete_opts),
	.fn = cli_delete},
    {.name = "star",
	.args = "MESSAGE",
	.help = "put a star on a message",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_star},
    {.name = "unstar",
	.args = "MESSAGE",
	.help = "take the star off a message",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unstar},
    {.name = "starred",
	.args = "[NUMBER]",
	.help = "print the messages with a star",
	.max_args = 1,
	.fn = cli_starred},
    {.name = "info",
	.args = "MESSAGE",
	.help = "print who has a message and what it said before",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_info},
    {.name = "open",
	.args = "MESSAGE",
	.help = "print a message that can be viewed once",
	.more = "It is gone from this machine before it is printed. One with a "
		"photo, a film or a voice note wants --to.",
	.min_args = 1,
	.max_args = 1,
	.rows = open_rows,
	.nrows = OPEN_ROWS,
	.size = sizeof(struct open_opts),
	.fn = cli_open},
    {.name = "mute",
	.args = "NUMBER",
	.help = "no notices of a chat",
	.min_args = 1,
	.max_args = 1,
	.rows = mute_rows,
	.nrows = MUTE_ROWS,
	.size = sizeof(struct mute_opts),
	.fn = cli_mute},
    {.name = "unmute",
	.args = "NUMBER",
	.help = "notices of a chat again",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unmute},
    {.name = "pin",
	.args = "NUMBER",
	.help = "keep a chat at the top of the list",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_pin},
    {.name = "unpin",
	.args = "NUMBER",
	.help = "let a chat take its place in the list",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unpin},
    {.name = "archive",
	.args = "NUMBER",
	.help = "put a chat away until something new comes",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_archive},
    {.name = "unarchive",
	.args = "NUMBER",
	.help = "bring a chat back into the list",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unarchive},
    {.name = "read",
	.args = "NUMBER",
	.help = "mark everything in a chat as read",
	.more = "Senders are told, if your receipts are on; recv alone tells "
		"nobody.",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_read},
    {.name = "unread",
	.args = "NUMBER",
	.help = "mark a chat as unread",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unread},
    {.name = "block",
	.args = "NUMBER",
	.help = "take nothing more from a person",
	.more = "They are not told; what they send is dropped on your devices.",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_block},
    {.name = "unblock",
	.args = "NUMBER",
	.help = "take messages of a person again",
	.min_args = 1,
	.max_args = 1,
	.fn = cli_unblock},
    {.name = "name",
	.args = "NUMBER NAME",
	.help = "name a contact",
	.min_args = 2,
	.max_args = 2,
	.fn = cli_name},
    {.name = "timer",
	.args = "NUMBER",
	.help = "let new messages of a chat disappear",
	.more = "On both sides, so long after they were seen. The other side "
		"is told.",
	.min_args = 1,
	.max_args = 1,
	.rows = timer_rows,
	.nrows = TIMER_ROWS,
	.size = sizeof(struct timer_opts),
	.fn = cli_timer},
    {.name = "clear",
	.args = "NUMBER",
	.help = "delete all messages of a chat, on your devices",
	.min_args = 1,
	.max_args = 1,
	.rows = clear_rows,
	.nrows = CLEAR_ROWS,
	.size = sizeof(struct clear_opts),
	.fn = cli_clear_chat},
    {.name = "report",
	.args = "NUMBER",
	.help = "report messages to the operator of the relay",
	.more = "The last texts of the chat, as they are here, are sealed to "
		"the operator's key. They do not say who reports, and the "
		"relay does not note it.",
	.min_args = 1,
	.max_args = 1,
	.rows = report_rows,
	.nrows = REPORT_ROWS,
	.size = sizeof(struct report_opts),
	.fn = cli_report},
    {.name = "group",
	.args = "VERB [GROUP] [ARGUMENT...]",
	.help = "make, change, join and leave groups",
	.more = "list; show GROUP; create NAME [NUMBER...]; edit GROUP; add, "
		"remove, promote, demote, approve or decline GROUP NUMBER...; "
		"leave GROUP; permit GROUP; link GROUP [on|ask|off]; join "
		"LINK; send GROUP TEXT; accept GROUP: go on after a warning. "
		"GROUP is its name, or the number that list prints.",
	.min_args = 1,
	.max_args = ENGINE_GROUP_MEMBERS + 2,
	.rows = group_rows,
	.nrows = GROUP_ROWS,
	.size = sizeof(struct group_opts),
	.fn = cli_group},
    {.name = "status",
	.args = "VERB [ARGUMENT...]",
	.help = "posts to contacts, gone after 24 hours",
	.more = "list; post [TEXT|-]; view POST; viewers POST; delete POST; "
		"retry POST; reply POST [TEXT|-]: in the chat with who posted "
		"it; mute NUMBER [off]; audience; audience all; audience "
		"except NUMBER...; audience only NUMBER... POST is the number "
		"that list prints.",
	.min_args = 1,
	.max_args = ENGINE_STATUS_PEOPLE + 2,
	.fn = cli_status},
    {.name = "search",
	.args = "QUERY",
	.help = "find messages by their words",
	.min_args = 1,
	.max_args = 1,
	.rows = search_rows,
	.nrows = SEARCH_ROWS,
	.size = sizeof(struct search_opts),
	.fn = cli_search},
    {.name = "safety",
	.args = "NUMBER",
	.help = "show the safety number of a contact",
	.more = "Compare the 60 digits with theirs over another channel, then "
		"run it again with --verify.",
	.min_args = 1,
	.max_args = 1,
	.rows = safety_rows,
	.nrows = SAFETY_ROWS,
	.size = sizeof(struct safety_opts),
	.fn = cli_safety},
    {.name = "preview",
	.args = "FILE",
	.help = "show a picture in this terminal",
	.more = "By kitty's protocol, iTerm2's or sixels where the terminal "
		"says it knows them, else with half blocks or letters. The "
		"file is decoded by a process that can do nothing else.",
	.min_args = 1,
	.max_args = 1,
	.rows = preview_rows,
	.nrows = PREVIEW_ROWS,
	.size = sizeof(struct preview_opts),
	.fn = cli_preview},
    {.name = "sound",
	.args = "[list|record FILE|play FILE]",
	.help = "list sound devices, record and play voice notes",
	.more = "record writes Opus in Ogg until Ctrl-C or for --seconds. "
		"PulseAudio and PipeWire are used where they answer, else "
		"ALSA.",
	.max_args = 2,
	.rows = sound_rows,
	.nrows = SOUND_ROWS,
	.size = sizeof(struct sound_opts),
	.fn = cli_sound},
    {.name = "profile",
	.args = "[wipe]",
	.help = "show or change who you are, or erase it here",
	.max_args = 1,
	.rows = profile_rows,
	.nrows = PROFILE_ROWS,
	.size = sizeof(struct profile_opts),
	.fn = cli_profile},
    {.name = "passphrase",
	.args = "",
	.help = "change the passphrase of the store",
	.fn = cli_passphrase},
    {.name = "check",
	.args = "",
	.help = "read the whole store and verify it",
	.fn = cli_check},
    {.name = "export",
	.args = "",
	.help = "print every message, or the whole store",
	.rows = export_rows,
	.nrows = EXPORT_ROWS,
	.size = sizeof(struct export_opts),
	.fn = cli_export},
    {.name = "backup",
	.args = "create|verify|restore FILE, or schedule|list PLACE, run, "
		"status",
	.help = "keep your history in a sealed file, and bring it back",
	.more = "A password opens it, or with --code a recovery code of 64 "
		"digits. Without either the history is lost: nobody can help. "
		"Keys are not in it; a restored profile has its own.\n\n"
		"schedule keeps backups by themselves in PLACE: a folder, a "
		"WebDAV URL (https://...) or S3 (s3+https://host/bucket/..., "
		"with ?region=NAME at its end where that matters); off ends "
		"it. While sotto runs it makes them when they are due; run "
		"makes one now, and status tells how they went. verify and "
		"restore take such a place too: the newest backup of this "
		"account. list shows what lies there.",
	.min_args = 1,
	.max_args = 2,
	.rows = backup_rows,
	.nrows = BACKUP_ROWS,
	.size = sizeof(struct backup_opts),
	.fn = cli_backup},
};

static const struct cli_spec spec = {
    .prog = &cli_prog,
    .cmds = cmds,
    .ncmds = ARRAY_LEN(cmds),
};

struct front_opts
cli_front_opts(const struct cli_opts *o, char country[8])
{
	snprintf(country, 8, "%u", o->country);
	return (struct front_opts){
	    .profile = o->profile,
	    .passphrase_command = o->passphrase_command,
	    .key_file = o->key_file,
	    .country = o->country != 0 ? country : NULL,
	    .proxy = o->proxy,
	};
}

/* The configuration file of the profile, or nothing. The profile itself can
 * therefore be chosen by flag and environment only. */
static int
read_config(char *const *argv, char path[static PATHS_CAP], struct buf *text)
{
	const char *profile = getenv("SOTTO_PROFILE");
	struct paths p;
	uint8_t part[4096];
	size_t n;
	FILE *f;
	int r = 0;

	for (; *argv != NULL; argv++) {
		if (strncmp(*argv, "--profile=", 10) == 0)
			profile = *argv + 10;
		else if ((strcmp(*argv, "--profile") == 0 ||
			     strcmp(*argv, "-p") == 0) &&
			 argv[1] != NULL)
			profile = argv[1];
	}
	if (paths_init(&p, profile, environ, NULL) != 0 ||
	    paths_file(&p, PATHS_CONFIG, "config", path) != 0)
		return 0; /* whoever opens the profile says why */
	f = fopen(path, "re");
	if (f == NULL)
		return errno == ENOENT ? 0 : ERR_SYS;
	while (r == 0 && (n = fread(part, 1, sizeof(part), f)) > 0)
		r = buf_put(text, part, n);
	fclose(f);
	return r;
}

static int
print_help(const struct cli_cmd *cmd)
{
	struct buf b;
	int r;

	buf_init(&b, HELP_MAX);
	r = cli_print_help(&spec, cmd, &b);
	if (r == 0)
		fwrite(b.p, 1, b.len, stdout);
	buf_clear(&b);
	return r == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static int
run(struct cli_run *c, const struct cli_opts *o)
{
	if (o->version) {
		printf("sotto %s\n", SOTTO_VERSION);
		return CLI_EXIT_OK;
	}
	if (o->help)
		return print_help(c->cmd->name[0] != '\0' ? c->cmd : NULL);
	return c->cmd->fn(NULL, &c->args);
}

int
cli_main(int argc, char **argv)
{
	struct conf_src src = {.env = environ, .argv = argv, .argc = argc};
	char path[PATHS_CAP] = "";
	struct cli_run c;
	struct buf text;
	int r;

	buf_init(&text, CONFIG_MAX);
	if (read_config(argv, path, &text) != 0) {
		fprintf(stderr, "sotto: cannot read %s\n", path);
		buf_clear(&text);
		return CLI_EXIT_CONFIG;
	}
	if (text.len > 0) {
		src.file_name = path;
		src.text = (const char *)text.p;
		src.text_len = text.len;
	}
	r = cli_parse(&spec, &src, &c);
	if (r != 0) {
		fprintf(stderr, "sotto: %s\n",
		    c.why.text[0] != '\0' ? c.why.text : err_str(r));
		/* errors of the file begin with its name */
		r = path[0] != '\0' &&
			    strncmp(c.why.text, path, strlen(path)) == 0
			? CLI_EXIT_CONFIG
			: CLI_EXIT_USAGE;
	} else {
		r = run(&c, c.args.opts);
	}
	cli_clear(&c);
	buf_clear(&text);
	if (fflush(stdout) != 0 && r == CLI_EXIT_OK)
		r = CLI_EXIT_FAILURE;
	return r;
}

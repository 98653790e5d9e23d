/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/uri.h"
#include "relay/admin/conf.h"
#include "relay/admin/template.h"
#include "relay/admin/words.h"

#define FILE_MAX (256 * 1024)
#define TEXT_MAX (512 * 1024) /* of --help and the like */
#define MINUTE	 (60ULL * 1000)
#define HOUR	 (60 * MINUTE)
#define DAY	 (24 * HOUR)
/* In one request: Amazon S3 API Reference, PutObject. */
#define S3_OBJECT_MAX (5ULL << 30)

static const char *const policy_words[] = {
#define X(name, word) word,
    REGISTRATION_POLICIES(X)
#undef X
	NULL};
static const char *const driver_words[] = {
#define X(name, word) word,
    OTP_DRIVERS(X)
#undef X
	NULL};
static const char *const blobs_words[] = {
#define X(name, word) word,
    BLOB_STORES(X)
#undef X
	NULL};
static const char *const level_words[] = {
#define X(name, word, doc) word,
    LOG_LEVELS(X)
#undef X
	NULL};
static const char *const format_words[] = {"text", "json", NULL};

#define FIELD(f)  .off = offsetof(struct relay_conf, f)
#define FLAG_ONLY .type = CONF_BOOL, .flags = CONF_FLAG_ONLY, .def = "no"

static const struct conf_row rows[] = {
    {.name = "config",
	.type = CONF_PATH,
	.flags = CONF_FLAG_ONLY,
	FIELD(config_file),
	.letter = 'c',
	.group = "Command line",
	.doc = "Read this file instead of " RELAY_CONF_DEFAULT_FILE ", which "
	       "may be missing; this one may not."},
    {.name = "help",
	FLAG_ONLY,
	FIELD(help),
	.letter = 'h',
	.doc = "Print this list."},
    {.name = "version",
	FLAG_ONLY,
	FIELD(version),
	.letter = 'V',
	.doc = "Print the version."},
    {.name = "sample-config",
	FLAG_ONLY,
	FIELD(sample_config),
	.doc = "Print a configuration file with every setting at its "
	       "default."},
    {.name = "check-config",
	FLAG_ONLY,
	FIELD(check_config),
	.doc = "Read the configuration, print what is in force, and exit: "
	       "with status 1 and the reason when something is wrong."},
    {.name = "man-page",
	FLAG_ONLY,
	FIELD(man_page),
	.doc = "Print the source of sotto-relay.conf(5)."},

    {.name = "name",
	.type = CONF_STRING,
	FIELD(name),
	.min = 1,
	.max = 64,
	.def = "Sotto",
	.group = "The relay",
	.doc = "What people see as the relay's name, also in the text of "
	       "one-time codes."},
    {.name = "public-addr",
	.type = CONF_STRING,
	FIELD(public_addr),
	.min = 1,
	.max = 260,
	.doc = "HOST or HOST:PORT under which devices reach the relay; invite "
	       "links name it. Without it they name the machine's host name."},
    {.name = "report-key",
	.type = CONF_STRING,
	FIELD(report_key),
	.min = 43,
	.max = 43,
	.doc = "Public key that people's reports are sealed to, as "
	       "`sotto-relay report-keygen` prints it; the private one stays "
	       "with whoever reads reports, not here. Without it the relay "
	       "takes none."},
    {.name = "data-dir",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(data_dir),
	.def = "/var/lib/sotto-relay",
	.doc = "Folder of the relay's key and its store; made when it is "
	       "missing, readable by nobody else."},
    {.name = "ctl-socket",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(ctl_socket),
	.doc = "Socket of `sotto-relay ctl`. Without it: the file ctl in "
	       "data-dir."},
    {.name = "threads",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(threads),
	.min = 0,
	.max = 256,
	.def = "0",
	.doc = "Threads that serve connections. 0: one for each processor."},
    {.name = "log-level",
	.type = CONF_ENUM,
	FIELD(log_level),
	.choices = level_words,
	.def = "info",
	.doc = "The least important lines that are still written to standard "
	       "error."},
    {.name = "log-format",
	.type = CONF_ENUM,
	.flags = CONF_NO_RELOAD,
	FIELD(log_format),
	.choices = format_words,
	.def = "text",
	.doc = "How a line looks: key=value, or one JSON object."},

    {.name = "listen",
	.type = CONF_ADDRS,
	.flags = CONF_NO_RELOAD,
	FIELD(listen),
	.min = 1,
	.max = 16,
	.def = "*:7786",
	.group = "Connections",
	.doc = "Where devices connect. `*` is every address of the machine, "
	       "IPv4 and IPv6; port 0 is any free one."},
    {.name = "proxy-trusted",
	.type = CONF_LIST,
	FIELD(proxy_trusted),
	.max = 64,
	.doc = "Addresses and networks of load balancers. Connections from "
	       "them must begin with a PROXY protocol v2 header; no others "
	       "may."},
    {.name = "http-listen",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(http_listen),
	.min = 3,
	.max = 260,
	.def = "127.0.0.1:7787",
	.doc = "HOST:PORT of /healthz and /metrics, or `off`. There is no "
	       "password: keep it on loopback or in a network you trust."},
    {.name = "connections-max",
	.type = CONF_U32,
	FIELD(connections_max),
	.min = 8,
	.max = 10000000,
	.def = "100000",
	.unit = "connections",
	.doc = "Connections open at the same time; any more are turned away."},
    {.name = "guests-max",
	.type = CONF_U32,
	FIELD(guests_max),
	.min = 8,
	.max = 1000000,
	.def = "4096",
	.unit = "connections",
	.doc = "Connections at once that are not (yet) those of a registered "
	       "device."},
    {.name = "guests-per-address",
	.type = CONF_U32,
	FIELD(guests_per_address),
	.min = 1,
	.max = 1000000,
	.def = "64",
	.unit = "connections",
	.doc = "The same for one address (IPv6: one /64)."},
    {.name = "handshake-timeout",
	.type = CONF_DURATION,
	FIELD(handshake_timeout_ms),
	.min = 100,
	.max = 5 * MINUTE,
	.def = "10s",
	.doc = "A connection that has not finished its handshake by then is "
	       "closed."},
    {.name = "guest-timeout",
	.type = CONF_DURATION,
	FIELD(guest_timeout_ms),
	.min = 100,
	.max = DAY,
	.def = "15m",
	.doc = "A connection that has not become a device's by then is "
	       "closed: the time there is to register."},
    {.name = "idle-timeout",
	.type = CONF_DURATION,
	FIELD(idle_timeout_ms),
	.min = 1000,
	.max = DAY,
	.def = "10m",
	.doc = "A device from which nothing came for so long is disconnected. "
	       "Devices ping more often."},
    {.name = "drain-timeout",
	.type = CONF_DURATION,
	FIELD(drain_timeout_ms),
	.min = 0,
	.max = HOUR,
	.def = "10s",
	.doc = "How long a stopping relay waits for answers that are on their "
	       "way."},

    {.name = "registration",
	.type = CONF_ENUM,
	FIELD(registration),
	.choices = policy_words,
	.def = "invite",
	.group = "Registration",
	.doc = "Who may make an account: whoever has an invite, anyone, or "
	       "nobody. A number that has an account may always be "
	       "registered again by whoever gets its code."},
    {.name = "home-country",
	.type = CONF_U32,
	FIELD(home_country),
	.min = 0,
	.max = 999,
	.def = "0",
	.unit = "country calling code",
	.doc = "Lets `sotto-relay ctl` understand numbers without a country "
	       "code, for example 49. 0: none."},
    {.name = "otp-ttl",
	.type = CONF_DURATION,
	FIELD(otp_ttl_ms),
	.min = MINUTE,
	.max = HOUR,
	.def = "10m",
	.doc = "How long a one-time code is good for."},
    {.name = "otp-attempts",
	.type = CONF_U32,
	FIELD(otp_attempts),
	.min = 1,
	.max = 10,
	.def = "5",
	.unit = "tries",
	.doc = "Wrong codes after which a new one is needed."},
    {.name = "otp-driver",
	.type = CONF_ENUM,
	FIELD(otp_driver),
	.choices = driver_words,
	.def = "none",
	.doc = "How one-time codes reach people. `command` runs a program, "
	       "`http` asks a gateway, `log` writes them into the relay's own "
	       "log: only for trying things out. With `none` nobody can "
	       "register."},
    {.name = "otp-timeout",
	.type = CONF_DURATION,
	FIELD(otp_timeout_ms),
	.min = 100,
	.max = 5 * MINUTE,
	.def = "15s",
	.doc = "How long one try of the command or the gateway may take."},
    {.name = "otp-command",
	.type = CONF_STRING,
	FIELD(otp_command),
	.min = 1,
	.max = TEMPLATE_MAX,
	.doc = "Program and arguments, in quotes where they hold blanks; no "
	       "shell is involved. {phone}, {digits}, {code} and {relay} are "
	       "replaced. The code comes on standard input as well: "
	       "arguments can be seen by every user of the machine. Exit "
	       "status 0 means sent."},
    {.name = "otp-http-url",
	.type = CONF_STRING,
	FIELD(otp_http_url),
	.min = 8,
	.max = TEMPLATE_MAX,
	.flags = CONF_SECRET,
	.doc = "The gateway's URL; the same fields are replaced, escaped for "
	       "a URL. An answer of 200 to 299 means sent."},
    {.name = "otp-http-method",
	.type = CONF_STRING,
	FIELD(otp_http_method),
	.min = 1,
	.max = 16,
	.def = "POST",
	.doc = "The method of the request."},
    {.name = "otp-http-headers",
	.type = CONF_LIST,
	FIELD(otp_http_headers),
	.max = RELAY_HTTP_HEADERS_MAX,
	.flags = CONF_SECRET,
	.doc = "Headers, each `Name: value`, with the same fields. "
	       "Content-Type decides how fields are escaped in the body."},
    {.name = "otp-http-body",
	.type = CONF_STRING,
	FIELD(otp_http_body),
	.max = TEMPLATE_MAX,
	.flags = CONF_SECRET,
	.doc = "The body of the request, with the same fields; JSON unless a "
	       "Content-Type header says otherwise."},
    {.name = "otp-http-user",
	.type = CONF_STRING,
	FIELD(otp_http_user),
	.min = 1,
	.max = 256,
	.flags = CONF_SECRET,
	.doc = "NAME:PASSWORD for basic authentication at the gateway."},
    {.name = "otp-http-retries",
	.type = CONF_U32,
	FIELD(otp_http_retries),
	.min = 0,
	.max = 5,
	.def = "2",
	.unit = "tries",
	.doc = "Further tries when the gateway cannot be reached or answers "
	       "408, 429 or 500 and above."},
    {.name = "otp-http-retry-delay",
	.type = CONF_DURATION,
	FIELD(otp_http_retry_ms),
	.min = 1,
	.max = MINUTE,
	.def = "1s",
	.doc = "Pause before the first of them; it doubles every time."},

    {.name = "message-ttl",
	.type = CONF_DURATION,
	.flags = CONF_NO_RELOAD,
	FIELD(message_ttl_ms),
	.min = MINUTE,
	.max = 366 * DAY,
	.def = "30d",
	.group = "Messages",
	.doc = "Messages nobody fetched for so long are dropped."},
    {.name = "envelope-max",
	.type = CONF_SIZE,
	FIELD(envelope_max),
	.min = 4096,
	.max = 1000000,
	.def = "256KiB",
	.doc = "The largest message for one device."},
    {.name = "queue-max",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(queue_max),
	.min = 16,
	.max = 10000000,
	.def = "100000",
	.unit = "messages",
	.doc = "Messages waiting for one device; more are refused."},
    {.name = "disk-free-min",
	.type = CONF_SIZE,
	FIELD(disk_free_min),
	.max = 1ULL << 50,
	.def = "256MiB",
	.doc = "With less room than this on the disk /healthz reports it."},

    {.name = "blobs",
	.type = CONF_ENUM,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs),
	.choices = blobs_words,
	.def = "dir",
	.group = "Media",
	.doc = "Where sealed pictures, voice notes and files are kept: in a "
	       "folder (`dir`), in a bucket of an S3 service that devices "
	       "reach themselves (`s3`), or nowhere (`off`). They go over "
	       "HTTP, beside the messages."},
    {.name = "blobs-dir",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_dir),
	.doc = "The folder; <data-dir>/blobs unless set. It may be on another "
	       "disk."},
    {.name = "blobs-listen",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_listen),
	.min = 3,
	.max = 260,
	.def = "*:7788",
	.doc = "HOST:PORT where it is served; port 0 is any free one."},
    {.name = "blobs-url",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_url),
	.min = 8,
	.max = 256,
	.doc = "How clients reach it, when that is not this machine's own "
	       "name and port: https://media.example.org. A web server in "
	       "front must pass on paths, lengths and ranges as they are."},
    {.name = "blobs-tls-cert",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_tls_cert),
	.doc = "Certificate chain (PEM) for HTTPS; needs blobs-tls-key and "
	       "blobs-url. Without it, what is sealed goes over HTTP: nobody "
	       "can read it, but who listens sees which blob it is."},
    {.name = "blobs-tls-key",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_tls_key),
	.doc = "Its private key (PEM)."},
    {.name = "blobs-limit",
	.type = CONF_SIZE,
	FIELD(blobs_limit),
	.min = 65536,
	.max = 1ULL << 40,
	.def = "2GiB",
	.doc = "The largest blob; sealing makes a file up to 7 % longer."},
    {.name = "blobs-quota",
	.type = CONF_SIZE,
	FIELD(blobs_quota),
	.min = 65536,
	.max = 1ULL << 50,
	.def = "10GiB",
	.doc = "What one account may have of them at a time."},
    {.name = "blobs-ttl",
	.type = CONF_DURATION,
	FIELD(blobs_ttl_ms),
	.min = HOUR,
	.max = 366 * DAY,
	.def = "30d",
	.doc = "How long a blob stays after everybody has got the message "
	       "with it. When that is never heard, message-ttl is added."},
    {.name = "blobs-url-ttl",
	.type = CONF_DURATION,
	FIELD(blobs_url_ttl_ms),
	.min = MINUTE,
	.max = 7 * DAY,
	.def = "1h",
	.doc = "How long the URL of an upload or download may be used."},
    {.name = "blobs-connections",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_connections),
	.min = 4,
	.max = 10000,
	.def = "128",
	.unit = "connections",
	.doc = "Uploads and downloads at the same time; each is a thread."},
    {.name = "blobs-per-address",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_per_address),
	.min = 0,
	.max = 10000,
	.def = "16",
	.unit = "connections",
	.doc = "The same for one address. 0, any number, behind a web server."},
    {.name = "blobs-s3-url",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_s3_url),
	.min = 8,
	.max = 256,
	.doc = "The S3 service, as the relay and devices reach it: "
	       "https://s3.example.org. The bucket is the first part of the "
	       "path."},
    {.name = "blobs-s3-region",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_s3_region),
	.min = 1,
	.max = 64,
	.def = "us-east-1",
	.doc = "Its region."},
    {.name = "blobs-s3-bucket",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_s3_bucket),
	.min = 3,
	.max = 63,
	.doc = "The bucket; the relay reads, writes, lists and removes below "
	       "b/ in it."},
    {.name = "blobs-s3-key-id",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(blobs_s3_key_id),
	.min = 1,
	.max = 128,
	.doc = "The access key's name."},
    {.name = "blobs-s3-secret",
	.type = CONF_STRING,
	.flags = CONF_SECRET,
	FIELD(blobs_s3_secret),
	.min = 1,
	.max = 256,
	.doc = "Its secret; a new one is taken at the next start."},

    {.name = "turn-listen",
	.type = CONF_ADDRS,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_listen),
	.max = 8,
	.group = "Calls",
	.doc = "Where the TURN server of calls listens: UDP, TCP and, "
	       "with a certificate, TLS on the same port; for example "
	       "*:3478, *:443. Without it there is none."},
    {.name = "turn-host",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_host),
	.min = 1,
	.max = 250,
	.doc = "Name or address under which devices reach it, also the "
	       "one of its certificate. Without it: the address it "
	       "listens on, or that of the relay."},
    {.name = "turn-relay-address",
	.type = CONF_LIST,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_relay_address),
	.max = 2,
	.doc = "An IPv4 and an IPv6 address of this machine where the "
	       "other side's packets come in. Without it: that of "
	       "turn-listen, or the one that leads to the internet."},
    {.name = "turn-external-address",
	.type = CONF_LIST,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_external_address),
	.max = 2,
	.doc = "The same as the internet sees it, where a router stands "
	       "between that passes turn-ports on."},
    {.name = "turn-ports",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_ports),
	.min = 9,
	.max = 11,
	.def = "49152-65535",
	.doc = "UDP ports for calls, one for each device that is in one."},
    {.name = "turn-threads",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_threads),
	.min = 1,
	.max = 64,
	.def = "1",
	.doc = "Threads of the TURN server; one carries some 100,000 "
	       "packets a second."},
    {.name = "turn-realm",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_realm),
	.min = 1,
	.max = 128,
	.def = "sotto",
	.doc = "Its realm."},
    {.name = "turn-secret",
	.type = CONF_STRING,
	.flags = CONF_SECRET,
	FIELD(turn_secret),
	.min = 16,
	.max = 127,
	.doc = "What credentials are made with, as coturn's "
	       "static-auth-secret; a new one is taken at the next "
	       "start. Without it it comes from the relay's key."},
    {.name = "turn-ttl",
	.type = CONF_DURATION,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_ttl_ms),
	.min = 5 * MINUTE,
	.max = 7 * DAY,
	.def = "12h",
	.doc = "How long credentials are good for; a call that is on is "
	       "not cut."},
    {.name = "turn-quota",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_quota),
	.min = 1,
	.max = 10000,
	.def = "32",
	.unit = "ports",
	.doc = "Ports that one account's devices may have at a time; an "
	       "attempt to call takes up to six each."},
    {.name = "turn-allocations",
	.type = CONF_U32,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_allocations),
	.min = 1,
	.max = 1000000,
	.def = "4000",
	.unit = "ports",
	.doc = "Ports that all have together; each is an open file."},
    {.name = "turn-bandwidth",
	.type = CONF_SIZE,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_bandwidth),
	.max = 1ULL << 40,
	.def = "2MiB",
	.doc = "Bytes a second through one port, either way; more is "
	       "dropped. 0: any number."},
    {.name = "turn-unauthenticated",
	.type = CONF_STRING,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_unauthenticated),
	.min = 3,
	.max = LIMIT_RATE_TEXT_CAP - 1,
	.def = "300/10s",
	.doc = "Answers without credentials to one network (IPv4: /24, "
	       "IPv6: /48), for the address may be forged; and its new "
	       "connections."},
    {.name = "turn-tls-cert",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_tls_cert),
	.doc = "Certificate chain (PEM) for TLS; needs turn-tls-key."},
    {.name = "turn-tls-key",
	.type = CONF_PATH,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_tls_key),
	.doc = "Its private key (PEM)."},
    {.name = "turn-peers-deny",
	.type = CONF_LIST,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_peers_deny),
	.max = 64,
	.doc = "Addresses and networks that nothing is passed on to, "
	       "besides all that are private, special or this machine's "
	       "own."},
    {.name = "turn-peers-allow",
	.type = CONF_LIST,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_peers_allow),
	.max = 64,
	.doc = "Exceptions from the private and special ones, such as "
	       "the network of a company."},
    {.name = "turn-server",
	.type = CONF_LIST,
	.flags = CONF_NO_RELOAD,
	FIELD(turn_server),
	.max = 24,
	.doc = "Another TURN server instead: its URLs, such as "
	       "turn:turn.example.org:3478?transport=udp; needs the "
	       "turn-secret it shares with us."},

    {.name = "limit-entries",
	.type = CONF_U64,
	.flags = CONF_NO_RELOAD,
	FIELD(limit_entries),
	.min = LIMIT_ENTRIES_MIN,
	.max = 1 << 26,
	.def = "262144",
	.unit = "places",
	.group = "Rate limits",
	.doc = "Places in the table of rate limits, 16 bytes each. Rates are "
	       "TOKENS/TIME: so many at once, and so many again over that "
	       "time; or `off`."},
#define X(class, kind, row, default, text)                                     \
	{.name = (row),                                                        \
	    .type = CONF_STRING,                                               \
	    FIELD(limit_text[LIMIT_##class][LIMIT_BY_##kind]),                 \
	    .min = 3,                                                          \
	    .max = LIMIT_RATE_TEXT_CAP - 1,                                    \
	    .def = (default),                                                  \
	    .doc = (text)},
    LIMIT_ROWS(X)
#undef X
};

const struct conf_spec relay_conf_spec = {
    .prog = "sotto-relay",
    .prefix = "SOTTO_RELAY",
    .usage = "[OPTION...] | ctl COMMAND...",
    .about = "The relay of the Sotto messenger: queues and forwards what it "
	     "cannot read.",
    .rows = rows,
    .nrows = ARRAY_LEN(rows),
    .size = sizeof(struct relay_conf),
};

const char *
registration_policy_str(int policy)
{
	size_t n = ARRAY_LEN(policy_words) - 1;

	return policy >= 0 && (size_t)policy < n ? policy_words[policy] : "?";
}

/* ---- what no single row can check ---------------------------------------------- */

int
conf_wrong(struct conf_err *why, const char *row, const char *text)
{
	if (why != NULL)
		(void)snprintf(
		    why->text, sizeof(why->text), "%s: %s", row, text);
	return ERR_CONFIG;
}

static int
derive_rates(struct relay_conf *c, struct conf_err *why)
{
	memset(&c->rates, 0, sizeof(c->rates));
#define X(class, kind, row, def, doc)                                          \
	if (limit_rate_parse(c->limit_text[LIMIT_##class][LIMIT_BY_##kind],    \
		&c->rates.r[LIMIT_##class][LIMIT_BY_##kind]) != 0)             \
		return conf_wrong(                                             \
		    why, row, "a rate looks like 60/1m, 10/1h or off");
	LIMIT_ROWS(X)
#undef X
	return 0;
}

static int
derive_proxy_nets(struct relay_conf *c, struct conf_err *why)
{
	size_t i;

	if (c->proxy_trusted.n == 0)
		return 0;
	c->proxy_nets = calloc(c->proxy_trusted.n, sizeof(*c->proxy_nets));
	if (c->proxy_nets == NULL)
		return ERR_NOMEM;
	for (i = 0; i < c->proxy_trusted.n; i++)
		if (cidr_parse(c->proxy_trusted.v[i], &c->proxy_nets[i]) != 0)
			return conf_wrong(why, "proxy-trusted",
			    "an entry looks like 192.0.2.7, 10.0.0.0/8 or "
			    "fd00::/8");
	c->n_proxy_nets = c->proxy_trusted.n;
	return 0;
}

static int
check_report_key(struct relay_conf *c, struct conf_err *why)
{
	size_t len = 0;

	if (c->report_key == NULL)
		return 0;
	if (sodium_base642bin(c->report_pk, sizeof(c->report_pk), c->report_key,
		strlen(c->report_key), NULL, &len, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    len != sizeof(c->report_pk))
		return conf_wrong(why, "report-key", "that is no public key");
	return 0;
}

static int
check_addresses(const struct relay_conf *c, struct conf_err *why)
{
	char host[CONF_HOST_CAP];
	const char *text;
	struct uri uri;
	uint16_t port;

	if (c->public_addr != NULL &&
	    uri_parse(c->public_addr, &uri, &text) != 0)
		return conf_wrong(why, "public-addr", text);
	if (strcmp(c->http_listen, "off") != 0 &&
	    conf_addr_split(c->http_listen, host, &port) != 0)
		return conf_wrong(
		    why, "http-listen", "it must be HOST:PORT or off");
	if (c->guests_max > c->connections_max)
		return conf_wrong(
		    why, "guests-max", "it is above connections-max");
	return 0;
}

static int
check_s3(const struct relay_conf *c, struct conf_err *why)
{
	if (c->blobs != BLOBS_S3)
		return 0;
	if (c->blobs_s3_url == NULL || c->blobs_s3_bucket == NULL ||
	    c->blobs_s3_key_id == NULL || c->blobs_s3_secret == NULL)
		return conf_wrong(why, "blobs",
		    "s3 needs blobs-s3-url, -bucket, -key-id and -secret");
	if (strncmp(c->blobs_s3_url, "https://", 8) != 0 &&
	    strncmp(c->blobs_s3_url, "http://", 7) != 0)
		return conf_wrong(why, "blobs-s3-url",
		    "it must begin with https:// or http://");
	if (c->blobs_limit > S3_OBJECT_MAX)
		return conf_wrong(
		    why, "blobs-limit", "S3 takes 5GiB in one piece, no more");
	return 0;
}

static int
check_blobs(const struct relay_conf *c, struct conf_err *why)
{
	char host[CONF_HOST_CAP];
	uint16_t port;
	int r;

	if (conf_addr_split(c->blobs_listen, host, &port) != 0)
		return conf_wrong(why, "blobs-listen", "it must be HOST:PORT");
	if (c->blobs_url != NULL && strncmp(c->blobs_url, "https://", 8) != 0 &&
	    strncmp(c->blobs_url, "http://", 7) != 0)
		return conf_wrong(
		    why, "blobs-url", "it must begin with https:// or http://");
	r = check_s3(c, why);
	if (r != 0)
		return r;
	if ((c->blobs_tls_cert == NULL) != (c->blobs_tls_key == NULL))
		return conf_wrong(
		    why, "blobs-tls-cert", "certificate and key go together");
	if (c->blobs_tls_cert != NULL && c->blobs_url == NULL)
		return conf_wrong(why, "blobs-tls-cert",
		    "say in blobs-url which name the certificate is for");
	return 0;
}

static int
check_command(const struct relay_conf *c, struct conf_err *why)
{
	struct words w;
	char bad[128];
	int r;

	if (c->otp_command == NULL)
		return conf_wrong(
		    why, "otp-driver", "command needs otp-command");
	if (template_check(c->otp_command, NULL, bad, sizeof(bad)) != 0)
		return conf_wrong(why, "otp-command", bad);
	r = words_split(c->otp_command, strlen(c->otp_command), &w);
	if (r == ERR_NOMEM)
		return r;
	if (r != 0)
		return conf_wrong(why, "otp-command",
		    r == ERR_FULL ? "too many words" : "a quote is open");
	r = w.n == 0 ? conf_wrong(why, "otp-command", "it is empty") : 0;
	words_clear(&w);
	return r;
}

static bool
is_token(const char *s, size_t len)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return len > 0 && strspn(s, token) >= len;
}

/* Source of the form of a header: RFC 9110 §5.1. */
static int
check_header(const char *h, unsigned *fields, struct conf_err *why)
{
	const char *colon = strchr(h, ':'), *p;
	char bad[128];

	if (colon == NULL || !is_token(h, (size_t)(colon - h)))
		return conf_wrong(
		    why, "otp-http-headers", "each must be Name: value");
	for (p = colon; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return conf_wrong(
			    why, "otp-http-headers", "a header is one line");
	if (template_check(h, fields, bad, sizeof(bad)) != 0)
		return conf_wrong(why, "otp-http-headers", bad);
	return 0;
}

static int
check_http(const struct relay_conf *c, struct conf_err *why)
{
	const unsigned number =
	    1U << TEMPLATE_F_phone | 1U << TEMPLATE_F_digits;
	unsigned fields, all = 0;
	char bad[128];
	size_t i;
	int r;

	if (c->otp_http_url == NULL)
		return conf_wrong(why, "otp-driver", "http needs otp-http-url");
	if (strncmp(c->otp_http_url, "https://", 8) != 0 &&
	    strncmp(c->otp_http_url, "http://", 7) != 0)
		return conf_wrong(why, "otp-http-url",
		    "it must begin with https:// or http://");
	if (template_check(c->otp_http_url, &all, bad, sizeof(bad)) != 0)
		return conf_wrong(why, "otp-http-url", bad);
	if (!is_token(c->otp_http_method, strlen(c->otp_http_method)))
		return conf_wrong(
		    why, "otp-http-method", "it must be one word");
	for (i = 0; i < c->otp_http_headers.n; i++) {
		r = check_header(c->otp_http_headers.v[i], &fields, why);
		if (r != 0)
			return r;
		all |= fields;
	}
	if (c->otp_http_body != NULL) {
		if (template_check(
			c->otp_http_body, &fields, bad, sizeof(bad)) != 0)
			return conf_wrong(why, "otp-http-body", bad);
		all |= fields;
	}
	if ((all & number) == 0 || (all & 1U << TEMPLATE_F_code) == 0)
		return conf_wrong(why, "otp-http-url",
		    "URL, headers or body must hold {phone} or {digits}, and "
		    "{code}");
	return 0;
}

static int
check_driver(const struct relay_conf *c, struct conf_err *why)
{
	static int (*const check[])(
	    const struct relay_conf *c, struct conf_err *why) = {
	    [OTP_DRIVER_NONE] = NULL,
	    [OTP_DRIVER_LOG] = NULL,
	    [OTP_DRIVER_COMMAND] = check_command,
	    [OTP_DRIVER_HTTP] = check_http,
	};

	return check[c->otp_driver] != NULL ? check[c->otp_driver](c, why) : 0;
}

static int
derive(struct relay_conf *c, struct conf_err *why)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int r;

	r = derive_rates(c, why);
	if (r == 0)
		r = derive_proxy_nets(c, why);
	if (r == 0)
		r = check_addresses(c, why);
	if (r == 0)
		r = check_report_key(c, why);
	if (r == 0)
		r = check_blobs(c, why);
	if (r == 0)
		r = turn_conf_derive(c, why);
	if (r == 0)
		r = check_driver(c, why);
	if (r == 0 && relay_conf_ctl_path(c, path, sizeof(path)) != 0)
		r = conf_wrong(why, "ctl-socket", "the path is too long");
	return r;
}

/* ---- loading -------------------------------------------------------------------- */

static int
unreadable(struct conf_err *why, const char *path, const char *text)
{
	if (why != NULL)
		(void)snprintf(why->text, sizeof(why->text),
		    "cannot read %s: %s", path, text);
	return ERR_IO;
}

/* The whole file; absent is fine when nobody asked for it. */
static int
read_file(
    const char *path, bool optional, struct buf *text, struct conf_err *why)
{
	uint8_t chunk[4096];
	ssize_t n;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && optional && errno == ENOENT)
		return 0;
	if (fd < 0)
		return unreadable(why, path, strerror(errno));
	while (r == 0 && (n = read(fd, chunk, sizeof(chunk))) != 0)
		r = n > 0 ? buf_put(text, chunk, (size_t)n)
			  : unreadable(why, path, strerror(errno));
	close(fd);
	if (r == ERR_FULL)
		r = unreadable(why, path, "it is too large");
	return r;
}

static void
conf_free(struct relay_conf *c)
{
	free(c->proxy_nets);
	turn_conf_clear(&c->turn);
	conf_clear(&relay_conf_spec, c);
	free(c);
}

/* Flags alone: they say which file, and whether anything is to be run. */
static int
load_flags(
    int argc, char *const *argv, struct relay_conf *c, struct conf_err *why)
{
	const struct conf_src src = {.argv = argv, .argc = argc};

	return conf_load(&relay_conf_spec, &src, c, NULL, why);
}

static int
load_all(int argc, char *const *argv, char *const *env, const char *path,
    struct relay_conf *c, struct conf_err *why)
{
	struct conf_src src = {.argv = argv, .argc = argc, .env = env};
	struct buf text;
	int r;

	buf_init(&text, FILE_MAX);
	src.file_name = path != NULL ? path : RELAY_CONF_DEFAULT_FILE;
	r = read_file(src.file_name, path == NULL, &text, why);
	if (r == 0) {
		src.text = (const char *)text.p;
		src.text_len = text.len;
		r = conf_load(&relay_conf_spec, &src, c, NULL, why);
	}
	buf_clear(&text); /* there may be passwords in it */
	return r;
}

static int
print_what_was_asked(const struct relay_conf *c, struct buf *out, bool *asked)
{
	*asked = true;
	if (c->help)
		return conf_print_help(&relay_conf_spec, out);
	if (c->version)
		return buf_printf(out, "sotto-relay %s\n", SOTTO_VERSION);
	if (c->sample_config)
		return conf_print_sample(&relay_conf_spec, out);
	if (c->man_page)
		return relay_conf_man(out);
	*asked = false;
	return 0;
}

int
relay_conf_load(int argc, char *const *argv, char *const *env,
    struct relay_conf **conf, enum relay_conf_todo *todo, struct buf *out,
    struct conf_err *why)
{
	struct relay_conf *flags, *c;
	bool asked = false;
	int r;

	flags = calloc(1, sizeof(*flags));
	c = calloc(1, sizeof(*c));
	if (flags == NULL || c == NULL) {
		free(flags);
		free(c);
		return ERR_NOMEM;
	}
	r = load_flags(argc, argv, flags, why);
	if (r == 0)
		r = print_what_was_asked(flags, out, &asked);
	if (r == 0 && !asked) {
		r = load_all(argc, argv, env, flags->config_file, c, why);
		if (r == 0)
			r = derive(c, why);
		if (r == 0 && c->check_config) {
			r = conf_print_values(&relay_conf_spec, c, out);
			asked = true;
		}
	}
	conf_free(flags);
	if (r != 0 || asked) {
		conf_free(c);
		if (r == 0)
			*todo = RELAY_CONF_PRINTED;
		return r;
	}
	atomic_init(&c->refs, 1);
	*todo = RELAY_CONF_RUN;
	*conf = c;
	return 0;
}

/* ---- reloading ------------------------------------------------------------------ */

static int
list_dup(struct conf_list *dst, const struct conf_list *src)
{
	struct conf_list copy = {0};
	size_t i;

	if (src->n == 0) {
		*dst = copy;
		return 0;
	}
	copy.v = calloc(src->n, sizeof(*copy.v));
	if (copy.v == NULL)
		return ERR_NOMEM;
	for (; copy.n < src->n; copy.n++) {
		copy.v[copy.n] = strdup(src->v[copy.n]);
		if (copy.v[copy.n] == NULL)
			break;
	}
	if (copy.n == src->n) {
		*dst = copy;
		return 0;
	}
	for (i = 0; i < copy.n; i++)
		free(copy.v[i]);
	free(copy.v);
	return ERR_NOMEM;
}

static void
list_free(struct conf_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static int
string_dup(char **dst, char *const *src)
{
	*dst = NULL;
	if (*src == NULL)
		return 0;
	*dst = strdup(*src);
	return *dst != NULL ? 0 : ERR_NOMEM;
}

/* Give the field of dst the value it has in src. No row that needs a restart
 * is secret, so nothing is wiped. */
static int
field_copy(const struct conf_row *row, struct relay_conf *dst,
    const struct relay_conf *src)
{
	static const size_t sizes[] = {
	    [CONF_BOOL] = sizeof(bool),
	    [CONF_U32] = sizeof(uint32_t),
	    [CONF_U64] = sizeof(uint64_t),
	    [CONF_SIZE] = sizeof(uint64_t),
	    [CONF_DURATION] = sizeof(uint64_t),
	    [CONF_ENUM] = sizeof(int),
	};
	void *d = (char *)dst + row->off;
	const void *s = (const char *)src + row->off;
	struct conf_list list;
	char *text;
	int r;

	switch (row->type) {
	case CONF_STRING:
	case CONF_PATH:
		r = string_dup(&text, s);
		if (r == 0) {
			free(*(char **)d);
			*(char **)d = text;
		}
		return r;
	case CONF_ADDRS:
	case CONF_LIST:
		r = list_dup(&list, s);
		if (r == 0) {
			list_free(d);
			*(struct conf_list *)d = list;
		}
		return r;
	default:
		memcpy(d, s, sizes[row->type]);
		return 0;
	}
}

static void
name_kept(struct conf_err *kept, const char *name)
{
	size_t n;

	if (kept == NULL)
		return;
	n = strlen(kept->text);
	(void)snprintf(kept->text + n, sizeof(kept->text) - n, "%s%s",
	    n > 0 ? ", " : "", name);
}

/* Rows that need a restart stay as they are. */
static int
keep_old(
    const struct relay_conf *old, struct relay_conf *c, struct conf_err *kept)
{
	struct conf_spec one = relay_conf_spec;
	size_t i;
	int r;

	if (kept != NULL)
		kept->text[0] = '\0';
	one.nrows = 1;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		one.rows = &rows[i];
		if ((rows[i].flags & CONF_NO_RELOAD) == 0 ||
		    conf_equal(&one, old, c))
			continue;
		r = field_copy(&rows[i], c, old);
		if (r != 0)
			return r;
		name_kept(kept, rows[i].name);
	}
	return 0;
}

int
relay_conf_reload(const struct relay_conf *old, int argc, char *const *argv,
    char *const *env, struct relay_conf **next, struct conf_err *kept,
    struct conf_err *why)
{
	struct relay_conf *c;
	int r;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR_NOMEM;
	r = load_all(argc, argv, env, old->config_file, c, why);
	if (r == 0)
		r = keep_old(old, c, kept);
	if (r == 0)
		r = derive(c, why);
	if (r != 0) {
		conf_free(c);
		return r;
	}
	atomic_init(&c->refs, 1);
	*next = c;
	return 0;
}

struct relay_conf *
relay_conf_ref(struct relay_conf *conf)
{
	atomic_fetch_add_explicit(&conf->refs, 1, memory_order_relaxed);
	return conf;
}

void
relay_conf_unref(struct relay_conf *conf)
{
	if (conf != NULL && atomic_fetch_sub_explicit(
				&conf->refs, 1, memory_order_acq_rel) == 1)
		conf_free(conf);
}

bool
relay_conf_proxy_trusted(
    const struct relay_conf *conf, const struct net_addr *a)
{
	size_t i;

	for (i = 0; i < conf->n_proxy_nets; i++)
		if (cidr_match(&conf->proxy_nets[i], a))
			return true;
	return false;
}

int
relay_conf_ctl_path(const struct relay_conf *conf, char *out, size_t cap)
{
	int n;

	if (conf->ctl_socket != NULL)
		n = snprintf(out, cap, "%s", conf->ctl_socket);
	else
		n = snprintf(out, cap, "%s/ctl", conf->data_dir);
	return n < 0 || (size_t)n >= cap ? ERR_RANGE : 0;
}

/* ---- the man page ----------------------------------------------------------------- */

static const char man_head[] =
    "sotto-relay.conf(5)\n"
    "\n"
    "# NAME\n"
    "\n"
    "sotto-relay.conf - settings of *sotto-relay*(8)\n"
    "\n"
    "# DESCRIPTION\n"
    "\n"
    "*sotto-relay* reads " RELAY_CONF_DEFAULT_FILE ", or the file named by\n"
    "*--config*. Each line is _name_ = _value_; lists are separated by\n"
    "commas. A # at the start of a line or after a blank starts a comment.\n"
    "A value in double quotes keeps its blanks, commas and #; in it \\\\\" is\n"
    "a quote and \\\\\\\\ a backslash.\n"
    "\n"
    "Every setting can also be given as a flag (*--queue-max=500*), and in\n"
    "the environment (*SOTTO_RELAY_QUEUE_MAX=500*). Flags win over the\n"
    "environment, that over the file.\n"
    "\n"
    "*sotto-relay --check-config* says what is in force, or what is wrong\n"
    "and where. *sotto-relay ctl reload* and SIGHUP read everything again;\n"
    "a file with a mistake changes nothing. Settings that need a restart\n"
    "say so.\n"
    "\n";

static const char man_tail[] =
    "# EXAMPLE\n"
    "\n"
    "```\n"
    "name = Chess club\n"
    "public-addr = relay.example.org\n"
    "otp-driver = http\n"
    "otp-http-url = https://sms.example.com/v1/send\n"
    "otp-http-headers = \"Authorization: Bearer s3cret\"\n"
    "otp-http-body = \"{\\\\\"to\\\\\": \\\\\"{phone}\\\\\", "
    "\\\\\"text\\\\\": \\\\\"{relay}: {code}\\\\\"}\"\n"
    "```\n"
    "\n"
    "# SEE ALSO\n"
    "\n"
    "*sotto-relay*(8), *sotto*(1)\n";

int
relay_conf_man(struct buf *b)
{
	int r;

	r = buf_put(b, man_head, sizeof(man_head) - 1);
	if (r == 0)
		r = conf_print_scdoc(&relay_conf_spec, b);
	if (r == 0)
		r = buf_put(b, man_tail, sizeof(man_tail) - 1);
	return r;
}

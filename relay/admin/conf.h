/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h — the relay's settings: one struct, one table of rows (conf.c).
 *
 * A struct relay_conf is immutable once loaded and shared by reference: every
 * loop holds a reference of its own and swaps it when told (a reload makes a
 * new one). Its strings live as long as the reference.
 */
#ifndef RELAY_ADMIN_CONF_H
#define RELAY_ADMIN_CONF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/log.h"
#include "relay/abuse/cidr.h"
#include "relay/abuse/limit.h"
#include "relay/admin/conf_turn.h"

#define RELAY_CONF_DEFAULT_FILE "/etc/sotto-relay.conf"
#define RELAY_HTTP_HEADERS_MAX	16
#define RELAY_OTP_ARGS_MAX	32

#define REGISTRATION_POLICIES(X)                                               \
	X(INVITE, "invite") /* new numbers need an invite */                   \
	X(OPEN, "open") /* anyone */                                           \
	X(CLOSED, "closed") /* no new accounts */

enum registration_policy {
#define X(name, word) REGISTRATION_##name,
	REGISTRATION_POLICIES(X)
#undef X
};

#define OTP_DRIVERS(X)                                                         \
	X(NONE, "none") /* nobody can register */                              \
	X(LOG, "log") /* the code goes to the log: demo only */                \
	X(COMMAND, "command")                                                  \
	X(HTTP, "http")

enum otp_driver_id {
#define X(name, word) OTP_DRIVER_##name,
	OTP_DRIVERS(X)
#undef X
};

#define BLOB_STORES(X)                                                         \
	X(OFF, "off") /* no media */                                           \
	X(DIR, "dir") /* a folder, served by the relay */                      \
	X(S3, "s3") /* a bucket, reached by clients directly */

enum blob_store {
#define X(name, word) BLOBS_##name,
	BLOB_STORES(X)
#undef X
};

struct relay_conf {
	/* flags only */
	char *config_file; /* NULL: the default one, if it is there */
	bool help, version, sample_config, check_config, man_page;

	/* the relay */
	char *name; /* what clients show */
	char *public_addr; /* "host[:port]" in invite links; NULL: a guess */
	char *report_key; /* base64url; NULL: no reports are taken */
	uint8_t report_pk[32]; /* the same, with report_key */
	char *data_dir;
	char *ctl_socket; /* NULL: <data-dir>/ctl */
	uint32_t threads; /* loops; 0: one a core */
	int log_level; /* enum log_level */
	int log_format; /* enum log_format */

	/* sockets */
	struct conf_list listen; /* host:port; port 0: any free one */
	struct conf_list proxy_trusted; /* addresses or nets, PROXY v2 */
	char *http_listen; /* "127.0.0.1:7787"; "off": none */
	uint32_t connections_max;
	uint32_t guests_max; /* connections that are no device (yet) */
	uint32_t guests_per_address;
	uint64_t handshake_timeout_ms;
	uint64_t guest_timeout_ms; /* a guest's whole life */
	uint64_t idle_timeout_ms; /* nothing read from a device */
	uint64_t drain_timeout_ms;

	/* registration */
	int registration; /* enum registration_policy */
	uint32_t home_country; /* calling code, for ctl; 0 none */
	uint64_t otp_ttl_ms;
	uint32_t otp_attempts; /* wrong codes before one is void */
	int otp_driver; /* enum otp_driver_id */
	uint64_t otp_timeout_ms; /* one try of command or gateway */
	char *otp_command; /* words, "..." and \ as in a shell, no shell */
	char *otp_http_url;
	char *otp_http_method;
	struct conf_list otp_http_headers; /* "Name: value" */
	char *otp_http_body; /* NULL none */
	char *otp_http_user; /* "name:password"; secret; NULL none */
	uint32_t otp_http_retries;
	uint64_t otp_http_retry_ms; /* before the first; doubles */

	/* messages */
	uint64_t message_ttl_ms; /* undelivered after this: dropped */
	uint64_t envelope_max; /* bytes of one ciphertext */
	uint32_t queue_max; /* messages waiting for one device */
	uint64_t disk_free_min; /* below: sends to absent devices refused */

	/* media */
	int blobs; /* enum blob_store */
	char *blobs_dir; /* NULL: <data-dir>/blobs */
	char *blobs_listen; /* "*:7788" */
	char *blobs_url; /* how clients reach it; NULL: the relay's own host */
	char *blobs_tls_cert, *blobs_tls_key; /* files; NULL: no TLS */
	uint64_t blobs_limit; /* bytes of one, sealed */
	uint64_t blobs_quota; /* bytes of one account */
	uint64_t blobs_ttl_ms; /* after delivery */
	uint64_t blobs_url_ttl_ms;
	uint32_t blobs_connections;
	uint32_t blobs_per_address; /* 0: any number */
	char *blobs_s3_url; /* "https://s3.example.org" */
	char *blobs_s3_region;
	char *blobs_s3_bucket;
	char *blobs_s3_key_id;
	char *blobs_s3_secret; /* secret */

	/* calls */
	struct conf_list turn_listen; /* UDP and TCP; empty: no TURN server */
	char *turn_host; /* in URLs; NULL: the relay's own host */
	struct conf_list turn_relay_address; /* where peers send to */
	struct conf_list turn_external_address; /* as clients see it */
	char *turn_ports; /* "49152-65535" */
	uint32_t turn_threads;
	char *turn_realm;
	char *turn_secret; /* secret; NULL: of the relay's key */
	uint64_t turn_ttl_ms; /* of credentials */
	uint32_t turn_quota; /* allocations of one account */
	uint32_t turn_allocations; /* of all */
	uint64_t turn_bandwidth; /* bytes a second; 0: no limit */
	char *turn_unauthenticated; /* a rate */
	char *turn_tls_cert, *turn_tls_key; /* files; NULL: no TLS */
	struct conf_list turn_peers_allow, turn_peers_deny;
	struct conf_list turn_server; /* URLs of another one */

	/* limits */
	uint64_t limit_entries;
	char *limit_text[LIMIT_CLASS_COUNT][LIMIT_KIND_COUNT];

	/* not rows */
	struct limit_rates rates; /* parsed from limit_text */
	struct cidr *proxy_nets; /* parsed from proxy_trusted */
	size_t n_proxy_nets;
	struct turn_conf turn; /* parsed from turn_... */
	atomic_uint refs;
};

extern const struct conf_spec relay_conf_spec;

/* What to do after relay_conf_load(). */
enum relay_conf_todo {
	RELAY_CONF_RUN,
	RELAY_CONF_PRINTED, /* --help, --sample-config, ...: text is in out,
			       *conf is unchanged */
};

/*
 * Read flags, environment (SOTTO_RELAY_*) and file, and check what no single
 * row can (a driver without its settings, a bad template or address).
 *   argv  argv[0] is skipped; arguments that are no flags are an error
 *   env   may be NULL
 *   out   text for --help, --version, --sample-config, --check-config, to be
 *         written to stdout
 * Returns 0 with one reference owned by the caller; ERR_CONFIG with the
 * sentence in why; ERR_NOMEM; ERR_SYS/ERR_IO the file cannot be read (why says
 * so). On error *conf is unchanged.
 */
int relay_conf_load(int argc, char *const *argv, char *const *env,
    struct relay_conf **conf, enum relay_conf_todo *todo, struct buf *out,
    struct conf_err *why) MUST_USE;

/*
 * The same flags, environment and file again. On success *next is a new
 * reference; the caller publishes it and drops the old one. Rows that need a
 * restart keep their old value; their names go to `kept` (one line, "" when
 * none changed; may be NULL).
 */
int relay_conf_reload(const struct relay_conf *old, int argc, char *const *argv,
    char *const *env, struct relay_conf **next, struct conf_err *kept,
    struct conf_err *why) MUST_USE;

/* Any thread. unref(NULL) is fine; the last one frees, secrets wiped. */
struct relay_conf *relay_conf_ref(struct relay_conf *conf);
void relay_conf_unref(struct relay_conf *conf);

/* Whether a connection from there speaks for others by the PROXY protocol. */
bool relay_conf_proxy_trusted(
    const struct relay_conf *conf, const struct net_addr *a);

/* The policy's word, for HELLO. */
const char *registration_policy_str(int policy);

/* Append the source of sotto-relay.conf(5). 0, ERR_FULL or ERR_NOMEM. */
int relay_conf_man(struct buf *b) MUST_USE;

/* <data-dir>/ctl or the configured path; 0, ERR_RANGE too long for a socket.
 */
int relay_conf_ctl_path(
    const struct relay_conf *conf, char *out, size_t cap) MUST_USE;

#endif

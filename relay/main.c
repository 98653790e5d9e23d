/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c — the program sotto-relay: settings, signals, log, admin's doors. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>
#include <uv.h>

#include "common/uri.h"
#include "relay/admin/ctl.h"
#include "relay/admin/http.h"
#include "relay/admin/metrics.h"
#include "relay/admin/report.h"
#include "relay/notify.h"
#include "relay/relay.h"

#define CTL_PATH_CAP 256

struct program {
	int argc;
	char **argv;
	struct relay_conf *conf; /* a reference of ours */
	struct log log;
	struct relay *relay;
	uv_loop_t loop;
	uv_signal_t term, intr, hup;
	uv_async_t quiet;
	bool stopping;
	struct store_sink sink; /* of ctl */
	uv_async_t wake;
	struct ctl *ctl;
	struct admin_http *http;
};

/* ---- log ---------------------------------------------------------------------------------- */

/* One write a line, so that lines of several threads do not mix. */
static void
to_stderr(void *arg, enum log_level level, const char *line, size_t len)
{
	(void)arg;
	(void)level;
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
}

static uint64_t
wall_ms(void *arg)
{
	(void)arg;
	return relay_clock_wall(&relay_clock_system);
}

static void
set_up_log(struct program *p)
{
	p->log = (struct log){
	    .level = (enum log_level)p->conf->log_level,
	    .format = (enum log_format)p->conf->log_format,
	    .sink = to_stderr,
	    .clock = wall_ms,
	};
}

static int
complain(const char *text)
{
	(void)fprintf(stderr, "sotto-relay: %s\n", text);
	return EXIT_FAILURE;
}

/* ---- reload --------------------------------------------------------------------------------- */

static int
reload(void *arg, char *text, size_t cap)
{
	struct program *p = arg;
	struct conf_err kept = {""}, why = {""};
	struct relay_conf *next;
	int r;

	r = relay_conf_reload(
	    p->conf, p->argc, p->argv, environ, &next, &kept, &why);
	if (r == 0)
		r = relay_set_conf(p->relay, next);
	metrics_code(METRIC_reloads, r);
	if (r != 0) {
		snprintf(text, cap, "%s",
		    why.text[0] != '\0' ? why.text : err_str(r));
		log_error(
		    &p->log, "the old settings stay", LOG_STR("why", text));
		return r;
	}
	relay_conf_unref(p->conf);
	p->conf = next;
	p->log.level = (enum log_level)next->log_level;
	snprintf(text, cap, "%s", kept.text);
	log_info(
	    &p->log, "settings read again", LOG_STR("need_restart", kept.text));
	return 0;
}

static void
on_hup(uv_signal_t *s, int signum)
{
	struct program *p = s->data;
	char text[CONF_ERR_MAX];

	(void)signum;
	if (!p->stopping)
		(void)reload(p, text, sizeof(text));
}

/* ---- stop ------------------------------------------------------------------------------------- */

static void
close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* No connection is left. */
static void
on_quiet(uv_async_t *a)
{
	struct program *p = a->data;

	admin_http_stop(p->http);
	p->http = NULL;
	ctl_stop(p->ctl);
	p->ctl = NULL;
	uv_stop(&p->loop);
}

static void
tell_quiet(void *arg)
{
	struct program *p = arg;

	uv_async_send(&p->quiet);
}

static void
on_term(uv_signal_t *s, int signum)
{
	struct program *p = s->data;

	if (p->stopping) {
		log_warn(&p->log, "stopping at once",
		    LOG_U64("signal", (uint64_t)signum));
		relay_force(p->relay);
		return;
	}
	p->stopping = true;
	log_info(&p->log, "draining", LOG_U64("signal", (uint64_t)signum));
	notify_systemd("STOPPING=1");
	relay_drain(p->relay, tell_quiet, p);
}

/* ---- ctl and HTTP -------------------------------------------------------------------------- */

static void
wake_main(void *ctx)
{
	struct program *p = ctx;

	uv_async_send(&p->wake);
}

static void
on_wake(uv_async_t *a)
{
	struct program *p = a->data;

	store_sink_drain(&p->sink);
}

static struct relay_conf *
present_conf(void *arg)
{
	struct program *p = arg;

	return p->conf;
}

static void
kick(void *arg, const struct store_devs *gone, const char *reason)
{
	struct program *p = arg;

	relay_kick(p->relay, gone, reason);
}

static void
refresh(void *arg)
{
	struct program *p = arg;

	relay_refresh_metrics(p->relay);
}

/* The first address of listen, unless it stands for all of them. */
static const char *
own_host(const struct program *p, char host[static CONF_HOST_CAP])
{
	uint16_t port;

	if (p->conf->listen.n == 0 ||
	    conf_addr_split(p->conf->listen.v[0], host, &port) != 0 ||
	    strcmp(host, "*") == 0)
		return NULL;
	return host;
}

static int
start_ctl(struct program *p, char *why, size_t cap)
{
	char host[CONF_HOST_CAP], path[CTL_PATH_CAP];
	struct ctl_env env = {
	    .loop = &p->loop,
	    .store = relay_store(p->relay),
	    .sink = &p->sink,
	    .log = &p->log,
	    .clock = &relay_clock_system,
	    .conf = present_conf,
	    .kick = kick,
	    .reload = reload,
	    .arg = p,
	    .host = own_host(p, host),
	    .port = relay_port(p->relay, 0),
	    .started_ms = wall_ms(NULL),
	};
	int r;

	memcpy(env.relay_key, relay_key(p->relay)->b, sizeof(env.relay_key));
	r = relay_conf_ctl_path(p->conf, path, sizeof(path));
	if (r == 0)
		r = ctl_start(&p->ctl, path, &env);
	if (r != 0)
		snprintf(why, cap, "%s: %s", path,
		    r == ERR_SYS ? strerror(errno) : err_str(r));
	return r;
}

static int
start_http(struct program *p, char *why, size_t cap)
{
	int r;

	if (strcmp(p->conf->http_listen, "off") == 0)
		return 0;
	r = admin_http_start(
	    &p->http, p->conf->http_listen, refresh, p, &p->log);
	if (r != 0)
		snprintf(why, cap, "http-listen %s: %s", p->conf->http_listen,
		    err_str(r));
	return r;
}

/* ---- what clients are given -------------------------------------------------------------------- */

/* public-addr, else where we listen. */
static int
relay_uri(const struct program *p, struct buf *out)
{
	char host[CONF_HOST_CAP];
	struct uri u = {.port = 0};
	const char *text = p->conf->public_addr;

	if (text == NULL)
		text = own_host(p, host);
	if (text == NULL)
		text = "localhost";
	if (uri_parse(text, &u, NULL) != 0)
		return ERR_FORMAT;
	if (p->conf->public_addr == NULL)
		u.port = relay_port(p->relay, 0);
	u.has_key = true;
	memcpy(u.key, relay_key(p->relay)->b, sizeof(u.key));
	return uri_format(&u, out);
}

static void
announce(struct program *p)
{
	struct buf uri;

	buf_init(&uri, URI_TEXT_MAX);
	if (relay_uri(p, &uri) != 0)
		buf_reset(&uri);
	log_info(&p->log, "ready",
	    LOG_STRN("uri", (const char *)uri.p, uri.len),
	    LOG_U64("port", relay_port(p->relay, 0)),
	    LOG_U64(
		"http_port", p->http != NULL ? admin_http_port(p->http) : 0),
	    LOG_U64("blobs_port", relay_blobs_port(p->relay)),
	    LOG_STR("registration",
		registration_policy_str(p->conf->registration)));
	buf_clear(&uri);
	health_set(HEALTH_STARTING, false);
	notify_systemd("READY=1");
}

/* ---- start ------------------------------------------------------------------------------------- */

/* Every connection is a file: as many as we may have. */
static void
raise_limits(const struct program *p)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) != 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) == 0 &&
	    lim.rlim_cur < p->conf->connections_max)
		log_warn(&p->log, "fewer open files than connections-max",
		    LOG_U64("files", lim.rlim_cur),
		    LOG_U64("connections_max", p->conf->connections_max));
}

static int
init_loop(struct program *p)
{
	if (uv_loop_init(&p->loop) != 0 ||
	    uv_async_init(&p->loop, &p->quiet, on_quiet) != 0 ||
	    uv_async_init(&p->loop, &p->wake, on_wake) != 0 ||
	    uv_signal_init(&p->loop, &p->term) != 0 ||
	    uv_signal_init(&p->loop, &p->intr) != 0 ||
	    uv_signal_init(&p->loop, &p->hup) != 0)
		return ERR_SYS;
	p->quiet.data = p->wake.data = p;
	p->term.data = p->intr.data = p->hup.data = p;
	uv_signal_start(&p->term, on_term, SIGTERM);
	uv_signal_start(&p->intr, on_term, SIGINT);
	uv_signal_start(&p->hup, on_hup, SIGHUP);
	return store_sink_init(&p->sink, wake_main, p);
}

static int
start(struct program *p, char *why, size_t cap)
{
	const struct relay_env env = {.conf = p->conf, .log = &p->log};
	struct relay_why rw;
	int r;

	health_set(HEALTH_STARTING, true);
	r = init_loop(p);
	if (r != 0) {
		snprintf(why, cap, "%s", err_str(r));
		return r;
	}
	r = relay_start(&p->relay, &env, &rw);
	if (r != 0) {
		snprintf(why, cap, "%s", rw.text);
		return r;
	}
	r = start_ctl(p, why, cap);
	return r != 0 ? r : start_http(p, why, cap);
}

static void
finish(struct program *p)
{
	admin_http_stop(p->http);
	ctl_stop(p->ctl);
	relay_free(p->relay);
	store_sink_drain(&p->sink);
	uv_walk(&p->loop, close_handle, NULL);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&p->loop);
	store_sink_clear(&p->sink);
	log_info(&p->log, "stopped", LOG_NONE);
	relay_conf_unref(p->conf);
}

static int
run(struct program *p)
{
	char why[RELAY_WHY_MAX + 64] = "";

	set_up_log(p);
	raise_limits(p);
	if (start(p, why, sizeof(why)) != 0) {
		finish(p);
		return complain(why);
	}
	announce(p);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	finish(p);
	return EXIT_SUCCESS;
}

static int
print(const struct buf *out)
{
	bool ok = fwrite(out->p, 1, out->len, stdout) == out->len &&
		  fflush(stdout) == 0;

	return ok ? EXIT_SUCCESS : complain(strerror(errno));
}

int
main(int argc, char **argv)
{
	struct program p = {.argc = argc, .argv = argv};
	enum relay_conf_todo todo;
	struct conf_err why = {""};
	struct buf out;
	int r;

	if (sodium_init() < 0)
		return complain("no source of random numbers");
	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl_main(argc - 1, argv + 1, environ);
	if (argc == 3 && strcmp(argv[1], "report-keygen") == 0)
		return report_keygen(argv[2], stdout, stderr);
	if (argc == 3 && strcmp(argv[1], "report-open") == 0)
		return report_open(argv[2], stdin, stdout, stderr);
	signal(SIGPIPE, SIG_IGN);
	buf_init(&out, 1024 * 1024);
	r = relay_conf_load(argc, argv, environ, &p.conf, &todo, &out, &why);
	if (r != 0)
		r = complain(why.text[0] != '\0' ? why.text : err_str(r));
	else if (todo == RELAY_CONF_PRINTED)
		r = print(&out);
	else if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = complain("libcurl does not start");
	else
		r = run(&p);
	buf_clear(&out);
	curl_global_cleanup();
	return r;
}

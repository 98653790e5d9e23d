/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_media [MIB] — sealing beside libsodium's bare cipher and `openssl enc`;
 * files up and down over loopback beside curl, through the relay's own server;
 * memory at that size. One line a figure.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "media/transfer/curl_fns.h"
#include "media/transfer/file.h"
#include "media/transfer/transfer.h"
#include "relay/blobs/http.h"

#define ROUNDS 3
#define CHUNKS 4096 /* 256 MiB a round, in memory */

static const uint8_t secret[BLOB_SECRET_LEN] = "only for this bench";

struct bench {
	char dir[64];
	char plain[96], sealed[96], down[96], opened[96];
	uint64_t bytes;
	struct media_seal seal;
	struct blob_dir *d;
	struct blob_http *http;
	struct media_hub *hub;
	int pipe[2];
	int ended; /* 1 none yet */
};

NORETURN static void
die(const char *what, int r)
{
	(void)fprintf(stderr, "bench_media: %s: %s\n", what, err_str(r));
	exit(1);
}

static void
must(const char *what, int r)
{
	if (r != 0)
		die(what, r);
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Of this thread alone, so that what else runs matters little. */
static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t
wall(void *arg)
{
	(void)arg;
	return (uint64_t)time(NULL) * 1000;
}

static const struct relay_clock clock_wall = {wall, wall, NULL};

/* ---- in memory ------------------------------------------------------------------- */

static uint8_t in[BLOB_CHUNK], out[BLOB_CHUNK_MAX];

static double
sodium_chunks(void)
{
	uint8_t key[32] = {1}, nonce[12] = {0};
	double begin = cpu_s();
	int i;

	for (i = 0; i < CHUNKS; i++) {
		memcpy(nonce, &i, sizeof(i));
		crypto_aead_chacha20poly1305_ietf_encrypt(
		    out, NULL, in, sizeof(in), NULL, 0, NULL, nonce, key);
	}
	return cpu_s() - begin;
}

static double
sodium_stream(void)
{
	static uint8_t big[BLOB_CHUNK + 64];
	crypto_secretstream_xchacha20poly1305_state st;
	uint8_t key[32] = {1}, head[24];
	double begin = cpu_s();
	int i;

	crypto_secretstream_xchacha20poly1305_init_push(&st, head, key);
	for (i = 0; i < CHUNKS; i++)
		crypto_secretstream_xchacha20poly1305_push(
		    &st, big, NULL, in, sizeof(in), NULL, 0, 0);
	return cpu_s() - begin;
}

/* The digest is part of it. */
static double
seal_chunks(void)
{
	uint8_t head[BLOB_HEAD_LEN];
	struct blob_seal *s;
	struct blob_key key;
	double begin = cpu_s();
	size_t len;

	must("seal", blob_seal_new(&s, (uint64_t)CHUNKS * BLOB_CHUNK,
			 &blob_rng_system, &key, head));
	while (blob_seal_next(s, in, out, &len) == 0)
		;
	blob_seal_free(s);
	return cpu_s() - begin;
}

/* One chunk again and again: the first of many. */
static double
open_chunks(void)
{
	uint64_t size = (uint64_t)CHUNKS * BLOB_CHUNK;
	uint8_t head[BLOB_HEAD_LEN];
	struct blob_seal *s;
	struct blob_open *o;
	struct blob_key key;
	double begin;
	size_t len, n;
	int i;

	must("seal", blob_seal_new(&s, size, &blob_rng_system, &key, head));
	must("seal", blob_seal_next(s, in, out, &len));
	blob_seal_free(s);
	must("open", blob_open_new(&o, &key, head, blob_sealed_size(size)));
	begin = cpu_s();
	for (i = 0; i < CHUNKS; i++)
		must("open", blob_open_chunk(o, 0, out, len, in, &n));
	blob_open_free(o);
	return cpu_s() - begin;
}

static void
in_memory(void)
{
	static const struct {
		const char *what;
		double (*fn)(void);
	} v[] = {
	    {"libsodium ChaCha20-Poly1305", sodium_chunks},
	    {"libsodium secretstream", sodium_stream},
	    {"seal, with its digest", seal_chunks},
	    {"open", open_chunks},
	};
	double t, least[ARRAY_LEN(v)] = {0};
	size_t i;
	int round;

	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < ARRAY_LEN(v); i++) {
			t = v[i].fn();
			if (least[i] <= 0 || t < least[i])
				least[i] = t;
		}
	for (i = 0; i < ARRAY_LEN(v); i++)
		(void)printf("%-32s %6.2f GB/s  %.2f of libsodium bare\n",
		    v[i].what, (double)CHUNKS * BLOB_CHUNK / 1e9 / least[i],
		    least[0] / least[i]);
}

/* ---- files ----------------------------------------------------------------------- */

static void
make_plain(struct bench *b)
{
	static uint8_t block[1 << 20];
	FILE *f = fopen(b->plain, "w");
	uint64_t i;

	if (f == NULL)
		die(b->plain, ERR_IO);
	for (i = 0; i < b->bytes >> 20; i++) {
		randombytes_buf(block, sizeof(block));
		if (fwrite(block, sizeof(block), 1, f) != 1)
			die(b->plain, ERR_IO);
	}
	(void)fflush(f);
	(void)fsync(fileno(f));
	(void)fclose(f);
}

static double
shell(const char *cmd)
{
	double begin = now_s();

	if (system(cmd) != 0)
		die(cmd, ERR_SYS);
	return now_s() - begin;
}

static void
line(const struct bench *b, const char *what, double s, double other)
{
	(void)printf("%-32s %6.2f GB/s", what, (double)b->bytes / 1e9 / s);
	if (other > 0)
		(void)printf("  %.2f of the one before", other / s);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void
sealing_files(struct bench *b)
{
	char cmd[600];
	double t, theirs;
	int fd;

	(void)snprintf(cmd, sizeof(cmd),
	    "openssl enc -aes-256-ctr -K %064d -iv %032d -in %s -out %s &&"
	    " sync %s",
	    1, 2, b->plain, b->opened, b->opened);
	theirs = shell(cmd);
	line(b, "openssl enc (CTR, no tag), synced", theirs, 0);
	(void)unlink(b->opened);
	fd = open(b->plain, O_RDONLY | O_CLOEXEC);
	t = now_s();
	must("seal",
	    media_seal_file(fd, b->sealed, UINT64_MAX, NULL, NULL, &b->seal));
	line(b, "seal a file, synced", now_s() - t, theirs);
	close(fd);
}

static void
opening_files(struct bench *b)
{
	int fd = open(b->opened, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	double t = now_s();

	must("open", media_open_file(b->down, &b->seal, fd, NULL, NULL));
	line(b, "digest and open a file, synced", now_s() - t, 0);
	close(fd);
	(void)unlink(b->opened);
}

/* ---- transfers --------------------------------------------------------------------- */

static void
wake(void *ctx)
{
	struct bench *b = ctx;

	if (write(b->pipe[1], "", 1) != 1)
		abort();
}

static void
on_event(void *arg, const struct media_event *ev)
{
	struct bench *b = arg;

	if (ev->kind == MEDIA_DONE || ev->kind == MEDIA_FAILED)
		b->ended = ev->err;
}

static double
carry(struct bench *b, const struct media_job *job)
{
	double begin = now_s();
	uint64_t id;
	char c;

	b->ended = 1;
	must("start", media_start(b->hub, job, &id));
	while (b->ended == 1) {
		if (read(b->pipe[0], &c, 1) != 1)
			die("pipe", ERR_SYS);
		media_hub_events(b->hub, on_event, b);
	}
	must("transfer", b->ended);
	return now_s() - begin;
}

static const char *
url_of(struct bench *b, enum blob_verb verb, uint8_t n, uint64_t size)
{
	static char url[300];
	struct blob_grant g = {
	    .verb = verb, .size = size, .expires_s = UINT64_MAX};
	char path[BLOB_PATH_CAP];

	memset(g.locator.b, n, sizeof(g.locator.b));
	blob_path(secret, &g, path);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s",
	    blob_http_port(b->http), path);
	return url;
}

static void
transfers(struct bench *b)
{
	struct media_job job = {.way = MEDIA_UP,
	    .path = b->sealed,
	    .size = b->seal.sealed_size,
	    .digest = b->seal.digest};
	char cmd[700];
	double theirs;

	(void)snprintf(cmd, sizeof(cmd), "curl -sf -T %s '%s'", b->plain,
	    url_of(b, BLOB_VERB_PUT, 1, b->bytes));
	theirs = shell(cmd);
	line(b, "curl up, the plain file", theirs, 0);
	job.url = url_of(b, BLOB_VERB_PUT, 2, job.size);
	line(b, "up", carry(b, &job), theirs);
	(void)snprintf(cmd, sizeof(cmd), "curl -sf -o %s '%s' && sync %s",
	    b->opened, url_of(b, BLOB_VERB_GET, 1, b->bytes), b->opened);
	theirs = shell(cmd);
	line(b, "curl down, the plain file, synced", theirs, 0);
	(void)unlink(b->opened);
	job.way = MEDIA_DOWN;
	job.path = b->down;
	job.url = url_of(b, BLOB_VERB_GET, 2, job.size);
	line(b, "down, with its digest, synced", carry(b, &job), theirs);
}

static long
peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char text[128];
	long kib = 0;

	if (f == NULL)
		return 0;
	while (fgets(text, sizeof(text), f) != NULL)
		if (strncmp(text, "VmHWM:", 6) == 0)
			kib = strtol(text + 6, NULL, 10);
	(void)fclose(f);
	return kib;
}

static void
open_all(struct bench *b)
{
	const struct media_hub_opts opts = {
	    .curl = &media_curl_linked, .wake = wake, .ctx = b};
	struct blob_http_env env = {
	    .secret = secret, .listen = "127.0.0.1:0", .clock = &clock_wall};

	(void)snprintf(b->dir, sizeof(b->dir), "/var/tmp/sotto-bench-XXXXXX");
	if (mkdtemp(b->dir) == NULL || pipe(b->pipe) != 0)
		die("folder", ERR_SYS);
	(void)snprintf(b->plain, sizeof(b->plain), "%s/plain", b->dir);
	(void)snprintf(b->sealed, sizeof(b->sealed), "%s/sealed", b->dir);
	(void)snprintf(b->down, sizeof(b->down), "%s/down", b->dir);
	(void)snprintf(b->opened, sizeof(b->opened), "%s/opened", b->dir);
	must("folder", blob_dir_open(&b->d, b->dir));
	env.dir = b->d;
	must("server", blob_http_start(&b->http, &env));
	must("hub", media_hub_new(&b->hub, &opts));
}

int
main(int argc, char **argv)
{
	struct bench b = {.bytes = 1024};
	char cmd[100];
	long before;

	if (argc > 1)
		b.bytes = strtoull(argv[1], NULL, 10);
	b.bytes <<= 20;
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 1;
	in_memory();
	open_all(&b);
	make_plain(&b);
	before = peak_kib();
	sealing_files(&b);
	transfers(&b);
	opening_files(&b);
	(void)printf("memory for %llu MiB, client and server  %ld KiB\n",
	    (unsigned long long)(b.bytes >> 20), peak_kib() - before);
	media_hub_free(b.hub);
	blob_http_stop(b.http);
	blob_dir_close(b.d);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", b.dir);
	return system(cmd) == 0 ? 0 : 1;
}

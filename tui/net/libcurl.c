/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "tui/net/libcurl.h"

#ifdef __APPLE__
#define LIBCURL_NAME "libcurl.4.dylib"
#else
#define LIBCURL_NAME "libcurl.so.4"
#endif

static struct libcurl loaded;
static bool usable;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool
find(void *lib, const char *name, void *fn)
{
	void *sym = dlsym(lib, name);

	/* Data and function pointers are alike wherever dlsym() exists. */
	memcpy(fn, &sym, sizeof(sym));
	return sym != NULL;
}

static void
load(void)
{
	void *lib = dlopen(LIBCURL_NAME, RTLD_NOW | RTLD_LOCAL);
	bool all = lib != NULL;

#define X(name) all = all && find(lib, "curl_" #name, &loaded.name);
	LIBCURL_FNS(X)
#undef X
	usable = all && loaded.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct libcurl *
libcurl_get(void)
{
	if (pthread_once(&once, load) != 0 || !usable)
		return NULL;
	return &loaded;
}

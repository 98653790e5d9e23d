/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curl_fns.h — the functions of libcurl that transfers use, as pointers: the
 * client opens the library at run time (docs/adr/0012-libcurl-at-run-time.md).
 */
#ifndef MEDIA_TRANSFER_CURL_FNS_H
#define MEDIA_TRANSFER_CURL_FNS_H

#include <curl/curl.h>

#define MEDIA_CURL_FNS(X)                                                      \
	X(easy_init)                                                           \
	X(easy_setopt)                                                         \
	X(easy_getinfo)                                                        \
	X(easy_cleanup)                                                        \
	X(easy_pause)                                                          \
	X(slist_append)                                                        \
	X(slist_free_all)                                                      \
	X(multi_init)                                                          \
	X(multi_add_handle)                                                    \
	X(multi_remove_handle)                                                 \
	X(multi_info_read)                                                     \
	X(multi_perform)                                                       \
	X(multi_poll)                                                          \
	X(multi_wakeup)                                                        \
	X(multi_cleanup)

/* easy_init is curl_easy_init, and so on. */
struct media_curl {
#define X(name) __typeof__(curl_##name) *name;
	MEDIA_CURL_FNS(X)
#undef X
};

/* For programs that link libcurl; others do not touch it. */
extern const struct media_curl media_curl_linked;

#endif

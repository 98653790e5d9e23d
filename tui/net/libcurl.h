/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcurl.h — libcurl, opened when the first connection is dialled. It brings
 * some thirty libraries along (LDAP, Kerberos, SSH ...), which cost half of
 * the start of a client and a third of its memory, and neither a first picture
 * nor `sotto search` needs any of them. docs/adr/0012-libcurl-at-run-time.md.
 */
#ifndef TUI_NET_LIBCURL_H
#define TUI_NET_LIBCURL_H

#include <curl/curl.h>

#define LIBCURL_FNS(X)                                                         \
	X(easy_init)                                                           \
	X(easy_perform)                                                        \
	X(slist_append)                                                        \
	X(slist_free_all)                                                      \
	X(easy_setopt)                                                         \
	X(easy_getinfo)                                                        \
	X(easy_send)                                                           \
	X(easy_recv)                                                           \
	X(easy_cleanup)                                                        \
	X(easy_pause)                                                          \
	X(multi_init)                                                          \
	X(multi_setopt)                                                        \
	X(multi_assign)                                                        \
	X(multi_add_handle)                                                    \
	X(multi_remove_handle)                                                 \
	X(multi_socket_action)                                                 \
	X(multi_info_read)                                                     \
	X(multi_cleanup)                                                       \
	X(multi_perform)                                                       \
	X(multi_poll)                                                          \
	X(multi_wakeup)                                                        \
	X(global_init)

/* easy_init is curl_easy_init, and so on. */
struct libcurl {
#define X(name) __typeof__(curl_##name) *name;
	LIBCURL_FNS(X)
#undef X
};

/*
 * Open and initialise it, once; any thread. NULL: it is not installed, or too
 * old. Static storage, stays open.
 */
const struct libcurl *libcurl_get(void);

#endif

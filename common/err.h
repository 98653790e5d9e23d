/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h — the error codes of the whole project: 0 or one negative number.
 *
 * A function returns 0 or exactly one of these; codes are never or-ed
 * together. errno has a meaning only beside ERR_SYS.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#define ERR_LIST(X) /* name    value  what a person is told */                 \
	X(NOMEM, -1, "out of memory")                                          \
	X(RANGE, -2, "a length or number is out of range")                     \
	X(FORMAT, -3, "malformed data")                                        \
	X(AUTH, -4, "forged or corrupt data")                                  \
	X(STATE, -5, "not allowed now")                                        \
	X(DUP, -6, "already seen")                                             \
	X(FULL, -7, "a limit is reached")                                      \
	X(NOTFOUND, -8, "not found")                                           \
	X(EXISTS, -9, "exists already")                                        \
	X(SYS, -10, "the system refused")                                      \
	X(BUSY, -11, "in use by another process")                              \
	X(DENIED, -12, "permission denied")                                    \
	X(EXPIRED, -13, "expired")                                             \
	X(UNTRUSTED, -14, "the key has changed")                               \
	X(IO, -15, "input or output failed")                                   \
	X(VERSION, -16, "unknown version")                                     \
	X(RATE, -17, "too many requests")                                      \
	X(AGAIN, -18, "more data is needed")                                   \
	X(CLOSED, -19, "closed by the other side")                             \
	X(TIMEOUT, -20, "timed out")                                           \
	X(CONFIG, -21, "the configuration is wrong")                           \
	X(INTERNAL, -22, "internal error")

enum err {
	ERR_NONE = 0,
#define X(name, value, text) ERR_##name = (value),
	ERR_LIST(X)
#undef X
};

/* A sentence for a code; never NULL, static storage. */
const char *err_str(int code);

/* The code's own name ("AUTH"), for logs; never NULL, static storage. */
const char *err_name(int code);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ossl.h — include this instead of OpenSSL's own headers: they give the name
 * ERR_STATE to a type, which is one of our error codes.
 */
#ifndef COMMON_OSSL_H
#define COMMON_OSSL_H

#define ERR_STATE OPENSSL_ERR_STATE_TYPE
#include <openssl/bn.h>
#include <openssl/evp.h>
#undef ERR_STATE

#endif

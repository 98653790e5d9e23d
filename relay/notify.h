/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify.h — systemd's readiness protocol (sd_notify(3)), without its library. */
#ifndef RELAY_NOTIFY_H
#define RELAY_NOTIFY_H

/* "READY=1", "STOPPING=1", ...; nothing happens without $NOTIFY_SOCKET. */
void notify_systemd(const char *state);

#endif

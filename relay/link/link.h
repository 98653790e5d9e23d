/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h — the methods about the devices of an account, and about the account
 * itself: linking, removal, PIN, change of number, deletion; and reports.
 * docs/protocol.md §4.1-§4.4, §11.
 */
#ifndef RELAY_LINK_LINK_H
#define RELAY_LINK_LINK_H

#include "relay/session/session.h"

void on_link_open_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_link_send_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_link_authorize_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_link_finish_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_own_devices_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_remove_device_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_set_pin_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_change_number_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_delete_account_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);
void on_report_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg);

#endif

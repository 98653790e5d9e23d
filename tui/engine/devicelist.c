/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/link/link.h"
#include "common/proto/content.pb-c.h"
#include "common/signal/xeddsa.h"
#include "tui/engine/devicelist.h"

/* Signed before the list, so that no other signature can pass for it. */
static const char context[] = "sotto device list";

static int
signed_bytes(struct buf *out, const uint8_t *list, size_t len)
{
	int r = buf_put(out, context, sizeof(context)); /* with its NUL */

	return r != 0 ? r : buf_put(out, list, len);
}

static void
pack_entry(Sotto__Content__DeviceList__Device *dev,
    const struct devicelist_entry *v, uint8_t key[static EC_PUBLIC_LEN])
{
	sotto__content__device_list__device__init(dev);
	identity_pk_put(key, &v->identity);
	dev->device_id = v->device;
	dev->identity_key = (ProtobufCBinaryData){EC_PUBLIC_LEN, key};
	dev->added_ms = v->added_ms;
	dev->sealed_name =
	    (ProtobufCBinaryData){v->name_len, (uint8_t *)(uintptr_t)v->name};
	if (v->device != DEVICELIST_PRIMARY)
		dev->countersignature = (ProtobufCBinaryData){
		    SIGNATURE_LEN, (uint8_t *)(uintptr_t)v->countersignature};
}

static int
pack_list(struct buf *out, const struct devicelist *l)
{
	Sotto__Content__DeviceList list = SOTTO__CONTENT__DEVICE_LIST__INIT;
	Sotto__Content__DeviceList__Device dev[DEVICELIST_DEVICES_MAX];
	Sotto__Content__DeviceList__Device *ptr[DEVICELIST_DEVICES_MAX];
	uint8_t keys[DEVICELIST_DEVICES_MAX][EC_PUBLIC_LEN];
	size_t i, len;
	int r;

	for (i = 0; i < l->n; i++) {
		pack_entry(&dev[i], &l->v[i], keys[i]);
		ptr[i] = &dev[i];
	}
	list.account_id.data = (uint8_t *)(uintptr_t)l->account;
	list.account_id.len = sizeof(l->account);
	list.version = l->version;
	list.issued_ms = l->issued_ms;
	list.devices = ptr;
	list.n_devices = l->n;
	len = sotto__content__device_list__get_packed_size(&list);
	r = buf_reserve(out, len);
	if (r == 0)
		out->len +=
		    sotto__content__device_list__pack(&list, out->p + out->len);
	return r;
}

int
devicelist_sign(struct buf *out, const struct devicelist *l,
    const struct identity_key_pair *primary, const struct signal_rng *rng)
{
	Sotto__Content__SignedDeviceList sl =
	    SOTTO__CONTENT__SIGNED_DEVICE_LIST__INIT;
	uint8_t sig[SIGNATURE_LEN];
	struct buf list, msg;
	int r;

	if (l->n == 0 || l->n > DEVICELIST_DEVICES_MAX)
		return ERR_RANGE;
	buf_init(&list, DEVICELIST_MAX);
	buf_init(&msg, DEVICELIST_MAX + sizeof(context));
	r = pack_list(&list, l);
	if (r == 0)
		r = signed_bytes(&msg, list.p, list.len);
	if (r != 0)
		goto out;
	xeddsa_sign(sig, primary, msg.p, msg.len, rng);
	sl.list = (ProtobufCBinaryData){list.len, list.p};
	sl.signature = (ProtobufCBinaryData){sizeof(sig), sig};
	r = buf_reserve(
	    out, sotto__content__signed_device_list__get_packed_size(&sl));
	if (r == 0)
		out->len += sotto__content__signed_device_list__pack(
		    &sl, out->p + out->len);
out:
	buf_clear(&list);
	buf_clear(&msg);
	return r;
}

const struct devicelist_entry *
devicelist_find(const struct devicelist *l, uint32_t device)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].device == device)
			return &l->v[i];
	return NULL;
}

static int
read_entry(
    struct devicelist_entry *v, const Sotto__Content__DeviceList__Device *d)
{
	const bool companion = d->device_id != DEVICELIST_PRIMARY;

	if (d->countersignature.len != (companion ? SIGNATURE_LEN : 0) ||
	    d->sealed_name.len > sizeof(v->name) ||
	    identity_pk_get(
		&v->identity, d->identity_key.data, d->identity_key.len) != 0)
		return ERR_FORMAT;
	v->device = d->device_id;
	v->added_ms = d->added_ms;
	if (companion)
		memcpy(v->countersignature, d->countersignature.data,
		    SIGNATURE_LEN);
	v->name_len = d->sealed_name.len;
	if (v->name_len > 0)
		memcpy(v->name, d->sealed_name.data, v->name_len);
	return 0;
}

static int
read_entries(struct devicelist *l, const Sotto__Content__DeviceList *list)
{
	const Sotto__Content__DeviceList__Device *d;
	size_t i;

	if (list->n_devices > DEVICELIST_DEVICES_MAX)
		return ERR_RANGE;
	for (i = 0; i < list->n_devices; i++) {
		d = list->devices[i];
		if (d->device_id < 1 || d->device_id > 127 ||
		    devicelist_find(l, d->device_id) != NULL)
			return ERR_FORMAT;
		if (read_entry(&l->v[l->n], d) != 0)
			return ERR_FORMAT;
		l->n++;
	}
	return devicelist_find(l, DEVICELIST_PRIMARY) != NULL ? 0 : ERR_FORMAT;
}

static int
read_list(struct devicelist *l, const uint8_t account[static 16],
    const uint8_t *p, size_t len)
{
	Sotto__Content__DeviceList *list =
	    sotto__content__device_list__unpack(NULL, len, p);
	int r = ERR_FORMAT;

	if (list == NULL)
		return ERR_FORMAT;
	if (list->account_id.len != 16 || list->version == 0)
		goto out;
	r = ERR_AUTH;
	if (memcmp(list->account_id.data, account, 16) != 0)
		goto out;
	memcpy(l->account, account, 16);
	l->version = list->version;
	l->issued_ms = list->issued_ms;
	r = read_entries(l, list);
out:
	sotto__content__device_list__free_unpacked(list, NULL);
	return r;
}

/* Each companion's agreement to be this device of this account. */
static int
check_bonds(const struct devicelist *l)
{
	struct link_bond bond;
	size_t i;
	int r = 0;

	memcpy(bond.account, l->account, sizeof(bond.account));
	bond.primary = devicelist_find(l, DEVICELIST_PRIMARY)->identity;
	for (i = 0; r == 0 && i < l->n; i++) {
		if (l->v[i].device == DEVICELIST_PRIMARY)
			continue;
		bond.device = l->v[i].device;
		bond.companion = l->v[i].identity;
		r = link_bond_verify(l->v[i].countersignature, &bond);
	}
	return r;
}

static int
check_signature(
    const struct devicelist *l, const Sotto__Content__SignedDeviceList *sl)
{
	struct buf msg;
	int r;

	if (sl->signature.len != SIGNATURE_LEN)
		return ERR_FORMAT;
	buf_init(&msg, DEVICELIST_MAX + sizeof(context));
	r = signed_bytes(&msg, sl->list.data, sl->list.len);
	if (r == 0)
		r = xeddsa_verify(sl->signature.data,
		    &devicelist_find(l, DEVICELIST_PRIMARY)->identity, msg.p,
		    msg.len);
	buf_clear(&msg);
	return r;
}

int
devicelist_open(struct devicelist *out, const uint8_t account[static 16],
    const uint8_t *p, size_t len)
{
	Sotto__Content__SignedDeviceList *sl;
	struct devicelist l = {0};
	int r;

	if (len > DEVICELIST_MAX)
		return ERR_RANGE;
	sl = sotto__content__signed_device_list__unpack(NULL, len, p);
	if (sl == NULL)
		return ERR_FORMAT;
	r = read_list(&l, account, sl->list.data, sl->list.len);
	if (r == 0)
		r = check_signature(&l, sl);
	if (r == 0)
		r = check_bonds(&l);
	if (r == 0)
		*out = l;
	sotto__content__signed_device_list__free_unpacked(sl, NULL);
	return r;
}

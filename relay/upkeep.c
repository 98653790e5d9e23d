/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <sys/statvfs.h>

#include "relay/admin/http.h"
#include "relay/upkeep.h"

struct upkeep {
	struct service_loop *sl;
	uv_timer_t timer;
	struct op_sweep sweep;
	bool sweeping, stopped, closed;
};

static void
free_if_done(struct upkeep *u)
{
	if (u->closed && !u->sweeping)
		free(u);
}

static void
submit(struct upkeep *u)
{
	u->sweeping = true;
	u->sweep.max_rows = 0;
	store_submit(u->sl->sv->store, &u->sweep.op);
}

static void
on_swept(struct store_op *op)
{
	struct upkeep *u = op->ctx;

	u->sweeping = false;
	if (op->result == 0)
		metrics_add(
		    METRIC_messages_expired, (int64_t)u->sweep.messages);
	if (op->result == 0 && u->sweep.more && !u->stopped)
		submit(u);
	else
		free_if_done(u);
}

static void
look_at_disk(const struct service_loop *sl)
{
	const struct relay_conf *conf = net_conf(sl->net);
	struct statvfs st;

	if (statvfs(conf->data_dir, &st) == 0)
		health_set(HEALTH_DISK_FULL,
		    (uint64_t)st.f_bavail * st.f_frsize < conf->disk_free_min);
}

static void
on_timer(uv_timer_t *t)
{
	struct upkeep *u = t->data;

	look_at_disk(u->sl);
	if (!u->sweeping && !u->stopped)
		submit(u);
}

int
upkeep_new(struct upkeep **out, struct service_loop *sl)
{
	struct upkeep *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return ERR_NOMEM;
	u->sl = sl;
	store_op_init(&u->sweep.op, STORE_SWEEP, &sl->sink, on_swept, u);
	uv_timer_init(net_uv(sl->net), &u->timer);
	u->timer.data = u;
	uv_timer_start(&u->timer, on_timer, 0, UPKEEP_SWEEP_MS);
	*out = u;
	return 0;
}

void
upkeep_stop(struct upkeep *u)
{
	if (u == NULL)
		return;
	u->stopped = true;
	uv_timer_stop(&u->timer);
}

static void
on_closed(uv_handle_t *h)
{
	struct upkeep *u = h->data;

	u->closed = true;
	free_if_done(u);
}

void
upkeep_close(struct upkeep *u)
{
	if (u == NULL)
		return;
	upkeep_stop(u);
	uv_close((uv_handle_t *)&u->timer, on_closed);
}

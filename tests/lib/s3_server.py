#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real S3 server on loopback: OpenStack Swift with its S3 interface.

    tests/lib/s3_server.py FOLDER [REGION [BUCKET...]]

Needs Debian's python3-swift. Prints "http://127.0.0.1:PORT" once it answers and
the buckets are there, logs to standard error, and ends with its standard input
or SIGTERM. Region: eu-central-1. Access key "test:tester", secret "testing";
signatures (version 4: header and query), their region, date and
x-amz-content-sha256 are checked. Buckets by path. A page of a listing has 100
names, so that tests need not make a thousand. FOLDER may be used again.

Proxy, account, container and object server are greenthreads of one process.
"""
import eventlet
eventlet.monkey_patch()  # before anything that takes a socket

import http.client  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import pathlib  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

from eventlet import wsgi  # noqa: E402
import swift.common.utils  # noqa: E402
from swift.common import wsgi as swift_wsgi  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402

KINDS = ("account", "container", "object")
NODE = """[DEFAULT]
swift_dir = {dir}
devices = {dir}/devices
mount_check = false
workers = 0
log_level = WARNING
[app:main]
use = egg:swift#{kind}
"""
PROXY = """[DEFAULT]
swift_dir = {dir}
log_level = WARNING
[pipeline:main]
pipeline = catch_errors memory listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:memory]
paste.filter_factory = s3_server:memory_factory
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
min_segment_size = 1
max_bucket_listing = 100
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
"""


class Memory(dict):
    """What memcached would be: this is one process."""

    def __bool__(self):
        return True

    def set(self, key, value, **_):
        self[key] = value

    def incr(self, key, delta=1, **_):
        self[key] = int(self.get(key) or 0) + delta
        return self[key]

    def get(self, key, *_, **__):
        return super().get(key)

    def delete(self, key, **_):
        self.pop(key, None)


def memory_factory(_conf, **_local):
    cache = Memory()

    def wrap(app):
        def call(env, start):
            env["swift.cache"] = cache
            return app(env, start)
        return call
    return wrap


def make_ring(folder, kind, port):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1",
                     "port": port, "device": "disk", "id": 0})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def serve(sock, conf):
    app = swift_wsgi.loadapp(str(conf), global_conf={"log_name": conf.stem})
    eventlet.spawn(wsgi.server, sock, app, wsgi_log, debug=False,
                   protocol=swift_wsgi.SwiftHttpProtocol)


def make_bucket(port, region, name):
    """Signed by nobody: through the pipeline's own account interface."""
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("GET", "/auth/v1.0", headers={
        "X-Storage-User": "test:tester", "X-Storage-Pass": "testing"})
    token = c.getresponse()
    token.read()
    c.request("PUT", f"/v1/AUTH_test/{name}", headers={
        "X-Auth-Token": token.getheader("X-Auth-Token"),
        "Content-Length": "0"})
    made = c.getresponse()
    made.read()
    c.close()
    if made.status not in (201, 202):
        sys.exit(f"bucket {name}: {made.status}")


wsgi_log = logging.getLogger("wsgi")
wsgi_log.addHandler(logging.NullHandler())
wsgi_log.propagate = False


def main(folder, region="eu-central-1", *buckets):
    sys.modules["s3_server"] = sys.modules["__main__"]
    folder = pathlib.Path(folder).resolve()
    (folder / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = tests\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n")
    swift.common.utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    swift.common.utils.HASH_PATH_SUFFIX = b"tests"
    swift.common.utils.validate_configuration()
    reload_storage_policies()
    socks = {k: eventlet.listen(("127.0.0.1", 0)) for k in KINDS}
    for kind, sock in socks.items():
        make_ring(folder, kind, sock.getsockname()[1])
        conf = folder / f"{kind}-server.conf"
        conf.write_text(NODE.format(dir=folder, kind=kind))
        serve(sock, conf)
    proxy = eventlet.listen(("127.0.0.1", 0))
    conf = folder / "proxy-server.conf"
    conf.write_text(PROXY.format(dir=folder, region=region))
    serve(proxy, conf)
    port = proxy.getsockname()[1]
    for name in buckets:
        make_bucket(port, region, name)
    print(f"http://127.0.0.1:{port}", flush=True)
    os.set_blocking(0, False)
    while True:
        eventlet.hubs.trampoline(0, read=True)
        if not os.read(0, 4096):
            os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    main(*sys.argv[1:])

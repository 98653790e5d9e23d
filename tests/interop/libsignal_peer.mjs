// SPDX-License-Identifier: GPL-3.0-or-later
// libsignal_peer.mjs — npm @signalapp/libsignal-client behind the JSON lines
// of tests/interop/README.md.   node libsignal_peer.mjs FOLDER-WITH-NODE_MODULES
import { createRequire } from 'node:module';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import path from 'node:path';

const require = createRequire(path.resolve(process.argv[2], 'package.json'));
const S = require('@signalapp/libsignal-client');
const VERSION =
  require('@signalapp/libsignal-client/package.json').version;
const MINOR = Number(VERSION.split('.')[1]);

const hex = (b) => Buffer.from(b).toString('hex');
const bytes = (s) => Buffer.from(s, 'hex');
const address = (a) => S.ProtocolAddress.new(a.name, a.dev ?? 1);
const key = (a) => `${a.name()}.${a.deviceId()}`;

// Stores in memory; records are kept serialized, so that a call which fails
// half way cannot have changed what is stored.
class Store {
  map = new Map();
  set(id, record) {
    this.map.set(id, Buffer.from(record.serialize()));
  }
  get(id, type) {
    const b = this.map.get(id);
    return b === undefined ? null : type.deserialize(b);
  }
  need(id, type) {
    const r = this.get(id, type);
    if (r === null) throw new Error(`no key ${id}`);
    return r;
  }
}

class Sessions extends S.SessionStore {
  s = new Store();
  async saveSession(name, record) {
    this.s.set(key(name), record);
  }
  async getSession(name) {
    return this.s.get(key(name), S.SessionRecord);
  }
  async getExistingSessions(names) {
    return names.map((n) => this.s.need(key(n), S.SessionRecord));
  }
}

class Identities extends S.IdentityKeyStore {
  known = new Map();
  constructor(own, reg) {
    super();
    this.own = own;
    this.reg = reg;
  }
  async getIdentityKey() {
    return this.own;
  }
  async getLocalRegistrationId() {
    return this.reg;
  }
  async saveIdentity(name, pk) {
    const was = this.known.get(key(name));
    const b = Buffer.from(pk.serialize());
    this.known.set(key(name), b);
    const changed = was !== undefined && !was.equals(b);
    return MINOR >= 72 ? (changed ? 1 : 0) : changed;
  }
  async isTrustedIdentity() {
    return true;
  }
  async getIdentity(name) {
    const b = this.known.get(key(name));
    return b === undefined ? null : S.PublicKey.deserialize(b);
  }
}

class PreKeys extends S.PreKeyStore {
  s = new Store();
  async savePreKey(id, record) {
    this.s.set(id, record);
  }
  async getPreKey(id) {
    return this.s.need(id, S.PreKeyRecord);
  }
  async removePreKey(id) {
    this.s.map.delete(id);
  }
}

class SignedPreKeys extends S.SignedPreKeyStore {
  s = new Store();
  async saveSignedPreKey(id, record) {
    this.s.set(id, record);
  }
  async getSignedPreKey(id) {
    return this.s.need(id, S.SignedPreKeyRecord);
  }
}

class KyberPreKeys extends S.KyberPreKeyStore {
  s = new Store();
  used = [];
  async saveKyberPreKey(id, record) {
    this.s.set(id, record);
  }
  async getKyberPreKey(id) {
    return this.s.need(id, S.KyberPreKeyRecord);
  }
  // All our Kyber keys are last-resort ones. Versions that tell which
  // handshake it was want it refused when it comes again.
  seen = new Set();
  async markKyberPreKeyUsed(id, signedId, baseKey) {
    if (baseKey !== undefined) {
      const it = `${id}/${signedId}/${hex(baseKey.serialize())}`;
      if (this.seen.has(it)) throw new Error('last-resort key used again');
      this.seen.add(it);
    }
    this.used.push(id);
  }
}

class SenderKeys extends S.SenderKeyStore {
  s = new Store();
  async saveSenderKey(sender, dist, record) {
    this.s.set(`${key(sender)}/${dist}`, record);
  }
  async getSenderKey(sender, dist) {
    return this.s.get(`${key(sender)}/${dist}`, S.SenderKeyRecord);
  }
}

let me;

// Since 0.91 the calls name both ends.
const local = () => (MINOR >= 91 ? [me.address] : []);
// The clock, and the seconds that field `later` adds.
const now = (q) => new Date(Date.now() + 1000 * (q.later ?? 0));

// A signed key and, where wanted, a Kyber key.
async function lasting(q) {
  const spre = S.PrivateKey.generate();
  const pub = spre.getPublicKey();
  const sig = me.own.sign(pub.serialize());
  const spreid = q.spreid ?? 22;
  const out = { spreid, spre: hex(pub.serialize()), spresig: hex(sig) };
  const priv = { spre: hex(spre.serialize()) };
  await me.signed.saveSignedPreKey(
    spreid,
    S.SignedPreKeyRecord.new(spreid, Date.now(), pub, spre, sig)
  );
  if (q.kyber ?? true) {
    const pair = S.KEMKeyPair.generate();
    const kpub = pair.getPublicKey().serialize();
    const ksig = me.own.sign(kpub);
    out.kyid = q.kyid ?? 55;
    out.kyber = hex(kpub);
    out.kybersig = hex(ksig);
    priv.kyber = hex(pair.getSecretKey().serialize());
    await me.kyber.saveKyberPreKey(
      out.kyid,
      S.KyberPreKeyRecord.new(out.kyid, Date.now(), pair, ksig)
    );
  }
  return { out, priv };
}

const commands = {
  version: () => ({ version: `libsignal-client ${VERSION}` }),

  init(q) {
    const own = q.identity
      ? S.PrivateKey.deserialize(bytes(q.identity))
      : S.PrivateKey.generate();
    me = {
      address: address(q),
      dev: q.dev ?? 1,
      own,
      reg: q.reg ?? 1,
      sessions: new Sessions(),
      identities: new Identities(own, q.reg ?? 1),
      preKeys: new PreKeys(),
      signed: new SignedPreKeys(),
      kyber: new KyberPreKeys(),
      senders: new SenderKeys(),
    };
    return {
      identity_pub: hex(own.getPublicKey().serialize()),
      identity_priv: hex(own.serialize()),
    };
  },

  // Field `again`: the signed and the Kyber key of the bundle before.
  async bundle(q) {
    const out = {
      reg: me.reg,
      dev: me.dev,
      identity: hex(me.own.getPublicKey().serialize()),
    };
    const priv = { identity: hex(me.own.serialize()) };
    const keep = q.again && me.last ? me.last : await lasting(q);
    me.last = keep;
    Object.assign(out, keep.out);
    Object.assign(priv, keep.priv);
    if (q.onetime ?? true) {
      const pre = S.PrivateKey.generate();
      out.preid = q.preid ?? 31;
      out.pre = hex(pre.getPublicKey().serialize());
      priv.pre = hex(pre.serialize());
      await me.preKeys.savePreKey(
        out.preid,
        S.PreKeyRecord.new(out.preid, pre.getPublicKey(), pre)
      );
    }
    if (q.priv) out.priv = priv;
    return out;
  },

  async process(q) {
    const b = q.bundle;
    const bundle = S.PreKeyBundle.new(
      b.reg,
      b.dev ?? 1,
      b.pre ? b.preid : null,
      b.pre ? S.PublicKey.deserialize(bytes(b.pre)) : null,
      b.spreid,
      S.PublicKey.deserialize(bytes(b.spre)),
      bytes(b.spresig),
      S.PublicKey.deserialize(bytes(b.identity)),
      ...(b.kyber
        ? [b.kyid, S.KEMPublicKey.deserialize(bytes(b.kyber)), bytes(b.kybersig)]
        : [])
    );
    await S.processPreKeyBundle(
      bundle,
      address(q.from),
      ...local(),
      me.sessions,
      me.identities,
      now(q)
    );
    return {};
  },

  // Field `skip`: so many messages are made before, and lost.
  async encrypt(q) {
    const to = address(q.to);
    const make = () =>
      S.signalEncrypt(
        bytes(q.msg),
        to,
        ...local(),
        me.sessions,
        me.identities,
        now(q)
      );
    return made(await again(q, make));
  },

  async decrypt(q) {
    const from = address(q.from);
    if (q.type !== 3) {
      const m = S.SignalMessage.deserialize(bytes(q.ct));
      return {
        msg: hex(
          await S.signalDecrypt(m, from, ...local(), me.sessions, me.identities)
        ),
      };
    }
    const used = me.kyber.used.length;
    const msg = await S.signalDecryptPreKey(
      S.PreKeySignalMessage.deserialize(bytes(q.ct)),
      from,
      ...local(),
      me.sessions,
      me.identities,
      me.preKeys,
      me.signed,
      me.kyber
    );
    return {
      msg: hex(msg),
      prekeys_left: [...me.preKeys.s.map.keys()],
      kyber_used: me.kyber.used.slice(used),
    };
  },

  getsession: (q) => ({
    record: hex(me.sessions.s.map.get(key(address(q.with))) ?? ''),
  }),

  setsession(q) {
    const r = S.SessionRecord.deserialize(bytes(q.record));
    me.sessions.s.set(key(address(q.with)), r);
    return {};
  },

  async archive(q) {
    const a = address(q.with);
    const r = await me.sessions.getSession(a);
    r.archiveCurrentState();
    await me.sessions.saveSession(a, r);
    return {};
  },

  forget(q) {
    me.sessions.s.map.delete(key(address(q.with)));
    return {};
  },

  // Over everything that a message can change.
  digest() {
    const h = createHash('sha256');
    for (const store of [me.sessions, me.senders])
      for (const [id, b] of store.s.map) h.update(id).update(b);
    h.update(JSON.stringify([[...me.preKeys.s.map.keys()], me.kyber.used]));
    return { digest: h.digest('hex') };
  },

  async skdm(q) {
    const m = await S.SenderKeyDistributionMessage.create(
      me.address,
      q.dist,
      me.senders
    );
    return { skdm: hex(m.serialize()) };
  },

  async skprocess(q) {
    await S.processSenderKeyDistributionMessage(
      address(q.from),
      S.SenderKeyDistributionMessage.deserialize(bytes(q.skdm)),
      me.senders
    );
    return {};
  },

  skreset(q) {
    me.senders.s.map.delete(`${key(me.address)}/${q.dist}`);
    return {};
  },

  async gencrypt(q) {
    const make = () =>
      S.groupEncrypt(me.address, q.dist, me.senders, bytes(q.msg));
    return made(await again(q, make));
  },

  gdecrypt: async (q) => ({
    msg: hex(await S.groupDecrypt(address(q.from), me.senders, bytes(q.ct))),
  }),

  fingerprint(q) {
    const f = safety(q);
    return {
      display: f.displayableFingerprint().toString(),
      scan: hex(f.scannableFingerprint().toBuffer()),
    };
  },

  compare: (q) => ({
    match: safety(q)
      .scannableFingerprint()
      .compare(S.ScannableFingerprint._fromBuffer(bytes(q.scan))),
  }),

  sign: (q) => ({
    sig: hex(S.PrivateKey.deserialize(bytes(q.priv)).sign(bytes(q.msg))),
  }),

  verify: (q) => ({
    valid: S.PublicKey.deserialize(bytes(q.pub)).verify(bytes(q.msg), bytes(q.sig)),
  }),

  agree: (q) => ({
    ss: hex(
      S.PrivateKey.deserialize(bytes(q.priv)).agree(
        S.PublicKey.deserialize(bytes(q.pub))
      )
    ),
  }),

  keygen() {
    const k = S.PrivateKey.generate();
    return { priv: hex(k.serialize()), pub: hex(k.getPublicKey().serialize()) };
  },

  hkdf: (q) => ({
    okm: hex(
      S.hkdf(q.len, bytes(q.ikm), bytes(q.info), q.salt ? bytes(q.salt) : null)
    ),
  }),

  parse(q) {
    if (q.type === 3) {
      const m = S.PreKeySignalMessage.deserialize(bytes(q.ct));
      const out = {
        v: m.version(),
        spreid: m.signedPreKeyId(),
        reg: m.registrationId(),
      };
      if (m.preKeyId() !== null) out.preid = m.preKeyId();
      return out;
    }
    const m = S.SignalMessage.deserialize(bytes(q.ct));
    return { v: m.messageVersion(), counter: m.counter(), body: hex(m.body()) };
  },
};

const made = (m) => ({ type: m.type(), ct: hex(m.serialize()) });

async function again(q, make) {
  for (let skip = q.skip ?? 0; skip > 0; skip--) await make();
  return make();
}

function safety(q) {
  return S.Fingerprint.new(
    q.iterations ?? 5200,
    q.version ?? 2,
    bytes(q.lid),
    S.PublicKey.deserialize(bytes(q.lkey)),
    bytes(q.rid),
    S.PublicKey.deserialize(bytes(q.rkey))
  );
}

async function answer(q) {
  try {
    const fn = commands[q.cmd];
    if (fn === undefined) throw new Error('unknown cmd');
    return { ok: 1, ...(await fn(q)) };
  } catch (e) {
    return { ok: 0, err: String(e.message ?? e) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const q = JSON.parse(line);
  const replies = [];
  for (const one of [q].flat()) replies.push(await answer(one));
  const out = Array.isArray(q) ? replies : replies[0];
  process.stdout.write(JSON.stringify(out) + '\n');
}

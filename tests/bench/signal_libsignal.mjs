// SPDX-License-Identifier: GPL-3.0-or-later
// signal_libsignal.mjs — npm's libsignal under tests/bench/bench_signal.py: its
// native library, called in a loop inside this process.
//   node signal_libsignal.mjs FOLDER-WITH-NODE_MODULES bytes|kept
// bytes: the stores keep records serialized, as whoever saves them must.
// kept: they keep the library's own objects, which spares it that; nobody can
// do so who means to start again.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import path from 'node:path';

const require = createRequire(path.resolve(process.argv[2], 'package.json'));
const S = require('@signalapp/libsignal-client');
const KEPT = process.argv[3] === 'kept';
const TEXT = Buffer.from(
  'A message as people write them: about a hundred bytes, ' +
    'sometimes more, most of the time less, seldom'
);
const now = () => Number(process.hrtime.bigint()) / 1e9;

class Records {
  map = new Map();
  set(id, record) {
    this.map.set(id, KEPT ? record : record.serialize());
  }
  get(id, type) {
    const r = this.map.get(id);
    if (r === undefined) return null;
    return KEPT ? r : type.deserialize(r);
  }
}

class Sessions extends S.SessionStore {
  r = new Records();
  async saveSession(name, record) {
    this.r.set('other', record);
  }
  async getSession(name) {
    return this.r.get('other', S.SessionRecord);
  }
  async getExistingSessions(names) {
    return names.map(() => this.r.get('other', S.SessionRecord));
  }
}

class Identities extends S.IdentityKeyStore {
  other = null;
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
    this.other = pk;
    return 0;
  }
  async isTrustedIdentity() {
    return true;
  }
  async getIdentity() {
    return this.other;
  }
}

// One-time keys stay, so that a bundle can be used again.
class PreKeys extends S.PreKeyStore {
  r = new Records();
  async savePreKey(id, record) {
    this.r.set(id, record);
  }
  async getPreKey(id) {
    return this.r.get(id, S.PreKeyRecord);
  }
  async removePreKey() {}
}

class SignedPreKeys extends S.SignedPreKeyStore {
  r = new Records();
  async saveSignedPreKey(id, record) {
    this.r.set(id, record);
  }
  async getSignedPreKey(id) {
    return this.r.get(id, S.SignedPreKeyRecord);
  }
}

class KyberPreKeys extends S.KyberPreKeyStore {
  r = new Records();
  async saveKyberPreKey(id, record) {
    this.r.set(id, record);
  }
  async getKyberPreKey(id) {
    return this.r.get(id, S.KyberPreKeyRecord);
  }
  async markKyberPreKeyUsed() {}
}

class SenderKeys extends S.SenderKeyStore {
  r = new Records();
  async saveSenderKey(sender, dist, record) {
    this.r.set('group', record);
  }
  async getSenderKey() {
    return this.r.get('group', S.SenderKeyRecord);
  }
}

class Device {
  constructor(name, reg) {
    this.address = S.ProtocolAddress.new(name, 1);
    this.own = S.PrivateKey.generate();
    this.reg = reg;
    this.sessions = new Sessions();
    this.identities = new Identities(this.own, reg);
    this.preKeys = new PreKeys();
    this.signed = new SignedPreKeys();
    this.kyber = new KyberPreKeys();
    this.senders = new SenderKeys();
  }
}

const alice = new Device('6838237d-02f6-4098-b110-698253d15961', 1);
const bob = new Device('8b5a1f2c-54a4-4cbe-8a0f-1e40b2a0ddf0', 2);

async function makeBundle(d) {
  const spre = S.PrivateKey.generate();
  const pre = S.PrivateKey.generate();
  const pair = S.KEMKeyPair.generate();
  const sig = d.own.sign(spre.getPublicKey().serialize());
  const ksig = d.own.sign(pair.getPublicKey().serialize());
  await d.signed.saveSignedPreKey(
    1,
    S.SignedPreKeyRecord.new(1, 1, spre.getPublicKey(), spre, sig)
  );
  await d.preKeys.savePreKey(
    2,
    S.PreKeyRecord.new(2, pre.getPublicKey(), pre)
  );
  await d.kyber.saveKyberPreKey(3, S.KyberPreKeyRecord.new(3, 1, pair, ksig));
  return S.PreKeyBundle.new(
    d.reg,
    1,
    2,
    pre.getPublicKey(),
    1,
    spre.getPublicKey(),
    sig,
    d.own.getPublicKey(),
    3,
    pair.getPublicKey(),
    ksig
  );
}

const bundle = await makeBundle(bob);

function open(from, to, type, ct) {
  if (type === 3)
    return S.signalDecryptPreKey(
      S.PreKeySignalMessage.deserialize(ct),
      from.address,
      to.address,
      to.sessions,
      to.identities,
      to.preKeys,
      to.signed,
      to.kyber
    );
  return S.signalDecrypt(
    S.SignalMessage.deserialize(ct),
    from.address,
    to.address,
    to.sessions,
    to.identities
  );
}

async function message(from, to, out) {
  const t0 = now();
  const m = await S.signalEncrypt(
    TEXT,
    to.address,
    from.address,
    from.sessions,
    from.identities
  );
  const type = m.type();
  const ct = m.serialize();
  const t1 = now();
  const text = await open(from, to, type, ct);
  out.second += now() - t1;
  out.first += t1 - t0;
  out.bytes += ct.length;
  if (text.length !== TEXT.length) throw new Error('text');
}

async function start() {
  await S.processPreKeyBundle(
    bundle,
    bob.address,
    alice.address,
    alice.sessions,
    alice.identities
  );
}

function forget() {
  alice.sessions.r.map.clear();
  bob.sessions.r.map.clear();
}

async function acquaint() {
  const unused = { first: 0, second: 0, bytes: 0 };
  forget();
  await start();
  await message(alice, bob, unused);
  await message(bob, alice, unused);
}

const rows = {
  async handshake(count, out) {
    for (let i = 0; i < count; i++) {
      forget();
      const t0 = now();
      await start();
      out.first += now() - t0;
      await message(alice, bob, out);
    }
    out.first += out.second;
    out.second = 0;
  },

  async 'ping-pong'(count, out) {
    await acquaint();
    for (let i = 0; i < count; i++)
      await message(i % 2 ? bob : alice, i % 2 ? alice : bob, out);
  },

  async 'one-way'(count, out) {
    await acquaint();
    for (let i = 0; i < count; i++) await message(alice, bob, out);
  },

  async group(count, out) {
    const dist = 'd1d1d1d1-7000-11eb-b32a-33b8a8a487a6';
    alice.senders.r.map.clear();
    bob.senders.r.map.clear();
    const m = await S.SenderKeyDistributionMessage.create(
      alice.address,
      dist,
      alice.senders
    );
    await S.processSenderKeyDistributionMessage(alice.address, m, bob.senders);
    for (let i = 0; i < count; i++) {
      const t0 = now();
      const ct = (
        await S.groupEncrypt(alice.address, dist, alice.senders, TEXT)
      ).serialize();
      const t1 = now();
      const text = await S.groupDecrypt(alice.address, bob.senders, ct);
      out.second += now() - t1;
      out.first += t1 - t0;
      out.bytes += ct.length;
      if (text.length !== TEXT.length) throw new Error('text');
    }
  },
};

rows.sign = (count, out) => {
  const pub = bob.own.getPublicKey();
  for (let i = 0; i < count; i++) {
    const t0 = now();
    const sig = bob.own.sign(TEXT);
    const t1 = now();
    if (!pub.verify(TEXT, sig)) throw new Error('verify');
    out.second += now() - t1;
    out.first += t1 - t0;
  }
};

rows.agree = (count, out) => {
  const pub = alice.own.getPublicKey();
  for (let i = 0; i < count; i++) {
    const t0 = now();
    bob.own.agree(pub);
    const t1 = now();
    S.KEMKeyPair.generate();
    out.second += now() - t1;
    out.first += t1 - t0;
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const [row, count] = line.split(' ');
  const out = { first: 0, second: 0, bytes: 0 };
  await rows[row](Number(count), out);
  process.stdout.write(
    `${out.first.toFixed(9)} ${out.second.toFixed(9)} ${out.bytes}\n`
  );
}

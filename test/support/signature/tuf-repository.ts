import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** A TUF repository (specification 1.0) with one target, as paths to contents. */
export interface TufRepository {
  /** The first `root.json`, which a client has to be given. */
  readonly root: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Makes a repository with keys of its own that holds `trusted_root.json`. */
export function makeTufRepository(trustedRoot: string): TufRepository {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } };
  const keyid = sha256(canonical(key));
  const role = { keyids: [keyid], threshold: 1 };

  const signed = (type: string, content: object): string => {
    const body = {
      _type: type,
      spec_version: '1.0.31',
      version: 1,
      expires: '2199-01-01T00:00:00Z',
      ...content,
    };
    const sig = sign(null, Buffer.from(canonical(body)), privateKey).toString('hex');
    return JSON.stringify({ signatures: [{ keyid, sig }], signed: body });
  };
  const meta = (text: string) => ({
    version: 1,
    length: text.length,
    hashes: { sha256: sha256(text) },
  });

  const root = signed('root', {
    consistent_snapshot: true,
    keys: { [keyid]: key },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
  });
  const { version: _version, ...target } = meta(trustedRoot);
  const targets = signed('targets', { targets: { 'trusted_root.json': target } });
  const snapshot = signed('snapshot', { meta: { 'targets.json': meta(targets) } });
  const timestamp = signed('timestamp', { meta: { 'snapshot.json': meta(snapshot) } });
  const files = new Map([
    ['/timestamp.json', timestamp],
    ['/1.snapshot.json', snapshot],
    ['/1.targets.json', targets],
    [`/targets/${sha256(trustedRoot)}.trusted_root.json`, trustedRoot],
  ]);
  return { root, files };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Canonical JSON: members sorted, no white space. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

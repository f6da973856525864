import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSignatureVerifier } from '../../../src/adapters/signature/create-verifier.ts';
import { FakeClock, never } from '../../support/memory-ports.ts';
import { startLoopback } from '../../support/registry/loopback.ts';
import { foundSigstore, type TestSigstore } from '../../support/signature/sigstore.ts';
import { makeTufRepository } from '../../support/signature/tuf-repository.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const IDENTITY = { subject: 'https://ci.example.com/release', issuer: 'https://login.example.com' };
const REQUIREMENT = { keys: [], identities: [{ issuer: 'login', subject: 'release' }] };
const DAY = 24 * 60 * 60 * 1000;

let sigstore: TestSigstore;
let json: Buffer;
beforeAll(async () => {
  sigstore = await foundSigstore();
  json = await sigstore.signBundle(IMAGE, IDENTITY);
});

/** A verifier that trusts what a TUF repository on loopback says. */
async function trusting(trustedRoot: string) {
  const repository = makeTufRepository(trustedRoot);
  const files = new Map(repository.files);
  const server = await startLoopback(({ url }) => {
    const body = files.get(url);
    return body === undefined ? { status: 404 } : { body };
  });
  const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-tuf-'));
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const rootPath = join(folder, 'root.json');
  writeFileSync(rootPath, repository.root);
  const clock = new FakeClock();
  const verifier = createSignatureVerifier({
    cacheDir: join(folder, 'cache'),
    clock,
    mirror: { url: server.url, rootPath },
  });
  return {
    clock,
    files,
    fetched: () => server.requests.length,
    verdict: (signal = never) =>
      verifier.verify(
        IMAGE,
        { signatures: [{ kind: 'bundle', json }], isPartial: false },
        REQUIREMENT,
        signal,
      ),
  };
}

const VERIFIED = { kind: 'verified' };
const UNREACHABLE = { code: 'signature/no-trusted-root', retry: true };

describe('the public trusted root', () => {
  it('is fetched by TUF, and is what keyless signatures are judged by', async () => {
    const { verdict } = await trusting(sigstore.trustedRoot);
    await expect(verdict()).resolves.toMatchObject(VERIFIED);
  });

  it('of another Sigstore vouches for nobody else', async () => {
    const other = await foundSigstore();
    const { verdict } = await trusting(other.trustedRoot);
    await expect(verdict()).resolves.toMatchObject({ kind: 'refused' });
  });

  it('is fetched once for all who ask in a day, and then anew', async () => {
    const { verdict, fetched, clock } = await trusting(sigstore.trustedRoot);
    await Promise.all([verdict(), verdict(), verdict()]);
    const first = fetched();
    await clock.advance(DAY - 1);
    await verdict();
    expect(fetched()).toBe(first);
    await clock.advance(1);
    await verdict();
    expect(fetched()).toBeGreaterThan(first);
  });

  it('serves for a week when it cannot be fetched anew, and no longer', async () => {
    const { verdict, files, clock } = await trusting(sigstore.trustedRoot);
    await verdict();
    files.clear();
    await clock.advance(6 * DAY);
    await expect(verdict()).resolves.toMatchObject(VERIFIED);
    await clock.advance(2 * DAY);
    await expect(verdict()).rejects.toMatchObject(UNREACHABLE);
  });

  it('is not taken from a repository that signs with other keys', async () => {
    const { verdict, files } = await trusting(sigstore.trustedRoot);
    const forged = makeTufRepository(sigstore.trustedRoot);
    for (const [path, content] of forged.files) files.set(path, content);
    await expect(verdict()).rejects.toMatchObject(UNREACHABLE);
  });

  it('is not taken when its content was changed', async () => {
    const { verdict, files } = await trusting(sigstore.trustedRoot);
    for (const [path, content] of files)
      if (path.startsWith('/targets/'))
        files.set(path, content.replace('example.com', 'example.org'));
    await expect(verdict()).rejects.toMatchObject(UNREACHABLE);
  });

  it('is not waited for when the caller goes', async () => {
    const { verdict } = await trusting(sigstore.trustedRoot);
    const controller = new AbortController();
    const pending = verdict(controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await expect(verdict(controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

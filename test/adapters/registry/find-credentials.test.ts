import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../../src/adapters/registry/deadline.ts';
import { findCredentials } from '../../../src/adapters/registry/find-credentials.ts';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { testClock } from '../../support/registry/client.ts';

const repository = { registry: 'ghcr.io', path: 'team/app' };
const anonymous = { kind: 'anonymous' };
const given = (json: string) => [{ json, source: 'Secret apps/login' }];
const base64 = (text: string) => Buffer.from(text).toString('base64');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockkeeper-docker-'));
  mkdirSync(join(folder, 'bin'));
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeConfig(config: unknown): void {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  writeFileSync(join(folder, 'config.json'), text);
}

/** Puts a credential helper on the PATH that writes down what it was asked. */
function installHelper(name: string, body: string): void {
  const file = join(folder, 'bin', `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\necho "$1 $(cat)" > '${join(folder, 'asked')}'\n${body}\n`);
  chmodSync(file, 0o755);
}

function asked(): string {
  return readFileSync(join(folder, 'asked'), 'utf8').trim();
}

function find(access: Partial<RegistryAccess> = {}, timeoutMs = 20_000) {
  const { signal } = new AbortController();
  return withDeadline({ timeoutMs, signal, clock: testClock() }, (deadline) =>
    findCredentials(
      repository,
      { insecure: false, timeoutMs, ...access },
      { dockerConfigDir: folder, deadline },
    ),
  );
}

describe('credentials', () => {
  it('are anonymous where nothing says otherwise', async () => {
    await expect(find()).resolves.toEqual(anonymous);
  });

  it('come from a user and a password before anything else', async () => {
    const dockerConfigs = given(JSON.stringify({ auths: { 'ghcr.io': { auth: base64('a:b') } } }));
    const want = { kind: 'basic', username: 'me', password: 'pw' };
    await expect(
      find({ basic: { username: 'me', password: 'pw' }, dockerConfigs }),
    ).resolves.toEqual(want);
  });

  it("come from a Secret's config before the user's own", async () => {
    writeConfig({ auths: { 'ghcr.io': { auth: base64('own:pw') } } });
    const dockerConfigs = given(JSON.stringify({ auths: { 'ghcr.io': { auth: base64('a:b') } } }));
    await expect(find({ dockerConfigs })).resolves.toMatchObject({ username: 'a' });
    await expect(find()).resolves.toMatchObject({ username: 'own' });
  });

  it("do not fall back from a Secret's config to the user's own", async () => {
    writeConfig({ auths: { 'ghcr.io': { auth: base64('own:pw') } } });
    await expect(find({ dockerConfigs: given('{"auths": {}}') })).resolves.toEqual(anonymous);
  });

  it("are refused where the user's own config is broken, naming the file only", async () => {
    writeConfig('{"auths": "planted-secret"');
    await expect(find()).rejects.toMatchObject({
      code: 'secret/invalid',
      message: `${join(folder, 'config.json')}: not JSON`,
    });
  });

  it("are refused where the user's own config cannot be read", async () => {
    mkdirSync(join(folder, 'config.json'));
    await expect(find()).rejects.toMatchObject({ code: 'file/unreadable' });
  });
});

describe('a credential helper', () => {
  it('is asked for the registry, and answers with a login', async () => {
    installHelper('fake', `echo '{"ServerURL":"x","Username":"me","Secret":"pw"}'`);
    writeConfig({ credsStore: 'fake', auths: { 'ghcr.io': {} } });
    await expect(find()).resolves.toEqual({ kind: 'basic', username: 'me', password: 'pw' });
    expect(asked()).toBe('get ghcr.io');
  });

  it('may answer with an identity token', async () => {
    installHelper('fake', `echo '{"Username":"<token>","Secret":"refresh"}'`);
    writeConfig({ credHelpers: { 'ghcr.io': 'fake' } });
    const want = { kind: 'identity', username: '<token>', token: 'refresh' };
    await expect(find()).resolves.toEqual(want);
  });

  it('that knows nothing leaves the word to the file', async () => {
    installHelper('fake', 'echo "credentials not found in native keychain"; exit 1');
    writeConfig({ credsStore: 'fake' });
    await expect(find()).resolves.toEqual(anonymous);
    writeConfig({ credsStore: 'fake', auths: { 'ghcr.io': { auth: base64('own:pw') } } });
    await expect(find()).resolves.toMatchObject({ username: 'own' });
  });

  it.each([
    { name: 'fails', body: 'echo planted-secret; echo planted-secret >&2; exit 1', says: 'failed' },
    { name: 'prints no JSON', body: 'echo planted-secret', says: 'did not print credentials' },
    { name: 'prints too much', body: 'yes planted-secret', says: 'failed' },
    { name: 'does not exist', body: undefined, says: 'is not installed' },
  ])('that $name stops the scan, without its output in the message', async ({ body, says }) => {
    if (body !== undefined) installHelper('fake', body);
    writeConfig({ credsStore: 'fake' });
    const error: unknown = await find().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'secret/invalid' });
    expect(String(error)).toContain(`docker-credential-fake ${says}`);
    expect(String(error)).not.toContain('planted-secret');
  });

  it('that hangs is ended at the deadline', async () => {
    installHelper('fake', 'exec sleep 60');
    writeConfig({ credsStore: 'fake' });
    const started = Date.now();
    await expect(find({}, 300)).rejects.toMatchObject({ code: 'registry/unreachable' });
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it.each(['../evil', 'a b', 'x;touch pwned', '$(id)', '-'.repeat(3) + '/x'])(
    'named %j is never run',
    async (name) => {
      writeConfig({ credsStore: name });
      await expect(find()).rejects.toMatchObject({ code: 'secret/invalid' });
    },
  );

  it('named by a Secret is never run', async () => {
    installHelper('fake', `echo '{"Username":"me","Secret":"pw"}'`);
    const dockerConfigs = given('{"credsStore": "fake", "credHelpers": {"ghcr.io": "fake"}}');
    await expect(find({ dockerConfigs })).resolves.toEqual(anonymous);
    expect(asked).toThrow('ENOENT');
  });
});

import { describe, expect, it } from 'vitest';
import { viewsOver } from '../../../../src/app/scan/recorded-memories.ts';
import { RepositoryScans } from '../../../../src/app/scan/repository-scans.ts';
import { AppError } from '../../../../src/domain/errors.ts';
import { digest, policy } from '../../../support/builders.ts';
import { memoryPorts, never } from '../../../support/memory-ports.ts';
import { PODINFO } from '../../../support/texts.ts';

type Spec = Parameters<typeof policy>[0];

const KEYS = { 'cosign.pub': 'PEM' };
const TAGS = { '6.1.0': digest('1'), '6.2.0': digest('2') };
const BY_KEY: Spec = { verify: { cosign: { secretRef: { name: 'keys' } } } };
const SIGNED = { kind: 'verified', by: 'signed with cosign.pub of Secret apps/keys' } as const;

function verifying(secrets: Record<string, Record<string, string>> = { 'apps/keys': KEYS }) {
  const ports = memoryPorts({ repositories: { [PODINFO]: TAGS }, secrets });
  ports.signatures.verdicts = { [digest('1')]: SIGNED, [digest('2')]: SIGNED };
  const views = viewsOver(ports, new RepositoryScans(ports));
  return {
    ports,
    look: (spec: Spec = BY_KEY, locked: readonly string[] = []) =>
      views.look(policy(spec), new Set(locked), never),
    calls: () => ports.registry.calls.splice(0),
    nextScan: () => ports.clock.advance(5 * 60_000),
  };
}

describe('verify', () => {
  it('lets a signed tag through, with the digest that was verified, and says who signed', async () => {
    const { look, calls } = verifying();
    const { view } = await look();
    expect(view.choice).toEqual({ kind: 'selected', tag: '6.2.0', digest: digest('2') });
    expect(view.signedBy).toBe('signed with cosign.pub of Secret apps/keys');
    expect(calls()).toEqual([
      `list ${PODINFO}`,
      `digest ${PODINFO}:6.2.0`,
      `signatures ${PODINFO}@${digest('2')}`,
    ]);
  });

  it('holds back a tag that is not signed, and never takes an older one in its place', async () => {
    const { look, ports, calls } = verifying();
    ports.signatures.verdicts = { [digest('1')]: SIGNED };
    const { view, error } = await look();
    expect(error).toBeUndefined();
    expect(view.choice).toEqual({
      kind: 'blocked',
      reason: 'VerificationFailed',
      message: `6.2.0@${digest('2')} has no signature`,
    });
    expect(calls().filter((call) => call.includes('6.1.0'))).toEqual([]);
  });

  it('asks once for a digest that is signed, whatever scans and passes follow', async () => {
    const { look, nextScan, calls } = verifying();
    for (const _scan of [1, 2, 3]) {
      await look();
      await look();
      await nextScan();
    }
    expect(calls().filter((call) => call.startsWith('signatures'))).toHaveLength(1);
  });

  it('asks again with the next scan for a digest that is not signed', async () => {
    const { look, ports, nextScan, calls } = verifying();
    ports.signatures.verdicts = {};
    await look();
    await look();
    expect(calls().filter((call) => call.startsWith('signatures'))).toHaveLength(1);
    ports.signatures.verdicts = { [digest('2')]: SIGNED };
    await nextScan();
    expect((await look()).view.choice).toMatchObject({ kind: 'selected', tag: '6.2.0' });
  });

  it('asks again once other keys are trusted', async () => {
    const secrets: Record<string, Record<string, string>> = { 'apps/keys': KEYS };
    const { look, nextScan, calls } = verifying(secrets);
    await look();
    secrets['apps/keys'] = { 'new.pub': 'OTHER' };
    await nextScan();
    await look();
    expect(calls().filter((call) => call.startsWith('signatures'))).toHaveLength(2);
  });

  it('verifies the new digest of a tag that was pushed again', async () => {
    const { look, ports, nextScan } = verifying();
    await look();
    ports.registry.repositories = { [PODINFO]: { ...TAGS, '6.2.0': digest('9') } };
    await nextScan();
    expect((await look()).view.choice).toMatchObject({
      kind: 'blocked',
      message: `6.2.0@${digest('9')} has no signature`,
    });
  });

  it('takes a registry that fails for a failure, and not for a missing signature', async () => {
    const { look, ports } = verifying();
    const failure = new AppError('registry/server-error', 'the registry failed', { retry: true });
    ports.registry.signatures = async () => Promise.reject(failure);
    const { view, error } = await look();
    expect(view.choice).toEqual({ kind: 'failed', message: 'the registry failed' });
    expect(error).toBe(failure);
    ports.registry.signatures = async () => Promise.resolve({ signatures: [], isPartial: false });
    expect((await look()).view.choice).toMatchObject({ kind: 'selected' });
  });

  it.each<{ name: string; secrets: Record<string, Record<string, string>>; message: string }>([
    { name: 'is not there', secrets: {}, message: 'there is no Secret apps/keys' },
    {
      name: 'has no public key',
      secrets: { 'apps/keys': { 'cosign.key': 'x' } },
      message: 'Secret apps/keys has no public key: name its entries *.pub, such as cosign.pub',
    },
  ])('fails when the Secret with the keys $name', async ({ secrets, message }) => {
    const { look } = verifying(secrets);
    expect((await look()).view.choice).toEqual({ kind: 'failed', message });
  });

  it('hands keys, identities and the root of the policy to the verifier', async () => {
    const identity = { issuer: '^https://gitlab\\.com$', subject: 'org/app' };
    const { look, ports } = verifying({
      'apps/keys': KEYS,
      'apps/root': { 'trusted_root.json': '{}' },
    });
    await look({
      verify: {
        cosign: {
          secretRef: { name: 'keys' },
          matchOIDCIdentity: [identity],
          trustedRootSecretRef: { name: 'root' },
        },
      },
    });
    expect(ports.signatures.calls).toEqual([
      {
        digest: digest('2'),
        requirement: {
          keys: [{ name: 'cosign.pub of Secret apps/keys', pem: 'PEM' }],
          identities: [identity],
          trustedRoot: { name: 'trusted_root.json of Secret apps/root', json: '{}' },
        },
      },
    ]);
  });

  it('fails when the Secret with the root has none', async () => {
    const { look } = verifying({ 'apps/root': { root: '{}' } });
    const { view } = await look({
      verify: {
        cosign: {
          matchOIDCIdentity: [{ issuer: 'a', subject: 'b' }],
          trustedRootSecretRef: { name: 'root' },
        },
      },
    });
    expect(view.choice).toEqual({
      kind: 'failed',
      message: 'Secret apps/root has no trusted_root.json',
    });
  });

  it('goes for a tag that is followed by its digest too', async () => {
    const { look, ports } = verifying();
    ports.signatures.verdicts = {};
    const { view } = await look({ ...BY_KEY, policy: { digest: { tag: '6.1.0' } } });
    expect(view.choice).toMatchObject({
      kind: 'blocked',
      message: `6.1.0@${digest('1')} has no signature`,
    });
  });

  it('goes for the tags of locks, each on its own', async () => {
    const { look, ports } = verifying();
    ports.signatures.verdicts = { [digest('2')]: SIGNED };
    const { view } = await look(BY_KEY, ['6.1.0', '6.2.0', '5.0.0']);
    expect(view.refusalOf('6.1.0')).toBe('it has no signature');
    expect(view.refusalOf('6.2.0')).toBeUndefined();
    expect(view.refusalOf('5.0.0')).toBe('there is no image of it to verify');
    expect(view.choice).toMatchObject({ kind: 'selected', tag: '6.2.0' });
  });

  it('is no business of a policy without it', async () => {
    const { look, calls } = verifying();
    const { view } = await look({}, ['6.1.0']);
    expect(view.choice).toEqual({ kind: 'selected', tag: '6.2.0' });
    expect(view.refusalOf('6.1.0')).toBeUndefined();
    expect(calls()).toEqual([`list ${PODINFO}`]);
  });
});

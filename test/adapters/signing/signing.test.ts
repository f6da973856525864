import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../../src/adapters/signing/open-signer.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { withSignature } from '../../../src/domain/signed-commit.ts';
import { git, GIT_TEST_ENV, scratch, type Scratch } from '../../support/git/repo.ts';
import {
  makeOpenPgpKey,
  makeSshKey,
  SIGNER,
  verifyCommit,
  type TestKey,
} from '../../support/git/signing-keys.ts';
import { hasTool } from '../../support/git/tools.ts';

const signingKeys = createSigningKeys();
let area: Scratch;
let repo: string;
beforeAll(() => {
  area = scratch();
  repo = join(area.path, 'repo');
  git(area.path, ['init', '--quiet', '--bare', repo]);
});
afterAll(() => area.remove());

const SOURCE = 'Secret apps/signing';

/** Signs a commit with a key and writes it into the repo. @returns its id */
async function signedCommit(key: Parameters<typeof signingKeys.open>[0]): Promise<string> {
  const signer = await signingKeys.open(key);
  const tree = git(repo, ['hash-object', '-t', 'tree', '-w', '--stdin']);
  const by = `Bot <${SIGNER}> 1795176000 +0000`;
  const content = Buffer.from(
    `tree ${tree}\nauthor ${by}\ncommitter ${by}\n\nÜpdate\n\nImage-Update: a -> b\n`,
  );
  const bytes = withSignature(content, await signer.sign(content));
  return git(repo, ['hash-object', '-t', 'commit', '-w', '--stdin'], bytes);
}

async function refusal(key: Parameters<typeof signingKeys.open>[0]): Promise<string> {
  const error: unknown = await signingKeys.open(key).catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error('the key was taken');
  expect(error.code).toBe('secret/invalid');
  expect(`${error.message} ${String(error.cause)}`).not.toMatch(/hunter2|BEGIN/);
  return error.message;
}

/** How often others have their turn in this process meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  turn();
  await work();
  clearImmediate(next!);
  return turns;
}

describe.skipIf(!hasTool('git') || !hasTool('gpg'))('an OpenPGP key', () => {
  it.each([
    ['of Curve25519', { algorithm: 'ed25519' }],
    ['of RSA', { algorithm: 'rsa2048' }],
    ['with a passphrase', { passphrase: 'hunter2 ü' }],
  ])('%s signs what git verifies', async (name, options) => {
    const key = makeOpenPgpKey(join(area.path, name.replaceAll(' ', '-')), options);
    const id = await signedCommit({ kind: 'openpgp', text: key.text, source: SOURCE, ...options });
    expect(verifyCommit(repo, id, key)).toEqual({ isGood: true, words: '' });
    expect(git(repo, ['log', '-1', '--format=%B', id])).toContain('Image-Update: a -> b');
  });

  it('does not vouch for another content', async () => {
    const key = makeOpenPgpKey(join(area.path, 'other'));
    const id = await signedCommit({ kind: 'openpgp', text: key.text, source: SOURCE });
    const content = git(repo, ['cat-file', 'commit', id]).replace('a -> b', 'a -> c');
    const forged = git(repo, ['hash-object', '-t', 'commit', '-w', '--stdin'], `${content}\n`);
    expect(verifyCommit(repo, forged, key)).toMatchObject({
      isGood: false,
      words: expect.stringContaining('BADSIG') as string,
    });
  });

  describe('that cannot be used', () => {
    let locked: TestKey;
    beforeAll(() => {
      locked = makeOpenPgpKey(join(area.path, 'locked'), { passphrase: 'hunter2' });
    });

    it.each([
      {
        name: 'a missing passphrase',
        passphrase: {},
        says: 'the OpenPGP key is locked; give its passphrase',
      },
      {
        name: 'a wrong passphrase',
        passphrase: { passphrase: 'hunter22' },
        says: 'the passphrase is not that of the OpenPGP key',
      },
    ])('is refused for $name', async ({ passphrase, says }) => {
      const key = { kind: 'openpgp', text: locked.text, source: SOURCE, ...passphrase } as const;
      expect(await refusal(key)).toBe(`${SOURCE}: ${says}`);
    });

    it.each([
      ['an expired key', 'cannot sign'],
      ['a public key', 'not an armored OpenPGP private key'],
      ['no key at all', 'not an armored OpenPGP private key'],
    ])('is refused when it is %s', async (name, says) => {
      const text = async () => {
        if (name.startsWith('no')) return 'hunter2';
        const folder = join(area.path, 'unusable');
        if (name.startsWith('a public')) {
          const args = ['--homedir', join(area.path, 'locked'), '--armor', '--export', SIGNER];
          const { execFileSync } = await import('node:child_process');
          return execFileSync('gpg', args, { env: GIT_TEST_ENV, stdio: 'pipe' }).toString();
        }
        return makeOpenPgpKey(folder, { isExpired: true }).text;
      };
      expect(await refusal({ kind: 'openpgp', text: await text(), source: SOURCE })).toContain(
        says,
      );
    });
  });
});

describe.skipIf(!hasTool('git') || !hasTool('ssh-keygen'))('an SSH key', () => {
  it.each([
    { name: 'ed25519', args: ['-t', 'ed25519'] },
    { name: 'ecdsa of 256 bits', args: ['-t', 'ecdsa', '-b', '256'] },
    { name: 'ecdsa of 384 bits', args: ['-t', 'ecdsa', '-b', '384'] },
    { name: 'ecdsa of 521 bits', args: ['-t', 'ecdsa', '-b', '521'] },
    { name: 'rsa', args: ['-t', 'rsa', '-b', '2048'] },
    { name: 'rsa in PEM', args: ['-t', 'rsa', '-b', '2048', '-m', 'PEM'] },
    { name: 'ecdsa in PKCS8', args: ['-t', 'ecdsa', '-m', 'PKCS8'] },
    { name: 'ed25519 with a passphrase', args: ['-t', 'ed25519'], passphrase: 'hunter2 ü' },
    {
      name: 'ed25519 locked by AES in mode CBC',
      args: ['-t', 'ed25519', '-Z', 'aes128-cbc'],
      passphrase: 'hunter2',
    },
    {
      name: 'ecdsa with a passphrase in PKCS8',
      args: ['-t', 'ecdsa', '-m', 'PKCS8'],
      passphrase: 'hunter2',
    },
    { name: 'rsa with a passphrase', args: ['-t', 'rsa', '-b', '2048'], passphrase: 'hunter2' },
  ])('$name signs what git verifies', async ({ name, args, passphrase }) => {
    const key = makeSshKey(join(area.path, name.replaceAll(' ', '-')), args, passphrase);
    const given = passphrase === undefined ? {} : { passphrase };
    // Several times, since a number of the signature may have fewer bytes.
    for (let round = 0; round < 4; round += 1) {
      const id = await signedCommit({ kind: 'ssh', text: key.text, source: SOURCE, ...given });
      expect(verifyCommit(repo, id, key)).toEqual({ isGood: true, words: '' });
    }
  });

  it('is opened while everything else goes on, and once alone', async () => {
    const rounds = 16;
    const folder = join(area.path, 'slow');
    const { text } = makeSshKey(folder, ['-t', 'ed25519', '-a', String(rounds)], 'hunter2');
    const key = { kind: 'ssh', text, passphrase: 'hunter2', source: SOURCE } as const;
    expect(await turnsDuring(() => signingKeys.open(key))).toBeGreaterThanOrEqual(rounds);
    expect(await turnsDuring(() => signingKeys.open(key))).toBeLessThan(rounds);
    const wrong = { ...key, passphrase: 'hunter22' };
    const says = `${SOURCE}: the SSH key cannot be opened with this passphrase`;
    expect(await refusal(wrong)).toBe(says);
    expect(await turnsDuring(() => refusal(wrong))).toBeLessThan(rounds);
    expect(await refusal({ ...wrong, source: 'Secret b/other' })).toMatch(/^Secret b\/other: /);
  });

  it.each([
    { name: 'a missing passphrase', given: {}, says: 'the SSH key is locked; give its passphrase' },
    {
      name: 'a wrong passphrase',
      given: { passphrase: 'hunter22' },
      says: 'the SSH key cannot be opened with this passphrase',
    },
    { name: 'what is no key', text: 'hunter2', says: 'this is not an SSH private key' },
  ])('is refused for $name', async ({ name, given = {}, text, says }) => {
    const folder = join(area.path, `ssh-${name.replaceAll(' ', '-')}`);
    const locked = text ?? makeSshKey(folder, ['-t', 'ed25519'], 'hunter2').text;
    const key = { kind: 'ssh', text: locked, source: SOURCE, ...given } as const;
    expect(await refusal(key)).toBe(`${SOURCE}: ${says}`);
  });
});

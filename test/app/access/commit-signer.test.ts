import { describe, expect, it } from 'vitest';
import { keySigners } from '../../../src/app/access/commit-signer.ts';
import type { SigningKey } from '../../../src/ports/signing.ts';
import { automation } from '../../support/builders.ts';
import { memorySecrets, never } from '../../support/memory-ports.ts';

/** What would be opened for a Secret's content. */
async function keyOf(secret?: Record<string, string>): Promise<SigningKey | undefined> {
  let opened: SigningKey | undefined;
  const signing = {
    open: async (key: SigningKey) => {
      opened = key;
      return { kind: 'key', sign: async () => '' } as const;
    },
  };
  const secrets = memorySecrets(secret === undefined ? {} : { 'apps/signing': secret });
  const commit = { signingKey: { secretRef: { name: 'signing' } } };
  await keySigners({ secrets, signing })(automation({ commit }), never);
  return opened;
}

describe('the key that commits are signed with', () => {
  const source = 'Secret apps/signing';

  it.each<{ name: string; secret: Record<string, string>; want: SigningKey }>([
    {
      name: 'an OpenPGP key as Flux has it',
      secret: { 'git.asc': 'KEY', passphrase: 'p' },
      want: { kind: 'openpgp', text: 'KEY', passphrase: 'p', source },
    },
    {
      name: 'one without a passphrase',
      secret: { 'git.asc': 'KEY', passphrase: '' },
      want: { kind: 'openpgp', text: 'KEY', source },
    },
    {
      name: 'an SSH key as Flux has deploy keys',
      secret: { identity: 'KEY', 'identity.pub': 'PUB', known_hosts: 'H', password: 'p' },
      want: { kind: 'ssh', text: 'KEY', passphrase: 'p', source },
    },
    {
      name: 'an SSH key in a Secret of type kubernetes.io/ssh-auth',
      secret: { 'ssh-privatekey': 'KEY' },
      want: { kind: 'ssh', text: 'KEY', source },
    },
  ])('is $name', async ({ secret, want }) => {
    expect(await keyOf(secret)).toEqual(want);
  });

  it.each([
    { secret: undefined, code: 'secret/not-found', want: 'there is no Secret apps/signing' },
    {
      secret: { key: 'hunter2' },
      code: 'secret/invalid',
      want: 'Secret apps/signing has no key to sign with: neither git.asc (OpenPGP) nor identity (SSH)',
    },
    {
      secret: { 'git.asc': 'hunter2', identity: 'hunter2' },
      code: 'secret/invalid',
      want: 'Secret apps/signing has an OpenPGP and an SSH key; keep one of them',
    },
  ])('fails with "$want"', async ({ secret, code, want }) => {
    await expect(keyOf(secret)).rejects.toMatchObject({ code, message: want });
  });

  it('is none where an automation names none, or there is no automation', async () => {
    const signing = { open: async () => Promise.reject(new Error('not to be opened')) };
    const signerOf = keySigners({ secrets: memorySecrets(), signing });
    expect(await signerOf(automation({}), never)).toBeUndefined();
    expect(await signerOf(undefined, never)).toBeUndefined();
  });

  it('is no matter of GitHub, which signs nothing in a folder', async () => {
    const signing = { open: async () => Promise.reject(new Error('not to be opened')) };
    const signerOf = keySigners({ secrets: memorySecrets(), signing });
    const spec = {
      git: { url: 'https://github.com/org/config', provider: 'github', secretRef: { name: 'app' } },
      commit: { signedBy: 'github' },
    } as const;
    await expect(signerOf(automation(spec), never)).rejects.toMatchObject({
      code: 'resource/not-supported',
      message: expect.stringContaining('spec.commit.signedBy: GitHub signs') as string,
    });
  });
});

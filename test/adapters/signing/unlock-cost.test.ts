import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../../src/adapters/signing/open-signer.ts';
import { unlockCost } from '../../../src/adapters/signing/unlock-cost.ts';
import { scratch, type Scratch } from '../../support/git/repo.ts';
import { makeSshKey } from '../../support/git/signing-keys.ts';
import { hasTool } from '../../support/git/tools.ts';

let area: Scratch;
let count = 0;
beforeAll(() => {
  area = scratch();
});
afterAll(() => area.remove());

function sshKey(args: readonly string[], passphrase = 'hunter2'): string {
  count += 1;
  return makeSshKey(join(area.path, String(count)), args, passphrase).text;
}

/** An encrypted PKCS #8 file. */
function pkcs8(iterations: number): string {
  const plain = sshKey(['-t', 'ecdsa', '-m', 'PKCS8'], '');
  const args = `pkcs8 -topk8 -v2 aes-256-cbc -passout pass:hunter2 -iter ${iterations}`;
  return execFileSync('openssl', args.split(' '), { input: plain }).toString('utf8');
}

describe.skipIf(!hasTool('ssh-keygen') || !hasTool('openssl'))('opening a locked key', () => {
  it.each([
    ['as ssh-keygen locks it', () => sshKey(['-t', 'ed25519']), 'bearable'],
    ['of old PEM with headers', () => sshKey(['-t', 'rsa', '-m', 'PEM']), 'bearable'],
    ['of PKCS #8', () => pkcs8(2048), 'bearable'],
    ['that is not locked', () => sshKey(['-t', 'ed25519'], ''), 'bearable'],
    [
      'with line ends of Windows',
      () => sshKey(['-t', 'ed25519']).replaceAll('\n', '\r\n'),
      'bearable',
    ],
    ['of too many rounds', () => sshKey(['-t', 'ed25519', '-a', '129']), 'costly'],
    ['of too many iterations', () => pkcs8(100_001), 'costly'],
  ] as const)('of a kind: %s', (_, make, want) => {
    expect(unlockCost(make())).toBe(want);
  });

  it('is not attempted where it would stop everything else', async () => {
    const text = sshKey(['-t', 'ed25519', '-a', '129']);
    const key = {
      kind: 'ssh',
      text,
      passphrase: 'hunter2',
      source: 'Secret apps/signing',
    } as const;
    await expect(createSigningKeys().open(key)).rejects.toMatchObject({
      code: 'secret/invalid',
      message:
        'Secret apps/signing: the SSH key takes too long to open; lock it anew with ssh-keygen -p -a 16',
    });
  });

  it('is not led astray by what readers pass over', () => {
    const text = sshKey(['-t', 'ed25519', '-a', '129']);
    const withHeader = text.replace('KEY-----\n', 'KEY-----\nComment: YWJj\n');
    expect(unlockCost(withHeader)).toBe('costly');
    for (const other of [
      text.replace('-----BEGIN', '-- BEGIN'),
      `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${text}`,
      `words before\n${text}`,
      text.replace('-----END OPENSSH', '-----END RSA'),
      '',
    ]) {
      expect(unlockCost(other)).toBe('none');
    }
  });

  it.each([
    ['cut off after its magic', 'openssh-key-v1\0'],
    ['with a field longer than itself', 'openssh-key-v1\0\0\0\xff\xff'],
    ['of one byte', 'x'],
  ])('costs nothing for a file %s', (_, content) => {
    const body = Buffer.from(content, 'latin1').toString('base64');
    const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(unlockCost(text)).toBe('bearable');
  });

  it.each([
    ['a salt of long form', '06092a864886f70d01050c30820010048108'],
    ['iterations without a length', '06092a864886f70d01050c3006040100 0200'],
    ['iterations of many bytes', '06092a864886f70d01050c3006040100020900'],
    ['nothing behind the name', '06092a864886f70d01050c'],
  ])('is refused for iterations that cannot be read: %s', (_, hex) => {
    const body = Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64');
    const text = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    expect(unlockCost(text)).toBe('costly');
  });
});

import { type Config, enums, generateKey, type PrivateKey, readPrivateKey } from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../../src/adapters/signing/open-signer.ts';
import { isCostlyToUnlock } from '../../../src/adapters/signing/openpgp-lock.ts';

/** What stands in each packet, one octet each. */
interface Octets {
  c?: number;
  t?: number;
  encodedM?: number;
}

const GPG = { s2kType: enums.s2k.iterated, s2kIterationCountByte: 224 } as const;
const ARGON2 = {
  aeadProtect: true,
  s2kType: enums.s2k.argon2,
  s2kArgon2Params: { passes: 1, parallelism: 1, memoryExponent: 10 },
} as const;

/** A locked key with so many subkeys; saying that it costs more costs nothing. */
async function lockedKey(
  config: Partial<Config>,
  octets: Octets = {},
  subkeys = 1,
): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    userIDs: [{ name: 'Bot', email: 'bot@example.com' }],
    subkeys: Array.from({ length: subkeys }, () => ({ sign: true })),
    passphrase: 'hunter2',
    format: 'object',
    config,
  });
  for (const { keyPacket } of privateKey.getKeys()) {
    Object.assign((keyPacket as unknown as { s2k: Octets }).s2k, octets);
  }
  return readPrivateKey({ armoredKey: privateKey.armor() });
}

describe('what unlocking an OpenPGP key costs', () => {
  it.each([
    { name: 'as gpg locks it', config: GPG, octets: {}, want: false },
    { name: 'hashed as much as can be said', config: GPG, octets: { c: 255 }, want: false },
    { name: 'the same, too often', config: GPG, octets: { c: 255 }, subkeys: 8, want: true },
    { name: 'of Argon2 over 64 MiB', config: ARGON2, octets: { t: 3, encodedM: 16 }, want: false },
    { name: 'of Argon2 over 128 MiB', config: ARGON2, octets: { encodedM: 17 }, want: true },
    {
      name: 'of all the memory that can be said',
      config: ARGON2,
      octets: { encodedM: 255 },
      want: true,
    },
    { name: 'of many passes', config: ARGON2, octets: { t: 5, encodedM: 16 }, want: true },
    {
      name: 'of many passes over little',
      config: ARGON2,
      octets: { t: 255, encodedM: 10 },
      want: false,
    },
  ])('is judged: $name', async ({ config, octets, subkeys, want }) => {
    expect(isCostlyToUnlock(await lockedKey(config, octets, subkeys))).toBe(want);
  });

  it('is none where nothing is locked', async () => {
    const { privateKey } = await generateKey({ userIDs: [{ name: 'Bot' }], format: 'object' });
    expect(isCostlyToUnlock(privateKey)).toBe(false);
  });

  it('is unbearable where the lock cannot be read', async () => {
    const key = await lockedKey(GPG);
    Object.assign(key.keyPacket, { s2k: { type: 'of tomorrow' } });
    expect(isCostlyToUnlock(key)).toBe(true);
  });
});

describe('an OpenPGP key that is locked by Argon2', () => {
  let bearable: string;
  let costly: string;
  beforeAll(async () => {
    bearable = (await lockedKey(ARGON2)).armor();
    costly = (await lockedKey(ARGON2, { encodedM: 21 })).armor();
  });
  const open = (text: string) =>
    createSigningKeys().open({
      kind: 'openpgp',
      text,
      passphrase: 'hunter2',
      source: 'Secret apps/signing',
    });

  it('is opened', async () => {
    const signer = await open(bearable);
    expect(await signer.sign(Buffer.from('x'))).toContain('BEGIN PGP SIGNATURE');
  });

  it('is not even tried where that would take a gigabyte', async () => {
    await expect(open(costly)).rejects.toMatchObject({
      code: 'secret/invalid',
      message: expect.stringMatching(
        /^Secret apps\/signing: .* takes too long to unlock/,
      ) as string,
    });
  });
});

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPushMessages } from '../../../src/adapters/push-events/push-messages.ts';
import type { PushMessages } from '../../../src/ports/push.ts';
import { never } from '../../support/memory-ports.ts';
import { startLoopback, type Loopback } from '../../support/registry/loopback.ts';

const ISSUER = 'https://accounts.google.com';
const AUDIENCE = 'https://hooks.acme.example';
const EMAIL = 'pusher@acme.iam.gserviceaccount.com';
const BODY = Buffer.from(
  JSON.stringify({ message: { data: Buffer.from('{}').toString('base64') } }),
);

let server: Loopback;
let ours: CryptoKey;
let messages: PushMessages;
let isDown = false;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  ours = pair.privateKey;
  const key = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  server = await startLoopback(() => (isDown ? { status: 500 } : { body: { keys: [key] } }));
  messages = fresh();
});
afterAll(async () => server.close());

function fresh(): PushMessages {
  return createPushMessages({ issuers: [ISSUER], keys: new URL(`${server.url}/certs`) });
}

interface Claims {
  readonly iss?: string;
  readonly aud?: string;
  readonly email?: string;
  readonly email_verified?: unknown;
  readonly expiresIn?: number;
}

/** A token as Pub/Sub sends it. */
async function token(claims: Claims = {}, key: CryptoKey = ours, kid = 'one'): Promise<string> {
  const { iss = ISSUER, aud = AUDIENCE, expiresIn = 3600, ...others } = claims;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ email: EMAIL, email_verified: true, ...others })
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
    .setIssuer(iss)
    .setAudience(aud)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresIn)
    .sign(key);
}

function read(authorization: string, by = messages) {
  const identity = { audience: AUDIENCE, email: EMAIL };
  const sender = { type: 'artifactregistry', token: 'x'.repeat(32), identity } as const;
  return by.read(sender, { headers: { authorization }, body: BODY }, never);
}

describe('an identity token', () => {
  it('of the subscription’s service account is accepted, and the keys are asked for once', async () => {
    for (let count = 0; count < 3; count += 1) {
      expect(await read(`Bearer ${await token()}`)).toEqual({ kind: 'pushes', images: [] });
    }
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Claims]>([
    ['another issuer', { iss: 'https://accounts.evil.example' }],
    ['another audience', { aud: 'https://other.acme.example' }],
    ['another account', { email: 'other@acme.iam.gserviceaccount.com' }],
    ['an address that nobody verified', { email_verified: false }],
    ['an address that is “verified” by a text', { email_verified: 'true' }],
    ['an expiry that is past', { expiresIn: -120 }],
  ])('with %s is refused', async (_, claims) => {
    expect(await read(`Bearer ${await token(claims)}`)).toEqual({ kind: 'refused' });
  });

  it('that somebody else signed is refused, under a known key’s name or another', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await read(`Bearer ${await token({}, privateKey)}`)).toEqual({ kind: 'refused' });
    expect(await read(`Bearer ${await token({}, privateKey, 'two')}`)).toEqual({ kind: 'refused' });
  });

  it.each([
    ['none', ''],
    ['no token', 'Bearer'],
    ['a text', 'Bearer x.y.z'],
    ['a login', 'Basic eDp5'],
    [
      'a token that nobody signed',
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
    ],
  ])('that is %s is refused', async (_, authorization) => {
    expect(await read(authorization)).toEqual({ kind: 'refused' });
  });

  it('signed by a secret that the public key is taken for is refused', async () => {
    const secret = new TextEncoder().encode('k'.repeat(64));
    const forged = await new SignJWT({ email: EMAIL, email_verified: true })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime('1h')
      .sign(secret);
    expect(await read(`Bearer ${forged}`)).toEqual({ kind: 'refused' });
  });

  it('cannot be judged while the keys cannot be had, and can as soon as they can', async () => {
    const other = fresh();
    isDown = true;
    await expect(read(`Bearer ${await token()}`, other)).rejects.toMatchObject({
      code: 'registry/unreachable',
      retry: true,
    });
    isDown = false;
    expect(await read(`Bearer ${await token()}`, other)).toMatchObject({ kind: 'pushes' });
  });
});

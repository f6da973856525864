import { describe, expect, it } from 'vitest';
import {
  isTrustedIdentity,
  signatureRequirement,
} from '../../../src/domain/signature/signature-requirement.ts';

const secret = (values: Record<string, string>) => ({ name: 'apps/keys', values });

describe('a requirement', () => {
  it('has the public keys of the Secret by name, and nothing else of it', () => {
    const keys = secret({ 'b.pub': 'B', 'cosign.key': 'PRIVATE', 'a.pub': 'A' });
    expect(signatureRequirement({ secretRef: { name: 'keys' } }, { keys })).toEqual({
      keys: [
        { name: 'a.pub of Secret apps/keys', pem: 'A' },
        { name: 'b.pub of Secret apps/keys', pem: 'B' },
      ],
      identities: [],
    });
  });

  it.each([
    { name: 'no key', values: {}, fault: 'has no public key' },
    {
      name: 'too many keys',
      values: Object.fromEntries(Array.from({ length: 33 }, (_, nr) => [`${nr}.pub`, 'x'])),
      fault: 'has more than 32 public keys',
    },
    {
      name: 'a key of no end',
      values: { 'a.pub': 'x'.repeat(20_000) },
      fault: 'has more than 32 public keys, or one of more than 16384 characters',
    },
  ])('cannot be had from a Secret with $name', ({ values, fault }) => {
    const make = () => signatureRequirement({}, { keys: secret(values) });
    expect(make).toThrow(expect.objectContaining({ code: 'secret/invalid' }) as Error);
    expect(make).toThrow(fault);
  });

  it.each([
    { values: {}, fault: 'Secret apps/keys has no trusted_root.json' },
    {
      values: { 'trusted_root.json': 'x'.repeat(2_000_000) },
      fault: 'Secret apps/keys has too large a trusted_root.json',
    },
  ])('needs a usable root where one is named: $fault', ({ values, fault }) => {
    const make = () => signatureRequirement({}, { trustedRoot: secret(values) });
    expect(make).toThrow(fault);
  });
});

describe('an identity', () => {
  const signer = { issuer: 'https://accounts.google.com', subject: 'ana@example.com' };

  it.each([
    { name: 'anywhere in the text', issuer: 'google', subject: 'ana@', trusted: true },
    {
      name: 'the whole text',
      issuer: '^https://accounts\\.google\\.com$',
      subject: '^ana@example\\.com$',
      trusted: true,
    },
    { name: 'not beyond anchors', issuer: '^google', subject: 'ana', trusted: false },
    { name: 'both, not one of them', issuer: 'google', subject: 'bob', trusted: false },
    { name: 'with case', issuer: 'google', subject: 'ANA', trusted: false },
    { name: 'as RE2 has it', issuer: 'google', subject: '(?i)ANA', trusted: true },
  ])('is matched $name', ({ issuer, subject, trusted }) => {
    expect(isTrustedIdentity(signer, [{ issuer, subject }])).toBe(trusted);
  });

  it('matches nobody by an empty list', () => {
    expect(isTrustedIdentity(signer, [])).toBe(false);
  });

  it('of enormous length is nobody’s', () => {
    const long = { ...signer, subject: 'a'.repeat(2_000) };
    expect(isTrustedIdentity(long, [{ issuer: '', subject: '' }])).toBe(false);
  });
});

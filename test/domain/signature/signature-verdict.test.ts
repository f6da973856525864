import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  SIGNATURE_FAULTS,
  signatureVerdict,
  type SignatureFault,
} from '../../../src/domain/signature/signature-verdict.ts';
import { ROOT } from '../../support/cli.ts';

const signer = { subject: 'ana@example.com', issuer: 'https://accounts.google.com' };

function fault(kind: (typeof SIGNATURE_FAULTS)[number]): SignatureFault {
  switch (kind) {
    case 'Unreadable':
      return { kind, what: 'it is empty' };
    case 'OtherImage':
      return { kind, digest: 'sha256:1' };
    case 'OtherIdentity':
      return { kind, signer };
    default:
      return { kind };
  }
}

const refused = (kind: (typeof SIGNATURE_FAULTS)[number]) =>
  ({ kind: 'refused', fault: fault(kind) }) as const;

describe('the verdict on the signatures of an image', () => {
  it('is the one signature that is as required, among any others', () => {
    const findings = [refused('OtherKey'), { kind: 'verified', by: 'signed with k' } as const];
    expect(signatureVerdict(findings, true)).toEqual({ kind: 'verified', by: 'signed with k' });
  });

  it('has a line of its own for each fault', () => {
    const reasons = SIGNATURE_FAULTS.map((kind) => signatureVerdict([refused(kind)], false));
    const lines = reasons.map((verdict) => (verdict.kind === 'refused' ? verdict.reason : ''));
    expect(new Set(lines).size).toBe(SIGNATURE_FAULTS.length);
    for (const line of lines) expect(line).toMatch(/^(has|is) [^\n]{10,200}$/);
  });

  it('is explained in the documentation, word by word', () => {
    const page = readFileSync(join(ROOT, 'docs/spec/v1alpha1/imagepolicies.md'), 'utf8');
    for (const kind of SIGNATURE_FAULTS) {
      const verdict = signatureVerdict([refused(kind)], false);
      const line = verdict.kind === 'refused' ? verdict.reason : '';
      const general = line
        .replace('it is empty', '…')
        .replace('sha256:1', 'sha256:…')
        .replace(signer.subject, '…')
        .replace(signer.issuer, '…');
      expect(page).toContain(`\`${general}\``);
    }
  });

  it('tells of the signature that came furthest, whatever the order', () => {
    const findings = SIGNATURE_FAULTS.map(refused);
    for (const order of [findings, findings.toReversed()]) {
      expect(signatureVerdict(order, false)).toEqual({
        kind: 'refused',
        reason: `is signed by ${signer.subject} (issuer ${signer.issuer}), whom matchOIDCIdentity does not name`,
      });
    }
  });

  it('says when not all that is there was looked at', () => {
    expect(signatureVerdict([], true)).toEqual({
      kind: 'refused',
      reason: 'has no signature; some of what is attached to it could not be looked at',
    });
  });

  it('shows what a stranger wrote on one line, and not all of it', () => {
    const subject = `a\n\u001b[31m${'b'.repeat(500)}`;
    const finding = {
      kind: 'refused',
      fault: { kind: 'OtherIdentity', signer: { ...signer, subject } },
    } as const;
    const verdict = signatureVerdict([finding], false);
    expect(verdict).toMatchObject({ reason: expect.stringMatching(/^is signed by a \[31mb+…/) });
    expect(JSON.stringify(verdict).length).toBeLessThan(400);
  });
});

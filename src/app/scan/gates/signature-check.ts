import { targetText } from '../../../domain/plan/target.ts';
import type { CosignSpec } from '../../../domain/signature/signature-requirement.ts';
import type { ChoiceCheck } from './gate.ts';
import type { SignatureChecks } from './signature-checks.ts';

/** `spec.verify`: what is to be written has to be signed. */
export function signatureCheck(cosign: CosignSpec, signatures: SignatureChecks): ChoiceCheck {
  return {
    check: async (candidate, version, signal) => {
      const { policy, scan } = candidate;
      const digest = version.digest ?? (await candidate.digest(signal));
      const verdict = await signatures.verdict({ policy, scan, digest }, cosign, signal);
      return verdict.kind === 'verified'
        ? { kind: 'passed', signedBy: verdict.by }
        : {
            kind: 'refused',
            reason: 'VerificationFailed',
            message: `${targetText({ ...version, digest })} ${verdict.reason}`,
          };
    },
  };
}

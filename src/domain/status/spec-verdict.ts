import type { Finding } from '../errors.ts';
import type { Verdict } from './conditions.ts';

/**
 * What faults of a spec mean: nothing moves until a person changes it. A field that is to come is told
 * apart from one that is wrong; where there are both, the wrong one is what to mend first.
 */
export function specVerdict(findings: readonly [Finding, ...Finding[]]): Verdict {
  const invalid = findings.filter(({ code }) => code !== 'resource/not-supported');
  const [first = findings[0], ...others] = invalid.length > 0 ? invalid : findings;
  const reason = invalid.length > 0 ? 'InvalidSpec' : 'NotSupported';
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { state: 'stalled', reason, message: `${first.message}${more}` };
}

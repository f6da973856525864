import { normalPlatform } from '../image/platform.ts';
import type { GateVerdict } from './gate-verdict.ts';

/**
 * The rule of `spec.platforms`: all that are wanted must be provided, each in its normal spelling.
 * @param provided undefined for what runs nowhere, such as a Helm chart: the rule is not about it
 */
export function missingPlatforms(
  wanted: readonly string[],
  provided: readonly string[] | undefined,
): GateVerdict {
  if (provided === undefined) return { kind: 'open' };
  const missing = wanted.filter((platform) => !provided.includes(normalPlatform(platform)));
  if (missing.length === 0) return { kind: 'open' };
  return { kind: 'closed', message: `does not provide ${missing.join(' and ')}` };
}

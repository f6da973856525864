import type { PlannedPass } from '../update/update-pass.ts';

/**
 * Is what a pass does not want not wanted at all? Was everything looked at, and nothing missed for a fault of a file?
 * Policies tell of themselves in each decision.
 */
export function isCertain({
  pass,
  isWhole,
}: {
  readonly pass: Pick<PlannedPass, 'findings' | 'window'>;
  /** It looked at all that its automation is about. */
  readonly isWhole: boolean;
}): boolean {
  const isFaulty = pass.findings.some(
    ({ severity, code }) => severity === 'error' && code !== 'policy/failed',
  );
  return isWhole && !isFaulty && pass.window?.open !== false;
}

import type { Choice } from '../plan/policy-view.ts';
import { waitingOf, type PassedOver } from './gate-verdict.ts';

/** Is a tag passed over for what is so where it is promoted from, and for nothing that the registry says? */
export function isUnpromoted(tag: string, passedOver: readonly PassedOver[]): boolean {
  const reason = passedOver.find((one) => one.tag === tag)?.verdict.reason;
  return reason === 'Soaking' || reason === 'NotPromoted';
}

/**
 * The choice where no candidate was let through. While any is held back there may be one yet: all stays as
 * it is until then. Else no tag is allowed.
 */
export function nothingThrough({
  passedOver,
  isCut,
}: {
  readonly passedOver: readonly PassedOver[];
  /** Were there more, which nobody asked about? */
  readonly isCut: boolean;
}): Choice {
  const [waiting] = waitingOf(passedOver);
  const first = waiting ?? passedOver.find(({ verdict }) => verdict.reason !== undefined);
  const message = `${textOf(first ?? passedOver[0])}${andMore(passedOver.length - 1)}${
    isCut ? '; older tags were not asked about' : ''
  }`;
  const reason = first?.verdict.reason;
  return reason === undefined ? { kind: 'none', message } : { kind: 'blocked', reason, message };
}

function textOf(one: PassedOver | undefined): string {
  return one === undefined ? 'no tag is allowed' : `${one.tag} ${one.verdict.message}`;
}

function andMore(count: number): string {
  return count <= 0 ? '' : ` (and ${count} more)`;
}

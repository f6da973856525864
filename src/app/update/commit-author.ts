import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { signedOff, withTrailers } from '../../domain/commit-message.ts';
import { messageFor, type MessageStyle } from '../../domain/message-template/template-message.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import type { Person } from '../../ports/history.ts';

/** Author of commits for which no automation names one. */
export const DEFAULT_AUTHOR: Person = { name: 'Lockkeeper', email: 'lockkeeper@localhost' };

/** Who an automation's commits are by, and whether the author answers for them in a `Signed-off-by` line. */
export function authorOf(automation: ImageUpdateAutomation | undefined): {
  readonly author: Person;
  readonly signOff: boolean;
} {
  const { author = DEFAULT_AUTHOR, signOff = false } = automation?.spec.commit ?? {};
  return { author, signOff };
}

/** What the message of a pass's commit is made of. */
interface Wording {
  readonly changes: readonly Change[];
  readonly style: MessageStyle;
  readonly author: Person;
  readonly signOff: boolean;
  /** Trailers besides those that every update has. */
  readonly trailers: readonly string[];
}

/** The message of a pass's commit. */
export function messageOf({ changes, style, author, signOff, trailers }: Wording): string {
  const { message: plain } = messageFor(changes, style);
  const message = trailers.length === 0 ? plain : withTrailers(plain, trailers);
  return inNameOf(message, { author, signOff });
}

/** A message by its author, who answers for the commit where that is asked for. */
export function inNameOf(
  message: string,
  { author, signOff }: Pick<Wording, 'author' | 'signOff'>,
): string {
  return signOff ? signedOff(message, author) : message;
}

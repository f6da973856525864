import { updateMessage } from '../domain/commit-message.ts';
import type { Checkout, Clock, Person } from '../ports.ts';
import type { CarriedOutPass } from './update-branch.ts';
import { planPass, writesOf, type PassContext, type PassInput } from './update-pass.ts';

/** How far a pass over a local folder goes. */
export interface CheckoutWriter {
  readonly checkout: Checkout;
  /** Plan only; nothing is written. */
  readonly dryRun: boolean;
  /** Commit what was written. */
  readonly commit: boolean;
  readonly author: Person;
  readonly clock: Clock;
}

/** One update pass over a local folder: edits in place, and one commit where asked for. */
export async function updateCheckout(
  context: PassContext,
  writer: CheckoutWriter,
  input: Omit<PassInput, 'source' | 'revision'>,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { checkout, author, clock } = writer;
  const pass = await planPass(context, { ...input, source: checkout }, signal);
  if (writer.dryRun || pass.edits.length === 0) return { pass };
  const files = writesOf(pass.edits);
  if (!writer.commit) {
    await checkout.write(files, signal);
    return { pass };
  }
  const message = updateMessage(pass.changes);
  const id = await checkout.commit({ files, message, author, time: clock.now() }, signal);
  return { pass, commit: { id, subject: message.slice(0, message.indexOf('\n')) } };
}

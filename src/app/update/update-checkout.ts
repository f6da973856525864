import { messageOf } from './commit-author.ts';
import type { Checkout, Clock } from '../../ports.ts';
import type { CarriedOutPass } from './update-branch.ts';
import { writesOf } from './edit-files.ts';
import { planPass, type PassContext, type PassRequest } from './update-pass.ts';

/** The folder is read once in a pass: within it, it counts as standing still. */
const WORKING_TREE = 'working tree';

/** How far a pass over a local folder goes. */
export interface CheckoutWriter {
  readonly checkout: Checkout;
  /** Plan only; nothing is written. */
  readonly dryRun: boolean;
  /** Commit what was written. */
  readonly commit: boolean;
  readonly clock: Clock;
}

/** One update pass over a local folder: edits in place, and one commit where asked for. */
export async function updateCheckout(
  context: PassContext,
  writer: CheckoutWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { checkout, clock } = writer;
  const pass = await planPass(
    context,
    { ...request, source: checkout, revision: WORKING_TREE },
    signal,
  );
  if (writer.dryRun || pass.edits.length === 0) return { pass };
  const files = writesOf(pass.edits);
  if (!writer.commit) {
    await checkout.write(files, signal);
    return { pass };
  }
  const { author, signer } = pass;
  const message = messageOf(pass);
  const commit = { files, message, author, signer, time: clock.now() };
  const id = await checkout.commit(commit, signal);
  return { pass, commit: { id, subject: message.slice(0, message.indexOf('\n')) } };
}

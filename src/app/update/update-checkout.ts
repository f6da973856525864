import type { CheckoutHistory } from '../../ports/history.ts';
import type { Checkout, Clock } from '../../ports/ports.ts';
import type { KeySigner } from '../../ports/signing.ts';
import type { SignersOf } from '../access/commit-signer.ts';
import { draftCommits, madeCommit, type MadeCommit } from './commit-drafts.ts';
import { writesOf } from './edit-files.ts';
import type { CarriedOutPass } from './update-branch.ts';
import type { OpenPast } from '../read/past.ts';
import type { PassContext, PassRequest } from './pass-request.ts';
import { planPass } from './update-pass.ts';

/** The folder is read once in a pass: within it, it counts as standing still. */
const WORKING_TREE = 'working tree';

/** What to do where a folder has no history. */
const ELSEWHERE = '; `update --repo` reads the history of a remote';

/** A folder has no branches but its own. */
const NO_BRANCHES = { branches: [], pullRequests: [] };

/** How far a pass over a local folder goes. */
export interface CheckoutWriter {
  readonly checkout: Checkout;
  /** Plan only; nothing is written. */
  readonly dryRun: boolean;
  /** Commit what was written. */
  readonly commit: boolean;
  readonly clock: Clock;
  /** Asked where something is committed. */
  readonly signerOf: SignersOf<KeySigner>;
}

/** One update pass over a local folder: edits in place, and a commit for each group where asked for. */
export async function updateCheckout(
  context: PassContext,
  writer: CheckoutWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { checkout, clock } = writer;
  const pass = await planPass(
    context,
    { ...request, source: checkout, revision: WORKING_TREE, openPast: pastOf(checkout) },
    signal,
  );
  const commits: MadeCommit[] = [];
  if (writer.dryRun || pass.edits.length === 0) return { pass, commits, ...NO_BRANCHES };
  if (!writer.commit) {
    await checkout.write(writesOf(pass.edits), signal);
    return { pass, commits, ...NO_BRANCHES };
  }
  const { author, automation } = pass;
  const signer = await writer.signerOf(automation, signal);
  for (const draft of await draftCommits(checkout, pass, signal)) {
    const { writes: files, message } = draft;
    const request = { files, message, author, signer, time: clock.now() };
    commits.push(madeCommit(await checkout.commit(request, signal), draft));
  }
  return { pass, commits, ...NO_BRANCHES };
}

/** What is in the folder is its last commit, with what was changed since. It is opened once at most. */
function pastOf(checkout: Checkout): OpenPast {
  let opened: ReturnType<OpenPast> | undefined;
  const open = async (signal: AbortSignal) => {
    const history = await checkout.history(signal);
    if (typeof history === 'string')
      return { kind: 'none', why: `${history}${ELSEWHERE}` } as const;
    const uncommitted: CheckoutHistory['uncommitted'] = (paths, until) =>
      history.uncommitted(paths, until);
    return { kind: 'told', history, head: history.head, uncommitted } as const;
  };
  return (signal) => (opened ??= open(signal));
}

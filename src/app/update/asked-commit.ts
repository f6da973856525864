import { pushPlan } from '../../domain/branches/destination.ts';
import { AppError } from '../../domain/errors.ts';
import type { Checkout, FileWrite, GitBranch, Ports } from '../../ports/ports.ts';
import { keySigners } from '../access/commit-signer.ts';
import { ManifestReader } from '../read/manifest-reader.ts';
import { onBranch, type BranchWork } from './branch-sessions.ts';
import { automationOf, commandSettings, type CommandSettings } from './command-settings.ts';
import { authorOf, inNameOf } from './commit-author.ts';
import { pushCommits, type CommitLine } from './push-commits.ts';
import { accessTo, type GivenSettings, type RemoteTarget, type Target } from './target.ts';

/** A commit that a person asks a command for. */
export interface AskedCommit {
  /** The automation whose login, author and key it is made with; none: the login of the process, and no key. */
  readonly settings: GivenSettings;
  readonly dryRun: boolean;
  /** A new branch that it goes to, for people to merge; default: the branch that is read. */
  readonly pushBranch?: string;
}

/** What is asked for; without a draft, things are as wished already. */
export interface AskedChange<T> {
  readonly draft?: { readonly writes: readonly FileWrite[]; readonly message: string };
  readonly result: T;
}

/** What was done. */
export interface AskedOutcome<T> {
  readonly result: T;
  /** Its id, where a commit was made. */
  readonly commit?: string;
}

/** A branch, as a change is planned on it. */
export interface AskedWork extends BranchWork {
  readonly head: string;
  readonly settings: CommandSettings;
}

/**
 * Commits what a person asks for to a remote branch, or to a new one.
 * @throws AppError `usage` where the new branch is there already, `git/protected` with a way out, and those of
 * {@link commandSettings}
 */
export async function commitToRemote<T>(
  ports: Ports,
  { target, asked }: { readonly target: RemoteTarget; readonly asked: AskedCommit },
  change: (on: AskedWork) => Promise<AskedChange<T>>,
  signal: AbortSignal,
): Promise<AskedOutcome<T>> {
  const { dryRun, pushBranch } = asked;
  const settings = await commandSettings(ports, asked.settings, target, signal);
  const access = await accessTo(target, settings.automation, ports, signal);
  return onBranch(ports, access, { dryRun, signal }, async (work) => {
    const { writer, context } = work;
    const { branch } = writer;
    const plan = async (head: string) => {
      const files = { reader: context.reader, source: branch.files(head), revision: head };
      const automation = await automationOf(settings, files, target, signal);
      const by = authorOf(automation);
      const signer = await context.signerOf(automation, signal);
      const onto = await newBranch(branch, pushBranch, signal);
      const { draft, result } = await change({ ...work, head, settings });
      const { destination, options } = pushPlan(automation, branch.name);
      // Options are about the branch that the automation itself pushes to: others would open a merge request of it.
      const isItsWay = pushBranch !== undefined || destination.kind === 'base';
      const drafts =
        draft === undefined
          ? []
          : [{ writes: draft.writes, message: inNameOf(draft.message, by), changes: [] }];
      const lines = [{ drafts, ...onto }];
      return { lines, author: by.author, signer, options: isItsWay ? options : [], result };
    };
    try {
      const { result, commits } = await pushCommits(writer, plan, signal);
      const [made] = commits;
      return { result, ...(made === undefined ? {} : { commit: made.id }) };
    } catch (error) {
      throw pushBranch === undefined ? withWayOut(error) : error;
    }
  });
}

/** Commits what a person asks for in a local work tree, by the same settings. @returns the commit's id */
export async function commitToCheckout(
  ports: Ports,
  {
    checkout,
    target,
    asked,
  }: { readonly checkout: Checkout; readonly target: Target; readonly asked: AskedCommit },
  { writes: files, message }: NonNullable<AskedChange<unknown>['draft']>,
  signal: AbortSignal,
): Promise<string> {
  const settings = await commandSettings(ports, asked.settings, target, signal);
  const reader = new ManifestReader();
  const automation = await automationOf(settings, { reader, source: checkout }, target, signal);
  const by = authorOf(automation);
  const signer = await keySigners(ports)(automation, signal);
  const text = inNameOf(message, by);
  const time = ports.clock.now();
  return checkout.commit({ files, message: text, author: by.author, signer, time }, signal);
}

/** A branch that is there may be anybody's: nothing is put on it. */
async function newBranch(
  branch: GitBranch,
  name: string | undefined,
  signal: AbortSignal,
): Promise<Pick<CommitLine, 'onto'>> {
  if (name === undefined) return {};
  const isThere = name === branch.name || (await branch.branchHeads([name], signal)).has(name);
  if (!isThere) return { onto: { branch: name, expected: undefined } };
  throw new AppError(
    'usage',
    `the branch ${name} is there already: give --push-branch another name, or add to it with --branch ${name}`,
  );
}

function withWayOut(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'git/protected') return error;
  const message = `${error.message}; --push-branch NAME puts the change on a new branch instead, to be merged`;
  return new AppError(error.code, message, { cause: error });
}

import { AppError } from '../../domain/errors.ts';
import type { CommitToMake, ForgeCommits } from '../../ports/forge.ts';
import { messageText, parseCommit } from './commit-object.ts';
import type { RemoteStore } from './engine.ts';

/**
 * Has a forge make the commit for a tree that was written, and takes it into the store as it is there: from then on it is
 * like any commit of ours. It is taken only if it is what was asked for, to the byte.
 * @returns its id
 * @throws AppError `git/rejected` where the forge made something else, and those of {@link ForgeCommits}
 */
export async function commitAtForge(
  store: RemoteStore,
  forge: ForgeCommits,
  asked: Omit<CommitToMake, 'parentTree'>,
  signal: AbortSignal,
): Promise<string> {
  const { tree, parent } = asked;
  const message = messageText(asked.message);
  const parentTree = await treeOf(store, parent, signal);
  const { id, content } = await forge.make({ ...asked, message, parentTree }, signal);
  const text = Buffer.from(content);
  const isAsked =
    text.indexOf(`tree ${tree}\nparent ${parent}\nauthor `) === 0 &&
    // Whether a line end at the end is kept is the forge's affair.
    parseCommit(id, text).message.trimEnd() === message.trimEnd();
  if (!isAsked) throw mismatch(id, 'it has another tree, parent or message');
  const written = await store.writeCommit(content, signal);
  if (written !== id) throw mismatch(id, `what the forge tells of it is commit ${written}`);
  return id;
}

async function treeOf(store: RemoteStore, commit: string, signal: AbortSignal): Promise<string> {
  const content = await store.readCommit(commit, signal);
  const [, tree] = /^tree ([0-9a-f]{40})\n/.exec(content?.toString('latin1') ?? '') ?? [];
  if (tree !== undefined) return tree;
  throw new AppError('git/store', `the local Git store lacks commit ${commit}`, { retry: true });
}

function mismatch(id: string, why: string): AppError {
  return new AppError(
    'git/rejected',
    `the forge made commit ${id.slice(0, 12)}, which is not the one that was asked for: ${why}; nothing was pushed`,
  );
}

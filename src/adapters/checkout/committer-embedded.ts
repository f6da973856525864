import fs from 'node:fs';
import { join } from 'node:path';
import type { KeySigner } from '../../ports/signing.ts';
import { AppError } from '../../domain/errors.ts';
import { dirty, type Committer } from './committer.ts';
import type { WorkTree } from './work-tree.ts';

/**
 * Commits by isomorphic-git, where there is no `git` program. The commit's tree is the last
 * commit's with the paths replaced, so that other staged changes stay out of it.
 */
export function embeddedCommitter({ top, gitDir, prefix }: WorkTree): Committer {
  const repo = { fs, dir: top, gitdir: gitDir };
  return {
    assertClean: async (paths) => {
      const git = await loadGit();
      for (const path of paths) {
        const status = await git.status({ ...repo, filepath: prefix + path });
        if (status === 'unmodified') continue;
        throw dirty(path, !/^(\*added|ignored|absent)$/.test(status));
      }
    },
    head: async () => (await loadGit()).resolveRef({ ...repo, ref: 'HEAD' }),
    commit: async ({ author, time, files, message, signer }) => {
      const git = await loadGit();
      try {
        const head = await git.resolveRef({ ...repo, ref: 'HEAD' });
        const { commit } = await git.readCommit({ ...repo, oid: head });
        let { tree } = commit;
        for (const { path } of files) {
          const bytes = await fs.promises.readFile(join(top, prefix, path));
          const blob = await git.writeBlob({ ...repo, blob: bytes });
          tree = await replaceBlob({ git, repo }, tree, (prefix + path).split('/'), blob);
        }
        const timestamp = Math.floor(time.getTime() / 1000);
        const person = { ...author, timestamp, timezoneOffset: 0 };
        const by = { author: person, committer: person };
        const id = await git.commit({ ...repo, message, tree, ...by, ...signedBy(signer) });
        await git.add({ ...repo, filepath: files.map(({ path }) => prefix + path) });
        return id;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
        throw new AppError('git/rejected', `could not commit in ${top} (${reason})`, { cause });
      }
    },
  };
}

/** isomorphic-git signs what it is told to by a callback; a key must be named, and is not used. */
function signedBy(signer: KeySigner | undefined) {
  if (signer === undefined) return {};
  const onSign = async ({ payload }: { payload: string }) => ({
    signature: await signer.sign(Buffer.from(payload)),
  });
  return { signingKey: 'given', onSign };
}

type Git = Awaited<ReturnType<typeof loadGit>>;

/** Only the machine without a `git` program pays for loading it. */
async function loadGit() {
  const { default: git } = await import('isomorphic-git');
  return git;
}

async function replaceBlob(
  context: { readonly git: Git; readonly repo: { fs: typeof fs; dir: string; gitdir: string } },
  tree: string,
  path: readonly string[],
  blob: string,
): Promise<string> {
  const { git, repo } = context;
  const [name, ...rest] = path;
  const { tree: items } = await git.readTree({ ...repo, oid: tree });
  const found = items.find((item) => item.path === name);
  if (found === undefined) throw new Error(`${path.join('/')} is not in the last commit`);
  const oid = rest.length === 0 ? blob : await replaceBlob(context, found.oid, rest, blob);
  return git.writeTree({
    ...repo,
    tree: items.map((item) => (item === found ? { ...item, oid } : item)),
  });
}

import type { ModedWrite } from '../engine.ts';
import { pathBytes } from '../path-text.ts';
import { storeFailure } from './failures.ts';
import type { NativeRepo } from './native-repo.ts';

/** The newest tree stays reachable here, so that tidying up leaves it alone until it is pushed. */
const PENDING_REF = 'refs/lockkeeper/pending';

/**
 * Writes blobs and trees with a single `git fast-import`, which makes trees for commits only: this one
 * is a draft that nobody sees.
 * @returns the id of the tree
 * @throws AppError `git/store`
 */
export async function writeTree(
  repo: NativeRepo,
  { parent, files }: { readonly parent: string; readonly files: readonly ModedWrite[] },
  signal: AbortSignal,
): Promise<string> {
  const input: Uint8Array[] = [
    Buffer.from(`commit ${PENDING_REF}\ncommitter draft <> 0 +0000\ndata 0\n\nfrom ${parent}\n`),
  ];
  for (const { path, mode, bytes } of files) {
    const command = `M ${mode} inline ${quotePath(path)}\ndata ${bytes.length}\n`;
    input.push(Buffer.from(command, 'latin1'), bytes, Buffer.from('\n'));
  }
  input.push(Buffer.from('ls ""\n\ndone\n'));
  const args = ['fast-import', '--quiet', '--force', '--done', '--date-format=raw'];
  const output = await repo.output('write a tree', args, { input, signal });
  // "040000 tree <id>\t"
  const id = /^040000 tree ([0-9a-f]{40,64})\t/.exec(output.toString('latin1'))?.[1];
  if (id === undefined) throw storeFailure('write a tree', output.toString('latin1'));
  return id;
}

/** A path as a C-style string (git-fast-import, "path"), a character for each byte. */
function quotePath(path: string): string {
  const escaped = pathBytes(path)
    .toString('latin1')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

import type { CommitRequest } from '../../../ports.ts';
import { messageBytes, signature } from '../commit-object.ts';
import { storeFailure } from './failures.ts';
import type { NativeStore } from './native-store.ts';

/** Commits stay reachable here, so that tidying up leaves the newest one alone. */
const PENDING_REF = 'refs/lockkeeper/pending';

/**
 * Writes blobs, trees and one commit with a single `git fast-import`.
 * @param modes the mode of each file of the request, in the same order
 * @returns the commit id
 * @throws AppError `git/store`
 */
export async function importCommit(
  store: NativeStore,
  {
    request,
    modes,
    signal,
  }: { request: CommitRequest; modes: readonly string[]; signal: AbortSignal },
): Promise<string> {
  const by = signature(request.author, request.time);
  const message = messageBytes(request);
  const input: Uint8Array[] = [
    Buffer.from(
      `commit ${PENDING_REF}\nmark :1\nauthor ${by}\ncommitter ${by}\ndata ${message.length}\n`,
    ),
    message,
    Buffer.from(`\nfrom ${request.parent}\n`),
  ];
  for (const [index, { path, bytes }] of request.files.entries()) {
    const mode = modes[index] ?? '100644';
    input.push(Buffer.from(`M ${mode} inline ${quotePath(path)}\ndata ${bytes.length}\n`));
    input.push(bytes, Buffer.from('\n'));
  }
  input.push(Buffer.from('get-mark :1\ndone\n'));
  const args = ['fast-import', '--quiet', '--force', '--done', '--date-format=raw'];
  const output = await store.output('write a commit', args, { input, signal });
  const id = output.toString('latin1').trim();
  if (!/^[0-9a-f]{40,64}$/.test(id)) throw storeFailure('write a commit', id);
  return id;
}

/** A path as a C-style string (git-fast-import, "path"). */
function quotePath(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

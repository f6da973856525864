import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Remote } from '../remote.ts';
import { isThere } from './bare-repo.ts';
import { ASK_PASS, type RemoteFiles } from './git-environment.ts';

/**
 * The files by which `git` and `ssh` get what a remote is reached with: below one folder, for this user alone, each
 * remote's apart, so that those of a login that was replaced go with it, whoever else uses the store.
 */
export class LoginFiles {
  readonly #root: string;
  readonly #folders = new Map<Remote, string>();

  /** @param root folder of nothing else; what a killed process left there is removed by {@link removeAll} */
  constructor(root: string) {
    this.#root = root;
  }

  /** Sees to it that a remote's files are there. */
  async write(remote: Remote): Promise<RemoteFiles> {
    const { ssh } = remote;
    const { ca, cert, key } = remote.tls;
    const file = (name: string, content: string, mode?: number) =>
      this.#file(remote, { name, content, mode });
    return {
      ...(ca === undefined ? {} : { ca: await file('ca.pem', ca.join('\n')) }),
      ...(cert === undefined || key === undefined
        ? {}
        : { cert: await file('client.crt', cert), key: await file('client.key', key) }),
      ...(ssh === undefined
        ? {}
        : {
            identity: await file('identity', asLines(ssh.identity)),
            knownHosts: await file('known_hosts', asLines(ssh.knownHosts)),
          }),
      ...(ssh?.passphrase === undefined ? {} : { askPass: await file('askpass', ASK_PASS, 0o700) }),
    };
  }

  /** Path of a file that its user makes and removes. */
  async temporary(name: string): Promise<string> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    return join(this.#root, `${randomUUID()}-${name}`);
  }

  /** Removes the files of one remote. */
  async remove(remote: Remote): Promise<void> {
    const folder = this.#folders.get(remote);
    this.#folders.delete(remote);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  /** Removes those of all remotes. */
  async removeAll(): Promise<void> {
    this.#folders.clear();
    await rm(this.#root, { recursive: true, force: true });
  }

  async #file(
    remote: Remote,
    { name, content, mode = 0o600 }: { name: string; content: string; mode: number | undefined },
  ): Promise<string> {
    const folder = this.#folders.get(remote) ?? join(this.#root, randomUUID());
    this.#folders.set(remote, folder);
    const path = join(folder, name);
    if (await isThere(path)) return path;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Whole or not there at all, since runs against one remote may begin together.
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, content, { mode });
    await rename(draft, path);
    return path;
  }
}

/** OpenSSH refuses a key file without a final line end, and one with line ends of Windows. */
function asLines(text: string): string {
  const lines = text.replaceAll('\r\n', '\n');
  return lines.endsWith('\n') ? lines : `${lines}\n`;
}

import type { ProcessWay } from '../../connections/process-way.ts';
import { AppError } from '../../domain/errors.ts';
import { describeProvider } from '../../domain/git-provider.ts';
import type { GitLogins } from '../../ports/git-login.ts';
import type { GitAccess, GitBranch } from '../../ports/ports.ts';
import type { Engine, EngineStore, Environment, RemoteStore } from './engine.ts';
import { hasNativeGit, nativeEngine } from './native/native-engine.ts';
import { parseRemote, type Remote } from './remote.ts';
import { RenewedRemote } from './renewed-remote.ts';
import { withStore } from './store-error.ts';
import { acquireStoreFolder } from './store-folder.ts';
import { StoredBranch } from './stored-branch.ts';

/** Which implementation speaks Git; `auto`: the native program where there is one, else isomorphic-git. */
export type EngineChoice = 'auto' | 'native' | 'isomorphic';

/** What all branches of a process share. */
export interface GitBranchesOptions {
  /** Folder for the object stores, one below it per remote. Private to this user. */
  readonly storeRoot: string;
  readonly engine: EngineChoice;
  /** The process's variables: PATH, the user's Git and SSH set-up. */
  readonly env: Environment;
  /** The process's way to remotes. Default: straight. */
  readonly way?: ProcessWay;
  /** Asked where an access names a provider. */
  readonly logins: GitLogins;
}

interface OpenStore {
  readonly store: Promise<EngineStore>;
  users: number;
}

/** Opens branches of remote repos; branches of one remote share a store. */
export class GitBranches {
  readonly #options: GitBranchesOptions;
  readonly #stores = new Map<string, OpenStore>();

  constructor(options: GitBranchesOptions) {
    this.#options = options;
  }

  /**
   * Opens a branch without contacting the remote.
   * @throws AppError `usage` for a bad address or branch name, `secret/invalid` for a certificate that is none,
   * `git/unsupported` for a transport that the engine does not speak, `git/store` when the store cannot be made
   */
  async open(access: GitAccess, signal: AbortSignal): Promise<GitBranch> {
    const remote = parseRemote(access, this.#options.way);
    const engine = await this.#chooseEngine(remote, signal);
    const key = `${engine.name} ${remote.url}`;
    const open = this.#stores.get(key) ?? {
      store: this.#openStore(engine, remote, signal),
      users: 0,
    };
    this.#stores.set(key, open);
    open.users += 1;
    let closed = false;
    const release = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      open.users -= 1;
      if (open.users > 0) return;
      this.#stores.delete(key);
      const store = await open.store.catch(() => undefined);
      await store?.close();
    };
    try {
      return new StoredBranch(remote, this.#connect(await open.store, remote, access), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Loads the embedded engine now, where it is the one that was asked for. */
  async load(): Promise<void> {
    const { engine } = this.#options;
    if (engine === 'isomorphic') await embeddedEngine();
  }

  #connect(store: EngineStore, remote: Remote, access: GitAccess): RemoteStore {
    const { provider, ca, clientCertificate, proxy } = access;
    if (provider === undefined) return store.connect(remote);
    const { logins, way } = this.#options;
    const request = { provider, ca, clientCertificate, proxy };
    return new RenewedRemote({
      owner: describeProvider(provider),
      login: (signal, refused) => logins.login(request, signal, refused),
      connect: (login) => store.connect(login ? parseRemote({ ...access, ...login }, way) : remote),
    });
  }

  async #openStore(engine: Engine, remote: Remote, signal: AbortSignal): Promise<EngineStore> {
    const folder = await acquireStoreFolder(this.#options.storeRoot, engine.name, remote.url);
    try {
      return await withStore('open', () => engine.openStore(folder, signal));
    } catch (error) {
      await folder.release();
      throw error;
    }
  }

  async #chooseEngine(remote: Remote, signal: AbortSignal): Promise<Engine> {
    const { engine, env } = this.#options;
    if (engine !== 'isomorphic' && (await hasNativeGit(env, signal))) return nativeEngine(env);
    if (engine === 'native') {
      throw new AppError(
        'git/unsupported',
        'there is no git program of version 2.31 or later; install one',
      );
    }
    if (remote.kind === 'http') return embeddedEngine();
    throw new AppError(
      'git/unsupported',
      `${remote.display} needs the git program (2.31 or later): without it only https:// and http:// work`,
    );
  }
}

/** Loaded only where it is used: its libraries take longer to load than a ref listing. */
async function embeddedEngine(): Promise<Engine> {
  const { isomorphicEngine } = await import('./isomorphic/isomorphic-engine.ts');
  return isomorphicEngine();
}

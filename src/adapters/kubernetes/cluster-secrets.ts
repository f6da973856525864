import type { ChangedSource } from '../../ports/cluster.ts';
import type { Secrets } from '../../ports/ports.ts';
import type { ClusterContext } from './context.ts';
import {
  PULL_SECRETS_SOURCE,
  readSource,
  SECRET_SOURCE,
  type FollowedSource,
  type SourceName,
} from './followed-source.ts';
import { SourceFollower } from './source-follower.ts';

/** Each watch is a connection of its own; beyond so many objects, the others are read from time to time. */
const MAX_WATCHES = 100;

interface Following {
  readonly changed: (source: ChangedSource) => void;
  readonly signal: AbortSignal;
}

type Followers<T> = Map<string, SourceFollower<T>>;

/**
 * Single Secrets, and pull Secrets of single ServiceAccounts, by name. While {@link follow} runs, those that were read
 * are followed, so that reading them again costs no request. Never lists them.
 */
export class ClusterSecrets implements Secrets {
  readonly #context: ClusterContext;
  readonly #secrets: Followers<Readonly<Record<string, string>>> = new Map();
  readonly #accounts: Followers<readonly string[]> = new Map();
  #following: Following | undefined;

  constructor(context: ClusterContext) {
    this.#context = context;
  }

  get(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#read(SECRET_SOURCE, this.#secrets, { namespace, name }, signal);
  }

  pullSecrets(
    namespace: string,
    serviceAccount: string,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const account = { namespace, name: serviceAccount };
    return this.#read(PULL_SECRETS_SOURCE, this.#accounts, account, signal);
  }

  /** Tells of changes of what was read, until the signal fires. */
  async follow(changed: (source: ChangedSource) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const following = { changed, signal };
    this.#following = following;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (this.#following === following) this.#following = undefined;
  }

  async #read<T>(
    source: FollowedSource<T>,
    followers: Followers<T>,
    object: SourceName,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const key = `${object.namespace}/${object.name}`;
    const follower = followers.get(key);
    if (follower !== undefined) return (await follower.read(signal)).data;
    const following = this.#following;
    if (following === undefined) {
      return (await readSource(this.#context, source, object, signal)).data;
    }
    const begun = new SourceFollower(this.#context, {
      source,
      object,
      mayWatch: this.#secrets.size + this.#accounts.size < MAX_WATCHES,
      changed: () => following.changed({ kind: source.kind, ...object }),
    });
    followers.set(key, begun);
    void begun.run(following.signal).finally(() => followers.delete(key));
    return (await begun.read(signal)).data;
  }
}

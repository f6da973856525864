import type { MemoryForge } from './memory-forge.ts';
import { createHash } from 'node:crypto';
import { createSigningKeys } from '../../src/adapters/signing/open-signer.ts';
import { cronTimes } from '../../src/adapters/time/cron-times.ts';
import type { CloudLogins } from '../../src/ports/cloud.ts';
import type { GitLogins } from '../../src/ports/git-login.ts';
import { AppError } from '../../src/domain/errors.ts';
import type { ImageConfig, ImageManifest } from '../../src/domain/image/image-manifest.ts';
import { repositoryKey } from '../../src/domain/image-reference.ts';
import type { AttachedSignatures } from '../../src/domain/signature/attached-signature.ts';
import type { SignatureRequirement } from '../../src/domain/signature/signature-requirement.ts';
import type { SignatureVerdict } from '../../src/domain/signature/signature-verdict.ts';
import type { FileContent, FileDifference, FileEntry, FileSource } from '../../src/ports/files.ts';
import type { CheckoutHistory, FileChange, LoggedCommit } from '../../src/ports/history.ts';
import type {
  Checkout,
  Clock,
  CommitRequest,
  FileWrite,
  GitAccess,
  GitBranch,
  Ports,
  PushRequest,
  PushResult,
  Secrets,
  StateFiles,
} from '../../src/ports/ports.ts';
import type { Registry, RegistryAccess, ToldImage } from '../../src/ports/registry.ts';
import type { SignatureVerifier } from '../../src/ports/signature.ts';

/** A signal that never fires. */
export const never: AbortSignal = new AbortController().signal;

/** A file's content: text, bytes, or a symbolic link. */
export type Content = string | Uint8Array | { readonly link: string };

/** Files by path. */
export type Files = Readonly<Record<string, Content>>;

function bytesOf(content: Content): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return new TextEncoder().encode(typeof content === 'string' ? content : content.link);
}

function blobId(content: Content): string {
  return createHash('sha1').update(bytesOf(content)).digest('hex');
}

/** How a set of files was used. */
export interface Usage {
  lists: number;
  /** Paths in the order of reading. */
  readonly reads: string[];
}

/** A set of files that counts its use. */
export class MemoryFiles implements FileSource {
  readonly usage: Usage;
  readonly #files: () => Files;
  readonly #withIds: boolean;

  /** @param files asked for at each use, so that tests may change them */
  constructor(files: () => Files, withIds: boolean, usage: Usage = { lists: 0, reads: [] }) {
    this.#files = files;
    this.#withIds = withIds;
    this.usage = usage;
  }

  async list(): Promise<readonly FileEntry[]> {
    this.usage.lists += 1;
    const entries = entriesOf(this.#files());
    return this.#withIds ? entries : entries.map(({ path, kind }) => ({ path, kind }));
  }

  /** Only of a branch. */
  since?: (commit: string) => Promise<readonly FileDifference[] | undefined>;

  async *read(entries: readonly FileEntry[], maxBytes: number): AsyncIterable<FileContent> {
    for (const entry of entries) {
      this.usage.reads.push(entry.path);
      const content = this.#files()[entry.path];
      if (content === undefined) throw new AppError('file/unreadable', `${entry.path} is gone`);
      const bytes = bytesOf(content);
      yield { entry, bytes: bytes.length > maxBytes ? undefined : bytes };
    }
  }
}

function entriesOf(files: Files): readonly FileEntry[] {
  return Object.entries(files)
    .map(([path, content]): FileEntry => ({
      path,
      id: blobId(content),
      size: bytesOf(content).length,
      kind: typeof content === 'string' || content instanceof Uint8Array ? 'file' : 'symlink',
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Files with some of them replaced. */
function written(files: Files, writes: readonly FileWrite[]): Files {
  const changed = writes.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]);
  return { ...files, ...Object.fromEntries(changed) };
}

/** A local folder. */
export class MemoryCheckout extends MemoryFiles implements Checkout {
  files: Files;
  readonly commits: Omit<CommitRequest, 'parent'>[] = [];
  writes = 0;

  readonly #past: MemoryBranch | undefined;

  /** @param past what is committed; without it, this is a plain folder */
  constructor(files: Files, past?: MemoryBranch) {
    super(() => this.files, false);
    this.files = files;
    this.#past = past;
  }

  async history(): Promise<CheckoutHistory | string> {
    const past = this.#past;
    if (past === undefined) return 'it is not in a Git work tree';
    const head = await past.head();
    return {
      head,
      log: (from, maxCommits) => past.log(from, maxCommits),
      changes: (commits) => past.changes(commits),
      files: (commit) => past.files(commit),
      uncommitted: async (paths) => {
        const ids = new Map((await past.files(head).list()).map(({ path, id }) => [path, id]));
        const isChanged = (path: string) => {
          const content = this.files[path];
          return content === undefined || blobId(content) !== ids.get(path);
        };
        return paths.filter(isChanged).map((path) => ({ path, before: ids.get(path) }));
      },
    };
  }

  async write(files: readonly FileWrite[]): Promise<void> {
    this.writes += 1;
    this.files = written(this.files, files);
  }

  async commit(request: Omit<CommitRequest, 'parent'>): Promise<string> {
    this.commits.push(request);
    this.files = written(this.files, request.files);
    return `commit-${this.commits.length}`;
  }
}

/** A remote branch. Commits are `c0` (the files at the start), `c1`, … */
export class MemoryBranch implements GitBranch {
  readonly description = 'main of memory';
  /** As it was opened by. */
  name = 'main';
  readonly usage: Usage = { lists: 0, reads: [] };
  readonly requests: CommitRequest[] = [];
  readonly pushes: PushRequest[] = [];
  /** Heads of other branches of the repo. */
  readonly others = new Map<string, string>();
  heads = 0;
  closed = 0;
  /** Fails the next calls of `head`. */
  failures: AppError[] = [];
  /** Runs before each push, as another writer would. */
  beforePush: (branch: MemoryBranch) => void = () => undefined;
  readonly #commits = new Map<string, { readonly files: Files; readonly info: LoggedCommit }>();
  #made = 0;
  #head: string;

  constructor(files: Files) {
    this.#head = this.#add(files, {});
  }

  /** The files at the head. */
  get current(): Files {
    return this.#filesOf(this.#head);
  }

  /** Someone else pushes. */
  commitByOther(files: Files, info: Partial<LoggedCommit> = {}): void {
    this.#head = this.#add({ ...this.current, ...files }, { parents: [this.#head], ...info });
  }

  /** Someone else pushes to another branch. */
  commitElsewhere(name: string, files: Files): void {
    const parent = this.others.get(name) ?? this.#head;
    this.others.set(name, this.#add({ ...this.#filesOf(parent), ...files }, { parents: [parent] }));
  }

  async head(_signal?: AbortSignal): Promise<string> {
    this.heads += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return this.#head;
  }

  async branchHeads(branches: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map([...this.others].filter(([name]) => branches.includes(name)));
  }

  files(commit: string): MemoryFiles {
    const source = new MemoryFiles(() => this.#filesOf(commit), true, this.usage);
    source.since = async (before) => {
      if (!this.#commits.has(before)) return undefined;
      const now = new Map(entriesOf(this.#filesOf(commit)).map((entry) => [entry.path, entry]));
      const changes = await this.changes({ before, after: commit });
      return changes.map(({ path }) => ({ path, entry: now.get(path) }));
    };
    return source;
  }

  /** Forgets a commit, as tidying up does. */
  forget(commit: string): void {
    this.#commits.delete(commit);
  }

  async *log(from: string, maxCommits: number): AsyncGenerator<LoggedCommit> {
    let next: string | undefined = from;
    for (let given = 0; given < maxCommits && next !== undefined; given += 1) {
      const info: LoggedCommit | undefined = this.#commits.get(next)?.info;
      if (info === undefined) return;
      yield info;
      next = info.parents[0];
    }
  }

  async changes(commits: {
    readonly before: string;
    readonly after: string;
  }): Promise<readonly FileChange[]> {
    const idsOf = (commit: string) =>
      new Map(entriesOf(this.#filesOf(commit)).map(({ path, id }) => [path, id]));
    const [before, after] = [idsOf(commits.before), idsOf(commits.after)];
    return [...new Set([...before.keys(), ...after.keys()])]
      .toSorted()
      .map((path) => ({ path, before: before.get(path), after: after.get(path) }))
      .filter((change) => change.before !== change.after);
  }

  async commit(request: CommitRequest): Promise<string> {
    this.requests.push(request);
    const { parent, author, time, message } = request;
    const files = written(this.#filesOf(parent), request.files);
    return this.#add(files, { parents: [parent], author, committer: author, time, message });
  }

  async push(request: PushRequest): Promise<PushResult> {
    this.beforePush(this);
    this.pushes.push(request);
    const { commit, parent, target } = request;
    if (target === undefined) {
      if (parent !== this.#head) return MOVED;
      this.#head = commit;
    } else if ('branch' in target) {
      if (this.others.get(target.branch) !== target.expected) return MOVED;
      this.others.set(target.branch, commit);
    } else if (target.ref === `refs/heads/${this.name}`) this.#head = commit;
    else this.others.set(target.ref, commit);
    return { kind: 'pushed' };
  }

  async deleteBranch(branch: {
    readonly name: string;
    readonly expected: string;
  }): Promise<PushResult> {
    if (this.others.get(branch.name) !== branch.expected) return MOVED;
    this.others.delete(branch.name);
    return { kind: 'pushed' };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  #filesOf(commit: string): Files {
    return this.#commits.get(commit)?.files ?? {};
  }

  #add(files: Files, info: Partial<LoggedCommit>): string {
    const id = `c${this.#made}`;
    this.#made += 1;
    const person = { name: 'Human', email: 'human@example.com' };
    const base = { parents: [], author: person, committer: person, time: new Date(0), message: '' };
    this.#commits.set(id, { files, info: { ...base, ...info, id } });
    return id;
  }
}

const MOVED = { kind: 'rejected', reason: 'the branch moved' } as const;

/** What a registry answers, by `host/path`: tags with or without digests, or a failure. */
export type Repositories = Record<
  string,
  readonly string[] | Readonly<Record<string, string>> | AppError
>;

/**
 * A registry that notes each call as `list NAME`, `digest NAME:TAG`, `manifest NAME:TAG`,
 * `manifest NAME@DIGEST` or `config DIGEST`.
 */
export class MemoryRegistry implements Registry {
  readonly calls: string[] = [];
  readonly access: RegistryAccess[] = [];
  /** Manifests by digest; a tag leads to them by its digest. */
  readonly manifests = new Map<string, ImageManifest>();
  readonly configs = new Map<string, ImageConfig>();
  repositories: Repositories;
  /** What lists tell on their own, by tag. */
  told: ReadonlyMap<string, ToldImage> = new Map();
  /** What is attached to every image. */
  attached: AttachedSignatures = { signatures: [], isPartial: false };

  constructor(repositories: Repositories) {
    this.repositories = repositories;
  }

  async listTags(...[repository, access]: Parameters<Registry['listTags']>) {
    const name = repositoryKey(repository);
    this.calls.push(`list ${name}`);
    this.access.push(access);
    const answer = this.#answer(name);
    const tags = Array.isArray(answer) ? (answer as readonly string[]) : Object.keys(answer);
    return { tags, told: this.told };
  }

  async digest(...[repository, tag, access]: Parameters<Registry['digest']>) {
    const name = repositoryKey(repository);
    this.calls.push(`digest ${name}:${tag}`);
    this.access.push(access);
    const answer = this.#answer(name);
    return Array.isArray(answer) ? undefined : (answer as Record<string, string>)[tag];
  }

  async signatures(...[repository, digest, access]: Parameters<Registry['signatures']>) {
    this.calls.push(`signatures ${repositoryKey(repository)}@${digest}`);
    this.access.push(access);
    return this.attached;
  }

  async manifest(...[repository, reference]: Parameters<Registry['manifest']>) {
    const name = repositoryKey(repository);
    const isDigest = reference.startsWith('sha256:');
    this.calls.push(`manifest ${name}${isDigest ? '@' : ':'}${reference}`);
    const answer = this.#answer(name);
    if (isDigest) return this.manifests.get(reference);
    const digest = Array.isArray(answer)
      ? undefined
      : (answer as Record<string, string>)[reference];
    return digest === undefined ? undefined : this.manifests.get(digest);
  }

  async imageConfig(...[, digest]: Parameters<Registry['imageConfig']>) {
    this.calls.push(`config ${digest}`);
    const config = this.configs.get(digest);
    if (config === undefined) throw new AppError('registry/bad-response', `no config ${digest}`);
    return config;
  }

  #answer(name: string): Exclude<Repositories[string], AppError> {
    const answer = this.repositories[name];
    if (answer === undefined) throw new AppError('registry/not-found', `there is no ${name}`);
    if (answer instanceof AppError) throw answer;
    return answer;
  }
}

/** A verifier that gives the verdict of each digest; without one it is refused. */
export class MemoryVerifier implements SignatureVerifier {
  readonly calls: { readonly digest: string; readonly requirement: SignatureRequirement }[] = [];
  verdicts: Record<string, SignatureVerdict | AppError> = {};

  async verify(
    ...[digest, , requirement]: Parameters<SignatureVerifier['verify']>
  ): Promise<SignatureVerdict> {
    this.calls.push({ digest, requirement });
    const verdict = this.verdicts[digest] ?? { kind: 'refused', reason: 'has no signature' };
    if (verdict instanceof AppError) throw verdict;
    return verdict;
  }
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number;
  readonly #waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  /** How long each sleep was asked for. */
  readonly sleeps: number[] = [];
  readonly #auto: boolean;

  /** @param auto sleeping takes no time to wait for: the clock jumps ahead by itself */
  constructor(start = '2026-06-01T12:00:00Z', { auto = false } = {}) {
    this.#now = Date.parse(start);
    this.#auto = auto;
  }

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    if (signal.aborted) throw new AppError('cancelled', 'stopped while waiting');
    if (this.#auto) {
      this.#now += ms;
      return;
    }
    await new Promise<void>((wake, fail) => {
      const stop = () => {
        this.#waiting.delete(waiter);
        fail(new AppError('cancelled', 'stopped while waiting'));
      };
      const waiter = {
        at: this.#now + ms,
        wake: () => {
          signal.removeEventListener('abort', stop);
          wake();
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Lets time pass; sleepers wake in order, each at its own time, and what they do is awaited. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const [next] = [...this.#waiting].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}

/** Resolves when all that needs no timer and no outside world has been done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((done) => setImmediate(done));
}

/** Secrets by `namespace/name`. */
export function memorySecrets(
  secrets: Record<string, Record<string, string>> = {},
  /** Pull Secrets of ServiceAccounts, by `namespace/name`. */
  accounts: Record<string, readonly string[]> = {},
): Secrets {
  return {
    get: async (namespace, name) => secrets[`${namespace}/${name}`],
    pullSecrets: async (namespace, name) => accounts[`${namespace}/${name}`],
  };
}

/** No cloud gives a login. */
export const noClouds: CloudLogins = {
  login: async () => {
    throw new AppError('registry/unauthorized', 'there is no cloud here');
  },
};

/** No provider gives a login for Git. */
export const noGitLogins: GitLogins = {
  login: async () => {
    throw new AppError('git/unauthorized', 'there is no provider here');
  },
};

/** State in a map, as JSON. */
export class MemoryState implements StateFiles {
  readonly documents = new Map<string, string>();

  async load(name: string): Promise<unknown> {
    const text = this.documents.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async save(name: string, value: unknown): Promise<void> {
    this.documents.set(name, JSON.stringify(value));
  }
}

/** What a test's world holds. */
export interface World {
  readonly repositories?: Repositories;
  readonly secrets?: Record<string, Record<string, string>>;
  readonly checkout?: MemoryCheckout;
  /** Configuration folders by path. */
  readonly folders?: Readonly<Record<string, Files>>;
  readonly branch?: MemoryBranch;
  readonly forge?: MemoryForge;
  readonly clock?: FakeClock;
}

/** All ports over memory, and a note of each branch that was opened. */
export interface MemoryPorts extends Ports {
  readonly registry: MemoryRegistry;
  readonly signatures: MemoryVerifier;
  readonly clock: FakeClock;
  readonly state: MemoryState;
  readonly records: MemoryState;
  readonly opened: GitAccess[];
}

/** Ports over memory. */
export function memoryPorts(world: World = {}): MemoryPorts {
  const opened: GitAccess[] = [];
  const missing = (what: string) => new AppError('usage', `there is no ${what}`);
  return {
    registry: new MemoryRegistry(world.repositories ?? {}),
    signatures: new MemoryVerifier(),
    secrets: memorySecrets(world.secrets),
    clouds: noClouds,
    gitLogins: noGitLogins,
    clock: world.clock ?? new FakeClock(),
    cron: cronTimes,
    state: new MemoryState(),
    records: new MemoryState(),
    signing: createSigningKeys(),
    random: () => 0.5,
    opened,
    open: {
      checkout: async (dir) => {
        if (world.checkout === undefined) throw missing(dir);
        return world.checkout;
      },
      folder: async (path) => {
        const files = world.folders?.[path];
        if (files === undefined) throw missing(path);
        return new MemoryFiles(() => world.folders?.[path] ?? {}, false);
      },
      branch: async (access) => {
        opened.push(access);
        if (world.branch === undefined) throw new AppError('git/not-found', 'there is no repo');
        world.branch.name = access.branch;
        return world.branch;
      },
      forge: async () => {
        if (world.forge === undefined) throw missing('forge');
        return world.forge;
      },
      commits: async () => {
        throw missing('forge that makes commits');
      },
    },
  };
}

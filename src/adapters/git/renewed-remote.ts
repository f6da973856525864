import { AppError, type ErrorCode } from '../../domain/errors.ts';
import type { PushResult } from '../../ports/ports.ts';
import type { GitLogin } from '../../ports/git-login.ts';
import type { ModedWrite, RefMove, RemoteStore, WantedBlobs, WantedCommit } from './engine.ts';
import type { TreeDifference, TreeEntry } from './tree.ts';

/** Where a remote's logins come from, and what takes them. */
export interface RenewedLogin {
  /** Whose it is, for messages. */
  readonly owner: string;
  /** The login of now; another than `refused`, which the server has just refused. */
  readonly login: (signal: AbortSignal, refused?: GitLogin) => Promise<GitLogin>;
  /** The store behind the remote; without a login for what is done in the store alone. */
  readonly connect: (login?: GitLogin) => RemoteStore;
}

interface Connection {
  readonly login: GitLogin;
  readonly store: RemoteStore;
}

/**
 * A remote whose logins end while it is open. Each step that contacts it is taken with the login of then; where that is
 * refused, once more with a new one, for it may have been taken back before its end, or been given before a right was.
 */
export class RenewedRemote implements RemoteStore {
  readonly #owner: string;
  readonly #login: RenewedLogin['login'];
  readonly #connect: RenewedLogin['connect'];
  /** For what needs no contact. */
  readonly #local: RemoteStore;
  #current: Connection | undefined;

  constructor({ owner, login, connect }: RenewedLogin) {
    this.#owner = owner;
    this.#login = login;
    this.#connect = connect;
    this.#local = connect();
  }

  heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#contact(signal, (remote) => remote.heads(refs, signal));
  }

  obtain(wanted: WantedCommit, signal: AbortSignal): Promise<void> {
    return this.#contact(signal, (remote) => remote.obtain(wanted, signal));
  }

  obtainBlobs(wanted: WantedBlobs, signal: AbortSignal): Promise<void> {
    return this.#contact(signal, (remote) => remote.obtainBlobs(wanted, signal));
  }

  obtainHistory(commit: string, depth: number, signal: AbortSignal): Promise<void> {
    return this.#contact(signal, (remote) => remote.obtainHistory(commit, depth, signal));
  }

  push(move: RefMove, signal: AbortSignal): Promise<PushResult> {
    return this.#contact(signal, (remote) => remote.push(move, signal));
  }

  renew(signal: AbortSignal): Promise<void> {
    return this.#local.renew(signal);
  }

  list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    return this.#local.list(commit, signal);
  }

  find(
    commit: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly TreeEntry[]> {
    return this.#local.find(commit, paths, signal);
  }

  readCommit(id: string, signal: AbortSignal): Promise<Buffer | undefined> {
    return this.#local.readCommit(id, signal);
  }

  diff(before: string, after: string, signal: AbortSignal): Promise<readonly TreeDifference[]> {
    return this.#local.diff(before, after, signal);
  }

  readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
    return this.#local.readBlobs(blobs, maxBytes, signal);
  }

  writeTree(
    change: { readonly parent: string; readonly files: readonly ModedWrite[] },
    signal: AbortSignal,
  ): Promise<string> {
    return this.#local.writeTree(change, signal);
  }

  writeCommit(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    return this.#local.writeCommit(bytes, signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#local.close(), this.#current?.store.close()]);
  }

  async #contact<T>(signal: AbortSignal, step: (remote: RemoteStore) => Promise<T>): Promise<T> {
    const first = await this.#connection(signal);
    try {
      return await step(first.store);
    } catch (error) {
      if (!isRefusal(error, 'git/unauthorized')) throw this.#told(error);
    }
    const { store } = await this.#connection(signal, first.login);
    try {
      return await step(store);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** Nobody has written this login down, so it is said whose it is. A repo that a login may not see is not there. */
  #told(error: unknown): unknown {
    const isRefused = isRefusal(error, 'git/unauthorized') || isRefusal(error, 'git/not-found');
    if (!isRefused) return error;
    const text = `${error.message}; the login is that of ${this.#owner}: see that it may reach the repo`;
    return new AppError(error.code, text, { cause: error });
  }

  async #connection(signal: AbortSignal, refused?: GitLogin): Promise<Connection> {
    const login = await this.#login(signal, refused);
    const before = this.#current;
    if (before?.login === login) return before;
    this.#current = { login, store: this.#connect(login) };
    await before?.store.close();
    return this.#current;
  }
}

function isRefusal(error: unknown, code: ErrorCode): error is AppError {
  return error instanceof AppError && error.code === code && !error.retry;
}

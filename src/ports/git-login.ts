/** Logins for Git that end after a while, as a port. As for all ports, calls reject with `AppError`. */
import type { ClientCertificate, Login } from '../domain/access.ts';
import type { GitProvider } from '../domain/git-provider.ts';
import type { Proxy } from '../domain/proxy.ts';

/** What a Git server, and the API of its forge, is shown; in the form in which `GitAccess` has it. */
export type GitLogin = { readonly basic: Login } | { readonly bearerToken: string };

/** Whom to ask for a login, and how to reach it. */
export interface GitLoginRequest {
  readonly provider: GitProvider;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string | undefined;
  /** Shown to the provider. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Where it is not the one of the environment. */
  readonly proxy?: Proxy | undefined;
}

/** Logins that a provider gives out for a while. They are kept and renewed behind this port. */
export interface GitLogins {
  /**
   * A login that is good for some minutes at least.
   * @param refused one that a server has just refused: another is asked for, unless that was done already
   * @throws AppError `git/unauthorized` where the provider gives none, `secret/invalid` for a key that cannot be
   * used, `git/unreachable`
   */
  login(request: GitLoginRequest, signal: AbortSignal, refused?: GitLogin): Promise<GitLogin>;
}

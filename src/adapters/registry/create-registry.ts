import type { Repository } from '../../domain/image-reference.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Registry, RegistryAccess } from '../../ports/registry.ts';
import { createAuthorizer } from './authorizer.ts';
import type { Call } from './call.ts';
import { contentFetcher } from './content.ts';
import { type Credentials, secretTexts } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import { readDigest } from './digest.ts';
import { repositoryUrl } from './endpoint.ts';
import { createEntraExchange } from './entra-exchange.ts';
import { type ProcessWay, STRAIGHT } from '../../connections/process-way.ts';
import { findCredentials } from './find-credentials.ts';
import type { OnRegistryEvent } from './events.ts';
import { type HostProfile, profileOf as knownProfileOf } from './known-registries.ts';
import { readSignatures } from './signatures.ts';
import { createTagLists } from './tag-list.ts';
import { readImageConfig, readManifest } from './manifest.ts';
import { createTransport } from './transport.ts';

/** What a registry client is made of. */
export interface RegistryOptions {
  readonly clock: Clock;
  /** In [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number;
  /** `User-Agent` of all requests. Default `lockkeeper`. */
  readonly userAgent?: string;
  /** Folder of Docker's `config.json`, for access without credentials of its own; absent to look nowhere. */
  readonly dockerConfigDir?: string;
  /** How each host is treated; default: what is known of it. */
  readonly profileOf?: (host: string) => HostProfile;
  /** Told of requests and of what registries say besides, for metrics and logs. */
  readonly onEvent?: OnRegistryEvent;
  /** The process's way to registries. Default: straight. */
  readonly way?: ProcessWay;
}

/** A registry client that holds connections until it is closed. */
export interface ClosableRegistry extends Registry {
  /** Ends all connections; calls under way fail. */
  close(): Promise<void>;
}

/**
 * The `Registry` port over HTTP (OCI distribution-spec 1.1). Keep one per process: it remembers tokens,
 * connections, and how much each host may be asked.
 */
export function createRegistry(options: RegistryOptions): ClosableRegistry {
  const { clock, dockerConfigDir, profileOf = knownProfileOf } = options;
  const transport = createTransport({
    clock,
    random: options.random ?? Math.random,
    userAgent: options.userAgent ?? 'lockkeeper',
    profileOf,
    onEvent: options.onEvent ?? (() => undefined),
    way: options.way ?? STRAIGHT,
  });
  const authorizer = createAuthorizer(transport, { clock, profileOf });
  const entra = createEntraExchange(transport, clock);
  const fetcher = (call: Call) => contentFetcher(authorizer, call, clock);
  const readTags = createTagLists(authorizer, { clock, profileOf });

  function inCall<T>(
    target: { readonly repository: Repository; readonly access: RegistryAccess },
    signal: AbortSignal,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    const { repository, access } = target;
    const name = `${repository.registry}/${repository.path}`;
    const base = repositoryUrl(repository, access.insecure);
    return withDeadline({ timeoutMs: access.timeoutMs, signal, clock }, async (deadline) => {
      if (deadline.signal.aborted) throw deadline.error(name);
      const found = await findCredentials(repository, access, { dockerConfigDir, deadline });
      const { path } = repository;
      const secrets = new Set<string>();
      const callAs = (credentials: Credentials): Call => {
        for (const text of secretTexts(credentials)) if (text !== '') secrets.add(text);
        return { name, path, base, access, credentials, deadline, secrets };
      };
      const { entraToken } = access;
      if (entraToken === undefined) return work(callAs(found));
      secrets.add(entraToken);
      return work(callAs(await entra.credentials(entraToken, callAs(found))));
    });
  }

  return {
    listTags: (repository, access, signal) => inCall({ repository, access }, signal, readTags),
    digest: (repository, tag, access, signal) =>
      inCall({ repository, access }, signal, (call) => readDigest(authorizer, tag, call, clock)),
    signatures: (repository, digest, access, signal) =>
      inCall({ repository, access }, signal, (call) => readSignatures(digest, call, fetcher(call))),
    manifest: (repository, reference, access, signal) =>
      inCall({ repository, access }, signal, (call) =>
        readManifest(reference, call, fetcher(call)),
      ),
    imageConfig: (repository, digest, access, signal) =>
      inCall({ repository, access }, signal, (call) =>
        readImageConfig(digest, call, fetcher(call)),
      ),
    close: () => transport.close(),
  };
}

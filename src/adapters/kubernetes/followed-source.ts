import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import { SECRETS, SERVICE_ACCOUNTS, type Resource } from './resource.ts';

/** Which object. */
export interface SourceName {
  readonly namespace: string;
  readonly name: string;
}

/** An object at one moment. Without version: there is none. */
export interface SourceState<T> {
  /** The same version, the same data. */
  readonly version: string | undefined;
  readonly data: T | undefined;
}

/** A kind of object that logins come from, read by name and followed while it is in use. */
export interface FollowedSource<T> {
  readonly kind: 'Secret' | 'ServiceAccount';
  readonly resource: Resource;
  /** @throws AppError `cluster/invalid` when it is none; the cause is dropped, for it would quote values */
  readonly stateOf: (body: unknown) => SourceState<T>;
}

/** There is no such object. */
export const NO_OBJECT = { version: undefined, data: undefined } as const;

const Secret = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/** Secrets: decoded values by key. */
export const SECRET_SOURCE: FollowedSource<Readonly<Record<string, string>>> = {
  kind: 'Secret',
  resource: SECRETS,
  stateOf(body) {
    const secret = Secret.safeParse(body).data;
    if (secret === undefined) throw invalid('Secret');
    const decoded = Object.entries(secret.data ?? {}).map(
      ([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')] as const,
    );
    const { uid, resourceVersion } = secret.metadata;
    return { version: `${uid}/${resourceVersion}`, data: Object.fromEntries(decoded) };
  },
};

const ServiceAccount = z.object({
  metadata: z.object({ uid: z.string() }),
  imagePullSecrets: z.array(z.object({ name: z.string().nullish() })).nullish(),
});

/** ServiceAccounts: names of their image pull Secrets. Whatever else changes in one is no change here. */
export const PULL_SECRETS_SOURCE: FollowedSource<readonly string[]> = {
  kind: 'ServiceAccount',
  resource: SERVICE_ACCOUNTS,
  stateOf(body) {
    const account = ServiceAccount.safeParse(body).data;
    if (account === undefined) throw invalid('ServiceAccount');
    const names = (account.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
    return { version: JSON.stringify(names), data: names };
  },
};

/** Reads one object by its name. */
export async function readSource<T>(
  { client, timing }: ClusterContext,
  { resource, stateOf }: FollowedSource<T>,
  { namespace, name }: SourceName,
  signal: AbortSignal,
): Promise<SourceState<T>> {
  const request = { verb: 'get', resource, namespace, name } as const;
  const limits = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status, body } = await client.call(request, limits);
  return status === 404 ? NO_OBJECT : stateOf(body);
}

function invalid(kind: string): AppError {
  const text = `the API server answered with something that is no ${kind}`;
  return new AppError('cluster/invalid', text, { retry: true });
}

import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import { SECRETS } from './resource.ts';

const Secret = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/** Which Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** A Secret at one moment. Without version: there is none. */
export interface SecretState {
  readonly version: string | undefined;
  readonly data: Readonly<Record<string, string>> | undefined;
}

/** There is no such Secret. */
export const NO_SECRET: SecretState = { version: undefined, data: undefined };

/** Reads one Secret by its name. */
export async function readSecret(
  { client, timing }: ClusterContext,
  { namespace, name }: SecretName,
  signal: AbortSignal,
): Promise<SecretState> {
  const request = { verb: 'get', resource: SECRETS, namespace, name } as const;
  const limits = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status, body } = await client.call(request, limits);
  return status === 404 ? NO_SECRET : secretState(body);
}

/** @throws AppError `cluster/invalid` when it is no Secret; the cause is dropped, for it would quote values */
export function secretState(body: unknown): SecretState {
  const secret = Secret.safeParse(body).data;
  if (secret === undefined) {
    const text = 'the API server answered with something that is no Secret';
    throw new AppError('cluster/invalid', text, { retry: true });
  }
  const decoded = Object.entries(secret.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')] as const,
  );
  const { uid, resourceVersion } = secret.metadata;
  return { version: `${uid}/${resourceVersion}`, data: Object.fromEntries(decoded) };
}

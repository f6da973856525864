import { AppError } from '../../domain/errors.ts';
import type { Secrets } from '../../ports/ports.ts';

/** A Secret that must be there. @throws AppError `secret/not-found` */
export async function requiredSecret(
  secrets: Secrets,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const secret = await secrets.get(namespace, name, signal);
  if (secret !== undefined) return secret;
  throw new AppError('secret/not-found', `there is no Secret ${namespace}/${name}`);
}

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

/** The certificates to trust that a Secret holds. @throws AppError `secret/invalid` */
export function caOf(secret: Readonly<Record<string, string>>, name: string): string {
  if (secret['tls.crt'] !== undefined) {
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has a client certificate (tls.crt): not supported yet; name a Secret with ca.crt alone`,
    );
  }
  const ca = secret['ca.crt'];
  if (ca === undefined) throw new AppError('secret/invalid', `Secret ${name} has no ca.crt`);
  return ca;
}

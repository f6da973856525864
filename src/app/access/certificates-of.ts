import { AppError } from '../../domain/errors.ts';
import type { ClientCertificate } from '../../domain/access.ts';

/** What a Secret of certificates says about TLS. */
export interface Certificates {
  /** PEM certificates to trust. */
  readonly ca?: string;
  readonly clientCertificate?: ClientCertificate;
}

/**
 * The certificates that a Secret holds: `ca.crt` to trust, `tls.crt` with `tls.key` to show, or both. Flux's older
 * names `caFile`, `certFile` and `keyFile` mean the same.
 * @param name of the Secret, for messages
 * @throws AppError `secret/invalid`
 */
export function certificatesOf(
  secret: Readonly<Record<string, string>>,
  name: string,
): Certificates {
  const certificates = certificatesIn(secret, name);
  if (certificates !== undefined) return certificates;
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither ca.crt, nor tls.crt and tls.key`,
  );
}

/** As {@link certificatesOf}, where a Secret may hold other things; undefined: it has no certificates. */
export function certificatesIn(
  secret: Readonly<Record<string, string>>,
  name: string,
): Certificates | undefined {
  const ca = secret['ca.crt'] ?? secret['caFile'];
  const certificate = secret['tls.crt'] ?? secret['certFile'];
  const key = secret['tls.key'] ?? secret['keyFile'];
  const trust = ca === undefined ? {} : { ca };
  if (certificate !== undefined && key !== undefined) {
    return { ...trust, clientCertificate: { certificate, key } };
  }
  if (certificate !== undefined || key !== undefined) {
    const [held, lacking] = key === undefined ? ['tls.crt', 'tls.key'] : ['tls.key', 'tls.crt'];
    throw new AppError('secret/invalid', `Secret ${name} has a ${held}, but no ${lacking}`);
  }
  return ca === undefined ? undefined : trust;
}

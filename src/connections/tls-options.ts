import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { AppError } from '../domain/errors.ts';
import type { ClientCertificate } from '../domain/access.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Whom to trust besides the usual ones, and what to show. */
export interface TlsChoice {
  /** PEM files of certificates, where there are any: the process's, and a resource's. */
  readonly cas: readonly (string | undefined)[];
  readonly clientCertificate: ClientCertificate | undefined;
}

/** As Node's `tls.connect` takes it. All are PEM. */
export interface TlsOptions {
  /** Every certificate that is trusted; absent: the usual ones. */
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

/** @throws AppError `secret/invalid` for what is no PEM, or a key that does not belong to its certificate */
export function tlsOptions({ cas, clientCertificate }: TlsChoice): TlsOptions {
  const own = cas.filter((pem) => pem !== undefined).flatMap(parseCa);
  return {
    ...(own.length === 0 ? {} : { ca: [...usualCertificates(), ...own] }),
    ...(clientCertificate === undefined ? {} : checkedPair(clientCertificate)),
  };
}

/** What Node trusts by itself. Newer Nodes tell; on Node 20, NODE_EXTRA_CA_CERTS is not among it. */
function usualCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: () => readonly string[] };
  return getCACertificates?.() ?? tls.rootCertificates;
}

/** TLS would pass over what it cannot read, and fail later with a riddle. */
function parseCa(pem: string): readonly string[] {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    throw new AppError('secret/invalid', 'the CA is not a PEM file of certificates');
  return certificates;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** OpenSSL's own error is dropped: whatever it says of a key is too much. */
function checkedPair({ certificate: cert, key }: ClientCertificate): TlsOptions {
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch {
    // As good as no pair.
  }
  throw new AppError(
    'secret/invalid',
    'the client certificate (tls.crt) and its key (tls.key) are no pair of PEM files; the key must not be encrypted',
  );
}

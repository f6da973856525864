import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { Agent } from 'undici';
import { AppError } from '../../domain/errors.ts';

/** Connections per host and CA: enough for many policies, few enough for Docker Hub's abuse limits. */
const CONNECTIONS_PER_HOST = 6;
const CONNECT_TIMEOUT_MS = 10_000;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Connection pools, one per set of trusted CAs, kept until closed. */
export interface Agents {
  /**
   * @param hostCa PEM certificates trusted besides those and the usual ones
   * @throws AppError `secret/invalid` when it holds something else
   */
  get(hostCa: string | undefined): Agent;
  /** Ends all connections, idle and busy. */
  close(): Promise<void>;
}

/**
 * Pools of this client alone; undici's global dispatcher stays untouched.
 * @param ca PEM certificates trusted for all hosts besides the usual ones
 */
export function createAgents(ca: string | undefined): Agents {
  const agents = new Map<string, Agent>();
  return {
    get(hostCa) {
      const extra = [ca, hostCa].filter((pem) => pem !== undefined);
      const key = extra.join('\n');
      const known = agents.get(key);
      if (known !== undefined) return known;
      const agent = new Agent({
        connections: CONNECTIONS_PER_HOST,
        // The call's deadline bounds the whole; undici's own bounds would only add a second truth.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: {
          timeout: CONNECT_TIMEOUT_MS,
          ...(extra.length === 0
            ? {}
            : { ca: [...usualCertificates(), ...extra.flatMap(parseCertificates)] }),
        },
      });
      agents.set(key, agent);
      return agent;
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

/** What Node trusts by itself. Newer Nodes tell; on Node 20, NODE_EXTRA_CA_CERTS is not among it. */
function usualCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: () => readonly string[] };
  return getCACertificates?.() ?? tls.rootCertificates;
}

/** TLS would pass over what it cannot read, and fail later with a riddle. */
function parseCertificates(pem: string): readonly string[] {
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

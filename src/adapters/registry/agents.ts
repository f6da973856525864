import type { Dispatcher } from 'undici';
import type { RegistryAccess } from '../../ports/registry.ts';
import { environmentProxy } from '../../connections/environment-proxy.ts';
import { openConnections } from '../../connections/open-connections.ts';
import type { ProcessWay } from '../../connections/process-way.ts';
import type { Connections } from '../../connections/proxy-connections.ts';
import { tlsOptions } from '../../connections/tls-options.ts';

/** Connections per host and way to it: enough for many policies, few enough for Docker Hub's abuse limits. */
const CONNECTIONS_PER_HOST = 6;

/** Ways that are kept: each certificate that is renewed is a new one. */
const MAX_AGENTS = 100;

/** One request's way. */
export interface Way {
  readonly access: Pick<RegistryAccess, 'ca' | 'clientCertificate' | 'proxy'>;
  readonly url: URL;
  /** May the host be shown who asks? Not where the registry redirected to. */
  readonly isTrusted: boolean;
}

/** Connection pools, one for each set of CAs, client certificate and proxy, kept until closed. */
export interface Agents {
  /** @throws AppError `secret/invalid` when a certificate or key is none */
  get(way: Way): Dispatcher;
  /** URL of the proxy that a request goes through, for messages. */
  proxyOf(way: Pick<Way, 'access' | 'url'>): string | undefined;
  /** Ends all connections, idle and busy. */
  close(): Promise<void>;
}

/** Pools of this client alone; undici's global dispatcher stays untouched. */
export function createAgents({ ca, proxies }: ProcessWay): Agents {
  /** The least recently used first. */
  const agents = new Map<string, Connections>();

  const proxyFor = ({ access, url }: Pick<Way, 'access' | 'url'>) =>
    access.proxy ?? environmentProxy(url, proxies);

  function create({ access, isTrusted }: Way, proxy: RegistryAccess['proxy']): Connections {
    const clientCertificate = isTrusted ? access.clientCertificate : undefined;
    const tls = tlsOptions({ cas: [ca, access.ca], clientCertificate });
    // The call's deadline bounds the whole; undici's own bounds would only add a second truth.
    const agent = { connections: CONNECTIONS_PER_HOST, headersTimeout: 0, bodyTimeout: 0 };
    return openConnections({ tls, proxy, agent });
  }

  return {
    get(way) {
      const { access, isTrusted } = way;
      const proxy = proxyFor(way);
      const key = JSON.stringify([access.ca, isTrusted && access.clientCertificate, proxy]);
      const agent = agents.get(key) ?? create(way, proxy);
      agents.delete(key);
      agents.set(key, agent);
      const [oldest] = agents;
      if (agents.size > MAX_AGENTS && oldest !== undefined) {
        agents.delete(oldest[0]);
        // Requests under way end first.
        void oldest[1].close();
      }
      return agent.dispatcher;
    },
    proxyOf: (way) => proxyFor(way)?.url,
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

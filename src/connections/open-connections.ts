import { Agent } from 'undici';
import type { Proxy } from '../domain/proxy.ts';
import { createConnector } from './connector.ts';
import { type Connections, connectionsThroughProxy } from './proxy-connections.ts';
import type { TlsOptions } from './tls-options.ts';

/** A way to servers. */
export interface ConnectionOptions {
  readonly tls: TlsOptions;
  /** Undefined: straight. */
  readonly proxy: Proxy | undefined;
  readonly agent: Omit<Agent.Options, 'connect' | 'factory'>;
}

/** Connections of their own, by one way. A proxy that speaks TLS is trusted alike, and not shown who asks. */
export function openConnections({ tls, proxy, agent }: ConnectionOptions): Connections {
  if (proxy !== undefined) {
    const { cert: _cert, key: _key, ...proxyTls } = tls;
    return connectionsThroughProxy({ proxy, agent, tls, proxyTls });
  }
  const dispatcher = new Agent({ ...agent, connect: createConnector(tls) });
  return { dispatcher, close: () => dispatcher.close(), destroy: () => dispatcher.destroy() };
}

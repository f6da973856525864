import type { Socket } from 'node:net';
import { Agent, Pool, type buildConnector, type Dispatcher } from 'undici';
import type { Proxy } from '../domain/proxy.ts';
import { createConnector, CONNECT_TIMEOUT_MS } from './connector.ts';
import { encodeBasic } from './encode-basic.ts';
import { ProxyUnreachable, TunnelRefused } from './proxy-failures.ts';
import type { TlsOptions } from './tls-options.ts';

/** What they are made of. */
export interface ProxiedOptions {
  readonly proxy: Proxy;
  readonly agent: Omit<Agent.Options, 'connect' | 'factory'>;
  /** Towards the registry. */
  readonly tls: TlsOptions;
  /** Towards the proxy, where it speaks TLS. */
  readonly proxyTls: TlsOptions;
}

/** Connections that are held until they are ended. */
export interface Connections {
  readonly dispatcher: Dispatcher;
  /** Ends them when the requests under way have ended. */
  close(): Promise<void>;
  /** Ends them now. */
  destroy(): Promise<void>;
}

/**
 * Connections through a proxy: tunnels for `https:`, and requests handed on for `http:`, because proxies often open
 * tunnels to port 443 alone. undici's own agent tells a refused tunnel by a message only.
 */
export function connectionsThroughProxy(options: ProxiedOptions): Connections {
  const { proxy, agent, tls, proxyTls } = options;
  const headers = loginHeaders(proxy);
  const connect = toProxy(createConnector(proxyTls));
  const tunnels = new Pool(proxy.url, { connect, headersTimeout: CONNECT_TIMEOUT_MS });
  const dispatcher = new Agent({
    ...agent,
    connect: tunnelConnector(tunnels, headers, createConnector(tls)),
    factory: (origin, poolOptions) =>
      new URL(origin).protocol === 'http:'
        ? new Pool(proxy.url, { ...agent, connect }).compose(handOn(headers))
        : new Pool(origin, poolOptions),
  });
  return {
    dispatcher,
    async close() {
      await dispatcher.close();
      await tunnels.close();
    },
    async destroy() {
      await dispatcher.destroy();
      await tunnels.destroy();
    },
  };
}

/** undici would take the name in the `Host` header, which is the registry's, for the proxy's certificate. */
function toProxy(connect: buildConnector.connector): buildConnector.connector {
  return ({ servername: _registry, ...options }, callback) => connect(options, callback);
}

function loginHeaders({ login }: Proxy): Record<string, string> {
  if (login === undefined) return {};
  return { 'proxy-authorization': `Basic ${encodeBasic(login)}` };
}

/** Opens tunnels, and speaks TLS with the host at their end. */
function tunnelConnector(
  proxy: Pool,
  headers: Record<string, string>,
  connect: buildConnector.connector,
): buildConnector.connector {
  const begin = async (...[options, callback]: Parameters<buildConnector.connector>) => {
    try {
      const httpSocket = await openTunnel(proxy, options, headers);
      connect({ ...options, httpSocket }, callback);
    } catch (error) {
      callback(error as Error, null);
    }
  };
  return (options, callback) => void begin(options, callback);
}

/** RFC 9110 section 9.3.6. @throws TunnelRefused, ProxyUnreachable */
async function openTunnel(
  proxy: Pool,
  { hostname, port, protocol }: buildConnector.Options,
  headers: Record<string, string>,
): Promise<Socket> {
  const path = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  let answer: Dispatcher.ConnectData;
  try {
    answer = await proxy.connect({ path, headers: { ...headers, host: path } });
  } catch (cause) {
    throw new ProxyUnreachable('no answer from the proxy', { cause });
  }
  const { statusCode, socket } = answer;
  if (statusCode === 200) return socket as Socket;
  socket.on('error', () => undefined).destroy();
  throw new TunnelRefused(statusCode);
}

/** A request for a proxy: the whole URL where the path is (RFC 9112 section 3.2.2). */
function handOn(headers: Record<string, string>): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { origin = '', path } = options;
    const own = options.headers as Record<string, string>;
    const host = new URL(origin).host;
    const url = new URL(path, origin).href;
    return dispatch({ ...options, path: url, headers: { ...own, host, ...headers } }, handler);
  };
}

import { buildConnector } from 'undici';
import type { TlsOptions } from './tls-options.ts';

export const CONNECT_TIMEOUT_MS = 10_000;

/** Opens connections with TLS as chosen. */
export function createConnector(tls: TlsOptions): buildConnector.connector {
  const connect = buildConnector({ ...tls, timeout: CONNECT_TIMEOUT_MS });
  return (options, callback) =>
    connect(options, (...result) => {
      const [error, socket] = result;
      // A server that refuses a client certificate says so only now, and then closes: undici would tell the latter.
      if (error === null) socket.once('error', () => socket.removeAllListeners('end'));
      callback(...result);
    });
}

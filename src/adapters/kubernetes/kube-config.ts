import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { AppError } from '../../domain/errors.ts';
import { quotable } from '../../domain/foreign-text.ts';

/** Name that the client library gives a configuration it made up because it found none. */
const MADE_UP_CONTEXT = 'loaded-context';

/** Idle connections are kept a while: a status is rarely written alone. */
const KEEP_ALIVE_MS = 30_000;

/** Where a cluster is. */
export interface KubeConfigSource {
  /** A kubeconfig file. Absent: `KUBECONFIG`, `~/.kube/config`, or the Pod's ServiceAccount. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig. Absent: its current one. */
  readonly context?: string;
}

/** @throws AppError `cluster/invalid` when there is no usable configuration */
export function loadKubeConfig({ kubeconfig, context }: KubeConfigSource): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const file = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    const text = `the kubeconfig ${file} cannot be read: ${quotable(String(cause), [])}`;
    throw new AppError('cluster/invalid', text, { cause });
  }
  if (context === undefined && config.getCurrentContext() === MADE_UP_CONTEXT) {
    const text = 'there is no cluster: no kubeconfig was found, and this is no Pod; set KUBECONFIG';
    throw new AppError('cluster/invalid', text);
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null || config.getCurrentUser() === null) {
    const known = config.getContexts().map(({ name }) => name);
    const text = `the kubeconfig has no context "${config.getCurrentContext()}" with a cluster and a user; it has: ${known.join(', ') || 'none'}`;
    throw new AppError('cluster/invalid', text);
  }
  return config;
}

/**
 * How to speak to the API server of a kubeconfig: TLS, proxy and credentials, which are asked for before every
 * request because tokens and client certificates rotate.
 *
 * Of the client library only its kubeconfig is used. Its request methods open a TLS connection for each
 * request, and its watch neither notices a dead connection nor tells the text of a failure.
 */
export class Connection {
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #proxy: string | undefined;
  #dispatcher: { readonly id: string; readonly agent: Dispatcher } | undefined;

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    this.#config = config;
    this.server = (cluster?.server ?? '').replace(/\/+$/, '');
    this.#proxy = cluster?.proxyUrl;
  }

  /** @throws AppError `cluster/invalid` when credentials cannot be had */
  async prepare(): Promise<{ dispatcher: Dispatcher; headers: Record<string, string> }> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (cause) {
      const text = `no credentials for the API server: ${quotable(String(cause), [])}`;
      throw new AppError('cluster/invalid', text, { cause, retry: true });
    }
    const headers = Object.entries(options.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), String(value).trim()] as const,
    );
    if (typeof options.auth === 'string') {
      const basic = Buffer.from(options.auth).toString('base64');
      headers.push(['authorization', `Basic ${basic}`]);
    }
    return { dispatcher: this.#dispatcherFor(options), headers: Object.fromEntries(headers) };
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#dispatcher?.agent.destroy();
  }

  #dispatcherFor(options: RequestOptions): Dispatcher {
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    };
    const id = createHash('sha256').update(JSON.stringify(tls)).digest('base64');
    if (this.#dispatcher?.id === id) return this.#dispatcher.agent;
    // What runs on the connections of the old certificate may end there.
    void this.#dispatcher?.agent.close();
    const common = { keepAliveTimeout: KEEP_ALIVE_MS };
    const agent =
      this.#proxy === undefined
        ? new Agent({ ...common, connect: { ...tls, keepAlive: true } })
        : new ProxyAgent({ ...common, uri: this.#proxy, requestTls: tls });
    this.#dispatcher = { id, agent };
    return agent;
  }
}

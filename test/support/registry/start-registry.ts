import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ClientCertificate } from '../../../src/domain/access.ts';
import { findRegistryBinary } from './availability.ts';
import { makeCertificate, type TestCertificate } from './certificate.ts';
import { freePort } from '../free-port.ts';
import { pushTags } from './push-tags.ts';
import type { PushTarget } from './pusher.ts';
import { startTokenServer, type TokenServer } from './token-server.ts';

/** The one user of test registries; the hash is bcrypt of cost 4, for speed. */
const USERNAME = 'lockkeeper';
const PASSWORD = 'correct horse battery staple';
const HTPASSWD = `${USERNAME}:$2y$04$B7AtUpyHlvGzyVU8HC2EFupoRfs.Y1eH7S/krsCyYGlk1ucHqDDou\n`;

const READY_WITHIN_MS = 20_000;

/** What kind of registry to start. */
export interface RegistryOptions {
  /** `distribution` is v3 (sorted, paged); `docker-registry` is Debian's 2.8 (unsorted, unpaged). */
  readonly kind: 'distribution' | 'docker-registry';
  readonly tls?: boolean;
  /** DNS names that the certificate is for besides localhost. */
  readonly hosts?: readonly string[];
  /** Name of the token service; one of `hosts`. Default: `localhost` and its port. */
  readonly tokenHost?: string;
  /** With TLS: let in only who shows a certificate. */
  readonly clientCertificate?: boolean;
  /** Who may come in: anybody (default), the user by Basic auth, or the user by a Bearer token. */
  readonly auth?: 'none' | 'htpasswd' | 'token';
  /** Most tags in one page; v3 only. */
  readonly pageCap?: number;
  /** Who is told of pushes, and the `Authorization` that it is sent. */
  readonly notify?: { readonly url: string; readonly authorization: string };
}

/** A real registry process on a free loopback port. */
export interface RunningRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  /** PEM, and a file that holds it; only with TLS. */
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  /** The one that is let in, where one is wanted. */
  readonly clientCertificate: ClientCertificate | undefined;
  readonly username: string;
  readonly password: string;
  readonly pid: number;
  /** `127.0.0.1:PORT` of the token service; empty without one. */
  readonly tokenAddress: string;
  /** Scopes asked of the token service; empty without one. */
  readonly tokenScopes: readonly string[];
  /** Pushes one small image per tag. @returns digest by tag */
  pushTags(repository: string, tags: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ends the process at once, as `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a registry and waits until it answers. @throws Error with the registry's log when it does not */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const binary = findRegistryBinary(options.kind);
  if (binary === undefined) throw new Error(`no binary of ${options.kind}`);
  const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-registry-'));
  const tls = options.tls === true || options.auth === 'token';
  const { hosts = [] } = options;
  const certificate = tls ? makeCertificate(folder, { hosts }) : undefined;
  const client =
    options.clientCertificate === true ? makeCertificate(folder, { file: 'client' }) : undefined;
  const authorization = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`;
  const tokens =
    options.auth === 'token' && certificate !== undefined
      ? await startTokenServer({ folder, certificate, authorization, name: options.tokenHost })
      : undefined;
  const host = `127.0.0.1:${await freePort()}`;
  const config = registryConfig({ options, folder, host, certificate, client, tokens });
  const child = await launch(binary, folder, config);
  const url = `${tls ? 'https' : 'http'}://${host}`;
  const pair = client && { cert: client.cert, key: client.key };
  const target = { url, tls: { ...(certificate && { ca: certificate.cert }), ...pair } };
  const pushAuthorization = (repository: string) => {
    if (tokens !== undefined)
      return `Bearer ${tokens.mint([`repository:${repository}:pull,push`])}`;
    return options.auth === 'htpasswd' ? authorization : undefined;
  };
  const kill = () => end(child, 'SIGKILL');
  const stop = async () => {
    await end(child, 'SIGTERM');
    await tokens?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(target, child);
  } catch (error) {
    const log = readFileSync(join(folder, 'log'), 'utf8');
    await stop();
    throw new Error(`${options.kind} did not start: ${log}`, { cause: error });
  }
  return {
    host,
    url,
    ca: certificate?.cert,
    caFile: certificate?.certFile,
    clientCertificate: client && { certificate: client.cert, key: client.key },
    username: USERNAME,
    password: PASSWORD,
    pid: child.pid ?? 0,
    tokenAddress: tokens?.address ?? '',
    tokenScopes: tokens?.scopes ?? [],
    pushTags: (repository, tags) =>
      pushTags({ ...target, authorization: pushAuthorization(repository) }, repository, tags),
    kill,
    stop,
  };
}

function registryConfig(parts: {
  readonly options: RegistryOptions;
  readonly folder: string;
  readonly host: string;
  readonly certificate: TestCertificate | undefined;
  readonly client: TestCertificate | undefined;
  readonly tokens: TokenServer | undefined;
}): object {
  const { options, folder, host, certificate, client, tokens } = parts;
  const htpasswd = join(folder, 'htpasswd');
  writeFileSync(htpasswd, HTPASSWD);
  const tls = certificate && {
    certificate: certificate.certFile,
    key: certificate.keyFile,
    ...(client && { clientcas: [client.certFile] }),
  };
  const auth =
    options.auth === 'htpasswd'
      ? { htpasswd: { realm: 'test', path: htpasswd } }
      : tokens?.authConfig;
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host, secret: 'test', ...(tls && { tls }) },
    ...(auth && { auth }),
    ...(options.pageCap === undefined ? {} : { tags: { maxtags: options.pageCap } }),
    ...(options.notify === undefined ? {} : { notifications: notifications(options.notify) }),
  };
}

function notifications({ url, authorization }: NonNullable<RegistryOptions['notify']>): object {
  const headers = { Authorization: [authorization] };
  const patience = { timeout: '5s', threshold: 3, backoff: '1s' };
  return { endpoints: [{ name: 'lockkeeper', url, headers, ...patience }] };
}

/** The config is written as JSON, which is YAML too. */
async function launch(binary: string, folder: string, config: object): Promise<ChildProcess> {
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(config));
  const log = openSync(join(folder, 'log'), 'a');
  const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none' };
  const child = spawn(binary, ['serve', file], { stdio: ['ignore', log, log], env });
  closeSync(log);
  const endWithTests = () => child.kill('SIGKILL');
  process.once('exit', endWithTests);
  child.once('exit', () => process.off('exit', endWithTests));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return child;
}

async function waitUntilReady(
  target: Pick<PushTarget, 'url' | 'tls'>,
  child: ChildProcess,
): Promise<void> {
  const agent = new Agent({ connect: target.tls });
  const deadline = Date.now() + READY_WITHIN_MS;
  try {
    for (;;) {
      try {
        const response = await request(`${target.url}/v2/`, { dispatcher: agent });
        await response.body.dump();
        return;
      } catch (error) {
        if (hasEnded(child) || Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  } finally {
    await agent.destroy();
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

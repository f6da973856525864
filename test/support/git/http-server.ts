import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import type { TlsOptions } from 'node:tls';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientCertificate } from '../../../src/domain/access.ts';
import { makeCertificate } from '../registry/certificate.ts';
import { GIT_TEST_ENV } from './repo.ts';

/** One request as the server saw it; `received` and `sent` count body bytes. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  status: number;
  received: number;
  sent: number;
}

/** An answer to a request. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What to do with a request instead of serving it. */
export type Fault =
  | ({ readonly kind: 'answer' } & Reply)
  /** Answer when the whole request is there. */
  | { readonly kind: 'reply'; readonly to: (body: Buffer) => Reply }
  /** Close the connection without an answer. */
  | { readonly kind: 'drop' }
  /** Serve, but cut the connection after so many bytes of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Serve after a pause. */
  | { readonly kind: 'slow'; readonly ms: number };

/** How the server is set up. */
export interface GitHttpServerOptions {
  /** Folder with bare repos. */
  readonly root: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  readonly tls?: boolean;
  /**
   * Speak TLS, and only with who shows the certificate that there is then. Others are refused by an alert of `tls`,
   * or by an answer as nginx gives it (`http`).
   */
  readonly wantsClientCertificate?: 'tls' | 'http';
  /** DNS names that the certificate is for, besides `localhost` and `127.0.0.1`. */
  readonly hosts?: readonly string[];
}

/** A running Git server over smart HTTP: `git http-backend` behind Node. */
export interface GitHttpServer {
  /** Address of a repo below the root, such as `config.git`. */
  url(repo: string): string;
  /** The server's certificate, when it speaks TLS. */
  readonly ca: string | undefined;
  /** The one that lets in, where it wants one. */
  readonly clientCertificate: ClientCertificate | undefined;
  readonly log: LoggedRequest[];
  /** Decides per request; replaces the former rule. */
  inject(rule: ((request: LoggedRequest) => Fault | undefined) | undefined): void;
  close(): Promise<void>;
}

/** Starts a server on a free loopback port. */
export async function startGitHttpServer(options: GitHttpServerOptions): Promise<GitHttpServer> {
  const log: LoggedRequest[] = [];
  let rule: ((request: LoggedRequest) => Fault | undefined) | undefined;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const entry: LoggedRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
      status: 0,
      received: 0,
      sent: 0,
    };
    log.push(entry);
    request.on('data', (chunk: Buffer) => (entry.received += chunk.length));
    request.pause();
    void handle({ request, response, entry, fault: rule?.(entry), options });
  };
  const { pem, client } = certificatesFor(options);
  const server =
    pem === undefined
      ? createServer(listener)
      : createTlsServer(
          client === undefined ? pem : { ...pem, ...demanding(client, options) },
          listener,
        );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (repo) => `${pem === undefined ? 'http' : 'https'}://127.0.0.1:${port}/${repo}`,
    ca: pem?.cert,
    clientCertificate: client && { certificate: client.cert, key: client.key },
    log,
    inject: (next) => {
      rule = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: LoggedRequest;
  readonly fault: Fault | undefined;
  readonly options: GitHttpServerOptions;
}

async function handle(exchange: Exchange): Promise<void> {
  const { request, response, entry, fault, options } = exchange;
  if (fault?.kind === 'drop') return void request.socket.destroy();
  if (fault?.kind === 'slow') await delay(fault.ms);
  if (fault?.kind === 'answer') {
    return answer(exchange, fault.status, fault.headers ?? {}, fault.body ?? '');
  }
  if (fault?.kind === 'reply') {
    const { status, headers = {}, body = '' } = fault.to(await bodyOf(request));
    return answer(exchange, status, headers, body);
  }
  if (options.wantsClientCertificate === 'http' && lacksCertificate(request)) {
    const body = '<html><center>The SSL certificate error</center></html>';
    return answer(exchange, 400, { 'content-type': 'text/html' }, body);
  }
  if (!isAuthorized(entry.authorization, options)) {
    return answer(exchange, 401, { 'www-authenticate': 'Basic realm="git"' }, 'who are you?');
  }
  runBackend(exchange);
  response.on('close', () => (entry.status = response.statusCode));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(
  { request, response, entry }: Exchange,
  status: number,
  headers: Record<string, string>,
  body: string,
): void {
  request.resume();
  entry.status = status;
  response.writeHead(status, headers).end(body);
}

function isAuthorized(header: string | undefined, options: GitHttpServerOptions): boolean {
  const { basic, bearerToken } = options;
  if (basic === undefined && bearerToken === undefined) return true;
  const accepted = [
    ...(basic === undefined
      ? []
      : [`Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`]),
    ...(bearerToken === undefined ? [] : [`Bearer ${bearerToken}`]),
  ];
  return header !== undefined && accepted.includes(header);
}

/**
 * One CGI exchange (RFC 3875) with `git http-backend`. It is told no CONTENT_LENGTH, so that it reads to
 * the end: waiting for the rest of a request whose client was killed, Git 2.39 spins for ever.
 */
function runBackend({ request, response, entry, fault, options }: Exchange): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...GIT_TEST_ENV,
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const cutAfter = fault?.kind === 'cut' ? fault.afterBytes : Infinity;
  let head: Buffer | undefined = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    let body = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      body = head.subarray(end + 4);
      writeCgiHead(response, head.subarray(0, end).toString('latin1'));
      head = undefined;
    }
    entry.sent += body.length;
    response.write(body);
    if (entry.sent > cutAfter) request.socket.destroy();
  });
  child.stdout.on('end', () => response.end());
  response.on('close', () => child.kill());
}

function writeCgiHead(response: ServerResponse, head: string): void {
  const lines = head.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const status = lines.find(([name]) => name.toLowerCase() === 'status');
  response.statusCode = status === undefined ? 200 : Number.parseInt(status[1], 10);
  for (const [name, value] of lines) if (name !== status?.[0]) response.setHeader(name, value);
}

function demanding({ cert }: Pair, { wantsClientCertificate }: GitHttpServerOptions): TlsOptions {
  return { requestCert: true, ca: cert, rejectUnauthorized: wantsClientCertificate === 'tls' };
}

function lacksCertificate({ socket }: IncomingMessage): boolean {
  return 'authorized' in socket && socket.authorized !== true;
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

function certificatesFor({ tls, wantsClientCertificate, hosts = [] }: GitHttpServerOptions): {
  readonly pem?: Pair;
  readonly client?: Pair;
} {
  if (tls !== true && wantsClientCertificate === undefined) return {};
  const folder = mkdtempSync(join(tmpdir(), 'git-tls-'));
  const make = (file: string): Pair => {
    const { cert, key } = makeCertificate(folder, { file, hosts });
    return { cert, key };
  };
  const pem = make('server');
  const client = wantsClientCertificate === undefined ? undefined : make('client');
  rmSync(folder, { recursive: true });
  return { pem, ...(client && { client }) };
}

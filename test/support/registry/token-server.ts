import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestCertificate } from './certificate.ts';

/** A token service (distribution's "token authentication"), and what a registry must be told of it. */
export interface TokenServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly authConfig: Readonly<Record<string, unknown>>;
  /** Scopes that tokens were asked for, in order. */
  readonly scopes: readonly string[];
  /** A token, without asking for it. */
  mint(scopes: readonly string[]): string;
  close(): Promise<void>;
}

const SERVICE = 'test-registry';
const ISSUER = 'test-tokens';

/** Starts a token service whose one user may do whatever is asked for. */
export async function startTokenServer(options: {
  readonly folder: string;
  readonly certificate: TestCertificate;
  readonly authorization: string;
  /** Name by which the registry knows it; default: `localhost` and the port. */
  readonly name?: string | undefined;
}): Promise<TokenServer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' };
  const jwks = join(options.folder, 'jwks.json');
  writeFileSync(jwks, JSON.stringify({ keys: [key] }));
  const scopes: string[] = [];
  const mint = (granted: readonly string[]) => {
    const head = { typ: 'JWT', alg: 'ES256', kid: 'test' };
    const unsigned = `${encode(head)}.${encode(claims(granted))}`;
    const signing = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${unsigned}.${sign('sha256', Buffer.from(unsigned), signing).toString('base64url')}`;
  };

  const server = createServer(options.certificate, (request, response) => {
    if (request.headers.authorization !== options.authorization) {
      response.writeHead(401).end('{"details":"incorrect username or password"}');
      return;
    }
    const asked = new URL(request.url ?? '/', 'https://localhost').searchParams.getAll('scope');
    scopes.push(...asked);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token: mint(asked) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const realm = `https://${options.name ?? `localhost:${port}`}/token`;
  return {
    address: `127.0.0.1:${port}`,
    authConfig: {
      token: { realm, service: SERVICE, issuer: ISSUER, jwks },
    },
    scopes,
    mint,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function claims(scopes: readonly string[]): object {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type = '', name = '', actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',') };
  });
  const life = { nbf: now - 10, iat: now, exp: now + 300, jti: randomUUID() };
  return { iss: ISSUER, sub: 'test', aud: SERVICE, ...life, access };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

import { createServer, request as send, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** How a proxy behaves. */
export interface ConnectProxyOptions {
  readonly login?: { readonly username: string; readonly password: string };
  /** Where a name really is, as `127.0.0.1:PORT` by `host:port`; others are taken as they are. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Answers CONNECT with this status instead of opening a tunnel. */
  readonly refusal?: number;
  /** Speak TLS with the client. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** A forward proxy on loopback: tunnels by CONNECT, and requests handed on in absolute form. */
export interface ConnectProxy {
  readonly url: string;
  /** `CONNECT host:port`, or `GET http://…`, with the status of the answer, in order. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy on a free port. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const { login, routes = {}, refusal, certificate } = options;
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const wanted =
    login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const isLoggedIn = ({ headers }: IncomingMessage) =>
    wanted === undefined || headers['proxy-authorization'] === wanted;
  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });

  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? '';
    const status = isLoggedIn(request) ? (refusal ?? 200) : 407;
    log.push(`CONNECT ${target} ${status}`);
    client.on('error', () => undefined);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = (routes[target] ?? target).split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy()).once('close', () => sockets.delete(upstream));
  });

  server.on('request', (request, response) => {
    const status = isLoggedIn(request) ? 200 : 407;
    log.push(`${request.method} ${request.url} ${status}`);
    if (status !== 200) {
      response.writeHead(status).end();
      return;
    }
    const { 'proxy-authorization': _login, ...headers } = request.headers;
    const url = new URL(request.url ?? '');
    const [hostname, port] = (routes[url.host] ?? url.host).split(':');
    const onward = send(
      { hostname, port, path: url.pathname + url.search, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    log,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

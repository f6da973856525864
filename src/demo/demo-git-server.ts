import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Git server over HTTP on loopback. */
export interface DemoGitServer {
  /** Address of a repo below the served folder. */
  url(repo: string): string;
  close(): void;
}

/**
 * Serves a folder of bare repos by `git http-backend`, the CGI program that comes with Git
 * (gitprotocol-http). For the demo: loopback only, everyone may push.
 */
export async function startDemoGitServer(folder: string): Promise<DemoGitServer> {
  const server = createServer((request, response) => serve(folder, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (repo) => `http://127.0.0.1:${port}/${repo}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function serve(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const cgi = spawn('git', ['-c', 'http.receivepack=true', 'http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
  });
  const output: Buffer[] = [];
  cgi.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  cgi.stdin.on('error', () => undefined);
  cgi.on('error', () => response.writeHead(500).end());
  cgi.on('close', () => answer(response, Buffer.concat(output)));
  request.pipe(cgi.stdin);
}

/** A CGI answer is headers, an empty line, and the body; `Status` among the headers is the status. */
function answer(response: ServerResponse, output: Buffer): void {
  const end = output.indexOf('\r\n\r\n');
  if (end === -1) {
    response.writeHead(500).end();
    return;
  }
  const headers = output.subarray(0, end).toString('latin1').split('\r\n');
  for (const line of headers) {
    const [name = '', value = ''] = line.split(/:\s*/, 2);
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}

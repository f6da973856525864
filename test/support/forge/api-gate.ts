import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands between the command and the API of a forge, and sees each request. */
export interface ApiGate {
  readonly url: string;
  /** Requests that came, as `METHOD /path?query`. */
  readonly seen: string[];
  /**
   * Lets the next request that matches go no further, and never answers it.
   * @returns settles when it came
   */
  hold(pattern: RegExp): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on loopback that passes on to an address of plain HTTP. */
export async function startApiGate(target: string): Promise<ApiGate> {
  const seen: string[] = [];
  let held: { readonly pattern: RegExp; readonly came: () => void } | undefined;
  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    seen.push(line);
    if (held?.pattern.test(line) === true) {
      held.came();
      held = undefined;
      return;
    }
    const { method } = incoming;
    // The forge makes addresses out of it.
    const headers = { ...incoming.headers, host: new URL(target).host };
    const onward = send(`${target}${incoming.url ?? ''}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    hold: (pattern) =>
      new Promise((came) => {
        held = { pattern, came };
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy whose connections can be made to break, to hang, or to be refused. */
export interface CutProxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Breaks all connections there are. */
  cut(): void;
  /** Until further notice nothing goes through, and nobody is told. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port and forwards to another one. */
export async function startCutProxy(targetPort: number): Promise<CutProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let frozen = false;
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    const target = connect(targetPort, '127.0.0.1');
    const pair = [client, target] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [target, client] as const]) {
      from.on('data', (chunk) => {
        if (!frozen) to.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => {
        if (frozen) return;
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  const cut = () => {
    for (const socket of [...pairs].flat()) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    cut,
    freeze() {
      frozen = true;
    },
    thaw() {
      // What was swallowed meanwhile is lost, so the streams of before are of no use.
      frozen = false;
      cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** The proxy answered, but opened no tunnel. */
export class TunnelRefused extends Error {
  override readonly name = 'TunnelRefused';
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answered CONNECT with ${status}`);
    this.status = status;
  }
}

/** The proxy itself could not be reached; the cause says why. */
export class ProxyUnreachable extends Error {
  override readonly name = 'ProxyUnreachable';
}

import type { EnvironmentProxies } from './environment-proxy.ts';

/** How this process reaches every host, as its operator says. A resource adds to the trust, and may name another proxy. */
export interface ProcessWay {
  /** PEM certificates trusted besides the system's. Each resource's own are trusted besides these. */
  readonly ca?: string | undefined;
  readonly proxies: EnvironmentProxies;
}

/** No certificates of its own, no proxies. */
export const STRAIGHT: ProcessWay = { proxies: { exceptions: '' } };

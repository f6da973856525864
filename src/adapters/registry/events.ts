import type { Call } from './call.ts';

/** What a client tells of while it works, for metrics and logs. Nothing in it is secret. */
export type RegistryEvent =
  | {
      /** A request went out and was answered, or was not. */
      readonly kind: 'request';
      /** The registry that the work is for, `HOST[:PORT]`: users name it, strangers cannot. */
      readonly registry: string;
      /** Who was asked: the registry, or another host that it sent us to (token service, storage). */
      readonly asked: 'registry' | 'other';
      readonly status: number | 'error';
    }
  | {
      /** A registry told how many pulls are left (Docker Hub). */
      readonly kind: 'quota';
      readonly registry: string;
      /** Whose pulls are counted: those of our address, or of the account that we log in with. */
      readonly counted: 'address' | 'account';
      /** Pulls in one window. */
      readonly limit: number;
      readonly remaining: number;
    }
  | {
      /** A registry has something to say to people (`Warning: 299`). */
      readonly kind: 'warning';
      /** Host and path. */
      readonly repository: string;
      readonly text: string;
    };

/** Told of each event; must not throw. */
export type OnRegistryEvent = (event: RegistryEvent) => void;

/** The event for one request that `call` led to. */
export function requestEvent(url: URL, call: Call, status: number | 'error'): RegistryEvent {
  const asked = url.host === call.base.host ? 'registry' : 'other';
  return { kind: 'request', registry: call.base.host, asked, status };
}

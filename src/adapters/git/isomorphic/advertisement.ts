import { lineOf, type Packet } from './pkt-line.ts';

/** What a service says of itself: that it speaks v2, or (v0) all its refs and capabilities. */
export type Advertisement =
  | { readonly version: 2 }
  | {
      readonly version: 0;
      readonly refs: ReadonlyMap<string, string>;
      readonly capabilities: ReadonlySet<string>;
    };

/** Reads the answer to `info/refs` (gitprotocol-http, gitprotocol-v2 "capability advertisement"). */
export function advertisedRefs(all: readonly Packet[]): Advertisement {
  const refs = new Map<string, string>();
  let capabilities = new Set<string>();
  for (const item of all) {
    if (typeof item === 'string') continue;
    const line = lineOf(item);
    if (line === 'version 2') return { version: 2 };
    if (line.startsWith('# service=') || line === 'version 1') continue;
    const [ref = '', offered] = line.split('\0');
    if (offered !== undefined) capabilities = new Set(offered.trim().split(' '));
    const space = ref.indexOf(' ');
    refs.set(ref.slice(space + 1), ref.slice(0, space));
  }
  return { version: 0, refs, capabilities };
}

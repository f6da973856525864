import { lineOf, type Packet } from './pkt-line.ts';

/** What a service says of itself: its capabilities, as it words them, and with v0 all its refs. */
export type Advertisement =
  | { readonly version: 2; readonly capabilities: ReadonlySet<string> }
  | {
      readonly version: 0;
      readonly refs: ReadonlyMap<string, string>;
      readonly capabilities: ReadonlySet<string>;
    };

/** Reads the answer to `info/refs` (gitprotocol-http, gitprotocol-v2 "capability advertisement"). */
export function advertisedRefs(all: readonly Packet[]): Advertisement {
  const refs = new Map<string, string>();
  let capabilities = new Set<string>();
  const lines = all.flatMap((item) => (typeof item === 'string' ? [] : [lineOf(item)]));
  if (lines.includes('version 2')) return { version: 2, capabilities: new Set(lines) };
  for (const line of lines) {
    if (line.startsWith('# service=') || line === 'version 1') continue;
    const [ref = '', offered] = line.split('\0');
    if (offered !== undefined) capabilities = new Set(offered.trim().split(' '));
    const space = ref.indexOf(' ');
    refs.set(ref.slice(space + 1), ref.slice(0, space));
  }
  return { version: 0, refs, capabilities };
}

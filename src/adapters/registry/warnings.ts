import { BoundedMap } from './bounded-map.ts';
import type { Call, HttpResponse } from './call.ts';
import { printable } from './errors.ts';
import type { OnRegistryEvent } from './events.ts';

/** Texts remembered as told; beyond that the oldest may be told again. */
const MAX_TOLD = 1_000;

/** Most warnings taken from one answer. */
const MAX_PER_ANSWER = 5;

/** RFC 7234 section 5.5, as the OCI distribution-spec uses it: `299 - "text"`. */
const WARNING = /299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g;

/** Passes the warnings of registries on to people, each once; nothing is ever done about them. */
export type Warnings = (response: HttpResponse, call: Call) => void;

/** Nothing has been told yet. */
export function createWarnings(onEvent: OnRegistryEvent): Warnings {
  const told = new BoundedMap<string, true>(MAX_TOLD);
  return (response, call) => {
    const found = [...(response.header('warning') ?? '').matchAll(WARNING)];
    for (const [, quoted = ''] of found.slice(0, MAX_PER_ANSWER)) {
      const text = printable(quoted.replace(/\\(.)/g, '$1'), call);
      const key = `${call.name} ${text}`;
      if (text === '' || told.has(key)) continue;
      told.set(key, true);
      onEvent({ kind: 'warning', repository: call.name, text });
    }
  };
}

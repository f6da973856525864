import type { Overrides } from '../compose/ports.ts';
import { oneLine } from '../domain/foreign-text.ts';
import type { Io } from './io.ts';

/** Shows what registries have to say to people (`Warning: 299`), each once; all else they tell is for services. */
export function registryWarnings(io: Io): Required<Pick<Overrides, 'onRegistryEvent'>> {
  return {
    onRegistryEvent: (event) => {
      if (event.kind !== 'warning') return;
      io.err(`warning: ${event.repository}: the registry says: ${oneLine(event.text)}\n`);
    },
  };
}

import type { Repository } from '../../domain/image-reference.ts';
import type { ImageTimes } from '../../domain/selection/image-times.ts';
import type { SelectionRules } from '../../domain/selection/selector.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RegistryAccess, TagList } from '../../ports/registry.ts';
import { ImageLibrary } from './image-library.ts';
import { timesFor } from './policy-selectors.ts';

/** Tags of a repository, without a policy. */
export interface ListedTags {
  readonly repository: Repository;
  readonly access: RegistryAccess;
  readonly list: TagList;
  readonly rules: SelectionRules;
}

/** The build times that rules by `newest` need. @throws AppError when one cannot be had */
export async function timesOfTags(
  ports: Pick<Ports, 'registry' | 'state' | 'clock'>,
  { repository, access, list, rules }: ListedTags,
  signal: AbortSignal,
): Promise<ImageTimes> {
  // The command has the logins of whoever calls it, which no policy has.
  const source = { repository, login: 'command line', access: async () => access };
  const images = { library: new ImageLibrary(ports), source, now: ports.clock.now() };
  const scan = { tags: new Set(list.tags), digests: new Map(), told: list.told };
  return timesFor(rules, scan, images, signal);
}

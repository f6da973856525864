import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import {
  NO_RESOURCES,
  mergeResources,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import type { FileSource } from '../../ports/files.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ManifestReader } from '../read/manifest-reader.ts';
import { automationFor, givenResources, isFor, type GivenSettings, type Target } from './target.ts';

/** Whose settings a command of a person works with. */
export interface CommandSettings {
  readonly given: Resources;
  /** The automation, where it is among what was given. */
  readonly automation: ImageUpdateAutomation | undefined;
  /** Name of one that is to be looked for in the files themselves. */
  readonly named?: string | undefined;
}

/**
 * The settings that a command was given. The automations of a repo do not count unless one is named: they are the
 * controller's, whose keys a person need not have.
 * @throws AppError `usage`, `resource/not-found` where no automation was given, and those of {@link givenResources}
 */
export async function commandSettings(
  ports: Ports,
  settings: GivenSettings,
  target: Target,
  signal: AbortSignal,
): Promise<CommandSettings> {
  const { policies, automation: named } = settings;
  if (policies.length === 0) return { given: NO_RESOURCES, automation: undefined, named };
  const given = await givenResources(ports, settings, signal);
  const automation = automationFor(given, named, target);
  if (automation === undefined) {
    throw new AppError(
      'resource/not-found',
      `there is no ImageUpdateAutomation in ${policies.join(', ')}`,
    );
  }
  checkRepo(automation, target);
  return { given, automation };
}

/** The automation of settings, with the files that it may be in. @throws AppError `usage` */
export async function automationOf(
  { automation, named }: CommandSettings,
  files: {
    readonly reader: ManifestReader;
    readonly source: FileSource;
    readonly revision?: string;
  },
  target: Target,
  signal: AbortSignal,
): Promise<ImageUpdateAutomation | undefined> {
  if (automation !== undefined || named === undefined) return automation;
  const { reader, source, ...at } = files;
  const { resources } = await reader.read(source, { strategy: 'Setters', ...at }, signal);
  return automationFor(mergeResources(NO_RESOURCES, resources), named, target);
}

/**
 * The automations that a command is about, of those that there are: the one of its settings, else those for its repo, or
 * the only one there is.
 * @throws AppError `usage` where the one that was named is not there
 */
export function automationsAt(
  { automation, named }: CommandSettings,
  resources: Resources,
  target: Target,
): readonly ImageUpdateAutomation[] {
  if (automation !== undefined) return [automation];
  const ofRepo = [...resources.automations.values()].filter((each) => isFor(each, target));
  if (named === undefined && ofRepo.length > 0) return ofRepo;
  if (named === undefined && resources.automations.size !== 1) return [];
  const only = automationFor(resources, named, target);
  return only === undefined ? [] : [only];
}

/** A login is not for another address; better said than silently left out. */
function checkRepo({ metadata, spec }: ImageUpdateAutomation, target: Target): void {
  if (target.kind === 'folder' || spec.git === undefined || spec.git.url === target.url) return;
  const { namespace, name } = metadata;
  throw new AppError(
    'usage',
    `ImageUpdateAutomation ${namespace}/${name} is for ${spec.git.url}; give --repo that address, or choose another with --automation`,
  );
}

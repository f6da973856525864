import type { Finding } from '../errors.ts';
import {
  parseImageReference,
  parseRepository,
  repositoryKey,
  sameRepository,
} from '../image-reference.ts';
import type { ImageField, PolicyKey } from '../manifest/image-field.ts';
import { suggestion } from '../resources/suggestion.ts';
import { writtenName, writtenRepository, type PolicyView } from './policy-view.ts';

/**
 * One image as it stands in a manifest: the fields of one mapping that belong together and must
 * move together (name, tag and digest of a kustomize entry), or a single reference.
 */
export interface ImageSlot {
  readonly policy: PolicyKey;
  /** At least one, in file order. */
  readonly fields: readonly [ImageField, ...ImageField[]];
}

/** As much of a policy as says which fields are its own: without the policy, those that a marker gives it. */
export type OwningPolicy = Partial<Pick<PolicyView, 'policy'>>;

/** Fields sorted into slots, with what could not be sorted. */
export interface Slots {
  readonly slots: readonly ImageSlot[];
  readonly findings: readonly Finding[];
}

/**
 * Gives each field to the one policy that owns it: the policy its marker names, or for an unmarked
 * field the policy of its repository. Unmarked fields of other repositories are nobody's business.
 * @param byMarker policies that own only what a marker gives them
 */
export function assignFields(
  fields: readonly ImageField[],
  views: ReadonlyMap<PolicyKey, OwningPolicy>,
  known: ReadonlySet<PolicyKey>,
  byMarker: ReadonlySet<PolicyKey> = new Set(),
): Slots {
  const byRepository = policiesByRepository(views, byMarker);
  const findings: Finding[] = [];
  const slots: OpenSlot[] = [];
  const latest = new Map<string, OpenSlot>();
  for (const field of fields) {
    const owner =
      field.marker === undefined
        ? ownerByRepository(field, byRepository)
        : ownerByMarker(field.at, field.marker, { views, known });
    if (typeof owner === 'object') findings.push(owner);
    if (typeof owner !== 'string') continue;
    const key = slotKey(field, owner);
    const slot = latest.get(key);
    if (slot === undefined || hasPart(slot, field)) {
      const opened: OpenSlot = { policy: owner, fields: [field] };
      slots.push(opened);
      latest.set(key, opened);
    } else slot.fields.push(field);
  }
  return { slots, findings };
}

/** A slot that further fields may join. */
interface OpenSlot {
  readonly policy: PolicyKey;
  readonly fields: [ImageField, ...ImageField[]];
}

/** An image has one tag: a second one in the same mapping (`WEB_TAG`, `JOB_TAG`) is another image's. */
function hasPart({ fields }: OpenSlot, { part }: ImageField): boolean {
  return fields.some((field) => field.part === part);
}

/** A whole reference stands alone; parts belong with their siblings in the same mapping. */
function slotKey(field: ImageField, owner: PolicyKey): string {
  const path = field.part === 'reference' ? field.keyPath : field.keyPath.slice(0, -1);
  const kind = field.part === 'reference' ? 'reference' : 'parts';
  return JSON.stringify([field.at.path, field.document, kind, path, owner]);
}

function policiesByRepository(
  views: ReadonlyMap<PolicyKey, OwningPolicy>,
  byMarker: ReadonlySet<PolicyKey>,
): ReadonlyMap<string, readonly PolicyKey[]> {
  const result = new Map<string, PolicyKey[]>();
  for (const [key, view] of views) {
    if (byMarker.has(key) || view.policy === undefined) continue;
    const repository = writtenRepository(view.policy);
    result.set(repository, [...(result.get(repository) ?? []), key]);
  }
  return result;
}

function ownerByMarker(
  at: ImageField['at'],
  marker: PolicyKey,
  { views, known }: { views: ReadonlyMap<PolicyKey, unknown>; known: ReadonlySet<PolicyKey> },
): PolicyKey | Finding | undefined {
  if (views.has(marker)) return marker;
  if (known.has(marker)) return undefined;
  return {
    severity: 'warning',
    code: 'marker/unknown-policy',
    message: `marker names ImagePolicy ${marker}, which is not among the policies${similar(marker, known)}`,
    at,
  };
}

/** A hint for the commonest slips: the right name in another namespace, or a name misspelt. */
function similar(marker: PolicyKey, known: ReadonlySet<PolicyKey>): string {
  const name = marker.slice(marker.indexOf('/') + 1);
  const keys = [...known].toSorted();
  const meant = keys.find((key) => key.endsWith(`/${name}`)) ?? suggestion(marker, keys);
  return meant === undefined ? '' : `; did you mean ${meant.replace('/', ':')}?`;
}

function ownerByRepository(
  { at, current: { name } }: ImageField,
  byRepository: ReadonlyMap<string, readonly PolicyKey[]>,
): PolicyKey | Finding | undefined {
  const reference = name === undefined ? undefined : parseImageReference(name);
  // `repository: nginx:1.0` is no name: nobody's, rather than a reason to stop.
  if (name === undefined || reference?.name !== name) return undefined;
  const owners = byRepository.get(repositoryKey(parseRepository(name))) ?? [];
  if (owners.length < 2) return owners[0];
  return {
    severity: 'error',
    code: 'field/claimed-twice',
    message: `${name} belongs to more than one ImagePolicy (${owners.toSorted().join(', ')}); put a marker on the field or narrow update.paths`,
    at,
  };
}

/** The name to write: the text that stands there where it already means the same repository. */
export function nameToWrite(current: string | undefined, view: PolicyView): string {
  const wanted = writtenName(view.policy);
  // Mostly it is the very same text, which need not be taken apart.
  if (current === undefined || current === wanted) return wanted;
  return sameRepository(current, wanted) ? current : wanted;
}

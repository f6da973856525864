import type { Finding, Location } from '../errors.ts';

/** What a document says that it describes. */
export interface ResourceType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Identity of a Kubernetes resource as a document states it. */
export interface ResourceId extends ResourceType {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name` of an ImagePolicy. */
export type PolicyKey = string;

/** Which piece of an image reference a field holds. */
export type FieldPart = 'reference' | 'name' | 'tag' | 'digest';

/** Where a lock was found; also its rank: the field's wins over the workload's, that over the policy's. */
export type LockScope = 'field' | 'workload' | 'policy';

/** A lock as written in Git. Without `tag` and `digest` the field stays at what it holds. */
export interface Lock {
  readonly scope: LockScope;
  readonly tag?: string;
  readonly digest?: string;
  readonly reason?: string;
  readonly by?: string;
  /** RFC 3339; the lock is no more at and after this moment. */
  readonly until?: string;
  readonly at: Location;
}

/** Half-open range of UTF-16 offsets into a file's decoded text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One scalar that holds an image, or a part of one, and may be updated. */
export interface ImageField {
  readonly at: Required<Location>;
  /** Which document of the file, from 0. */
  readonly document: number;
  /** Keys from the document's root, such as `spec.containers.0.image`. */
  readonly keyPath: readonly (string | number)[];
  /** Resource that the field belongs to; absent in Helm values and the like. */
  readonly resource?: ResourceId;
  /** What it belongs to where that has no name, as a Kustomization often. */
  readonly unnamed?: ResourceType;
  readonly part: FieldPart;
  /** The scalar's value as it would load as a string. */
  readonly value: string;
  /**
   * The image as it stands, put together from this field and (for unmarked fields) its siblings.
   * For a marked part, only what this one field says.
   */
  readonly current: { readonly name?: string; readonly tag?: string; readonly digest?: string };
  /** Does the image keep its digest in a field of its own (kustomize, Helm)? Then `tag` never gets one. */
  readonly separateDigest: boolean;
  /** The policy named by a marker; absent on an unmarked field, whose repository decides. */
  readonly marker?: PolicyKey;
  /** Locks on the field itself and on its resource, in that order; expired ones included. */
  readonly locks: readonly Lock[];
  /** The scalar's source including quotes. */
  readonly span: Span;
}

/** What one file holds. */
export interface FileFields {
  readonly fields: readonly ImageField[];
  readonly findings: readonly Finding[];
}

/** A new value for one located field. */
export interface FieldEdit {
  readonly field: ImageField;
  readonly value: string;
}

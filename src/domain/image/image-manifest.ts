import type { Platform } from './platform.ts';

/** Annotations of a manifest or of a descriptor. */
export type Annotations = Readonly<Record<string, string>>;

/** One entry of an index. */
export interface IndexEntry {
  readonly digest: string;
  readonly platform?: Platform | undefined;
  readonly annotations: Annotations;
}

/** A manifest, as far as it matters here; every digest is that of the bytes it names. */
export type ImageManifest =
  | {
      readonly kind: 'index';
      readonly digest: string;
      readonly annotations: Annotations;
      readonly entries: readonly IndexEntry[];
    }
  | {
      readonly kind: 'image';
      readonly digest: string;
      readonly annotations: Annotations;
      /** Digest of the config. */
      readonly config: string;
    }
  /** A Helm chart or another thing that is kept in a registry and does not run by itself. */
  | { readonly kind: 'artifact'; readonly digest: string; readonly annotations: Annotations };

/** The config of an image, as far as it matters here. */
export interface ImageConfig {
  readonly platform?: Platform;
  /** As written: RFC 3339, or whatever stands there. */
  readonly created?: string;
  readonly labels: Annotations;
}

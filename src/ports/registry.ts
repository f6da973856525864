/**
 * Asking container registries. As for all ports, calls reject with `AppError`, and take an `AbortSignal` and
 * stop soon after it fires.
 */
import type { ClientCertificate, DockerConfig, Login } from '../domain/access.ts';
import type { ImageConfig, ImageManifest } from '../domain/image/image-manifest.ts';
import type { Repository } from '../domain/image-reference.ts';
import type { Proxy } from '../domain/proxy.ts';
import type { AttachedSignatures } from '../domain/signature/attached-signature.ts';

/** How to reach one registry. Absent credentials: what the user's Docker configuration says, or anonymous. */
export interface RegistryAccess {
  /** The entry whose key is the most specific counts; among equals, that of the first. */
  readonly dockerConfigs?: readonly DockerConfig[];
  readonly basic?: Login;
  /** A Microsoft Entra token, which an Azure registry exchanges for a login. */
  readonly entraToken?: string;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Shown to the registry and its token service, never to where they redirect. */
  readonly clientCertificate?: ClientCertificate;
  /** For all that leads to the registry; absent: what the environment says. */
  readonly proxy?: Proxy;
  /** Plain HTTP; only on the user's word. */
  readonly insecure: boolean;
  /** Bound on the whole call, in ms. */
  readonly timeoutMs: number;
}

/** What a list itself tells of the image under a tag. */
export interface ToldImage {
  readonly digest: string;
  /** When it was built, in ms since the epoch; absent where only the image can say. */
  readonly createdMs?: number;
}

/** A whole list of tags. */
export interface TagList {
  /** In the registry's order, without duplicates. */
  readonly tags: readonly string[];
  /** By tag; empty for most registries, and without tags of which the list contradicts itself. */
  readonly told: ReadonlyMap<string, ToldImage>;
}

/** A container registry (OCI distribution-spec 1.1). */
export interface Registry {
  /**
   * All tags of a repository, and what the registry tells of them on its own.
   * @throws AppError `registry/incomplete` rather than ever returning a part of the list
   */
  listTags(repository: Repository, access: RegistryAccess, signal: AbortSignal): Promise<TagList>;
  /** Digest of a tag (of the index where there is one), or undefined when there is no such tag. */
  digest(
    repository: Repository,
    tag: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** What stands under a tag or a digest, its bytes checked; undefined where there is nothing. */
  manifest(
    repository: Repository,
    reference: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<ImageManifest | undefined>;
  /** The config of an image by its own digest, which a manifest names; its bytes checked. */
  imageConfig(
    repository: Repository,
    digest: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<ImageConfig>;
  /**
   * Cosign signatures that are attached to an image: by the referrers API, its fallback tag, and cosign's
   * own tag. An empty list is the registry's word that there are none; nothing of what is found is proven.
   * @throws AppError whenever a part of it could not be asked for
   */
  signatures(
    repository: Repository,
    digest: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<AttachedSignatures>;
}

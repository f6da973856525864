import { AppError } from '../../domain/errors.ts';
import {
  firstOf,
  runnableEntries,
  timeOfConfig,
  timeOfManifest,
  type BuildTime,
} from '../../domain/image/build-time.ts';
import { ImageMemory, type ImageFacts } from '../../domain/image/image-memory.ts';
import type { ImageConfig, ImageManifest } from '../../domain/image/image-manifest.ts';
import { isComplete, originOf, type ImageOrigin } from '../../domain/pull-requests/change-link.ts';
import { platformText } from '../../domain/image/platform.ts';
import { repositoryKey, type Repository } from '../../domain/image-reference.ts';
import type { StateFiles } from '../../ports/ports.ts';
import type { Registry, RegistryAccess } from '../../ports/registry.ts';
import { RegistryPlaces } from './registry-places.ts';
import { shareWork } from './share-work.ts';

/** Repositories whose images are remembered in memory; the others are in files. */
const MAX_REPOSITORIES = 1_000;

/** A repository, and how to reach it. */
export interface ImageSource {
  readonly repository: Repository;
  /** Asked for where something is not known yet: it may cost reading Secrets. */
  readonly access: (signal: AbortSignal) => Promise<RegistryAccess>;
  /** Tells apart who logs in otherwise: what one may read says nothing about the next. */
  readonly login: string;
}

/** The digest that a tag has now, and when that image was built. */
export interface TagTime {
  readonly digest: string;
  readonly time: BuildTime;
}

/** What asking about images takes. */
export interface ImagePorts {
  readonly registry: Registry;
  readonly state: StateFiles;
}

/**
 * What is known of images. A digest says the same for ever: each is asked about once, and remembered over
 * restarts.
 */
export class ImageLibrary {
  readonly #ports: ImagePorts;
  readonly #places = new RegistryPlaces();
  readonly #memories = new Map<string, Promise<ImageMemory>>();
  readonly #factsInFlight = new Map<string, Promise<ImageFacts>>();
  readonly #tagsInFlight = new Map<string, Promise<TagTime | undefined>>();

  constructor(ports: ImagePorts) {
    this.#ports = ports;
  }

  /** What is remembered of a repository's images. */
  memory(source: ImageSource): Promise<ImageMemory> {
    const name = nameOf(source);
    const known = this.#memories.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#memories.keys();
    if (oldest !== undefined && this.#memories.size >= MAX_REPOSITORIES) {
      this.#memories.delete(oldest);
    }
    const loaded = this.#ports.state.load(name).then((kept) => ImageMemory.from(kept));
    this.#memories.set(name, loaded);
    return loaded;
  }

  /** Keeps what was learnt for the next run. Losing it costs requests, and nothing else. */
  async save(source: ImageSource): Promise<void> {
    const memory = await this.memory(source);
    if (memory.takeChange()) await this.#ports.state.save(nameOf(source), memory.save());
  }

  /** The platforms that an image provides, in their normal spelling; undefined for what does not run. */
  async platforms(
    source: ImageSource,
    digest: string,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const { platforms } = await this.#facts(source, digest, 'platforms', signal);
    return platforms ?? undefined;
  }

  /** When an image was built, by its digest. */
  async time(source: ImageSource, digest: string, signal: AbortSignal): Promise<BuildTime> {
    const { time = 'absent' } = await this.#facts(source, digest, 'time', signal);
    return time;
  }

  /**
   * The same by a tag, together with the digest that it has now: one request less than by the digest.
   * @returns undefined when there is no such tag
   */
  timeOfTag(source: ImageSource, tag: string, signal: AbortSignal): Promise<TagTime | undefined> {
    const key = JSON.stringify([nameOf(source), tag]);
    return shareWork(this.#tagsInFlight, key, async () => {
      const manifest = await this.#inTurn(source, () => this.#manifest(source, tag, signal));
      if (manifest === undefined) return undefined;
      const { digest } = manifest;
      const memory = await this.memory(source);
      const known = memory.facts(digest)?.time;
      if (known !== undefined) return { digest, time: known };
      const time = await this.#inTurn(source, () => this.#timeOf(source, manifest, signal));
      memory.learn(digest, { time });
      return { digest, time };
    });
  }

  /** The digest that a tag has now, by HEAD; undefined when there is no such tag. */
  digest(source: ImageSource, tag: string, signal: AbortSignal): Promise<string | undefined> {
    const { repository, access } = source;
    return this.#inTurn(source, async () =>
      this.#ports.registry.digest(repository, tag, await access(signal), signal),
    );
  }

  /**
   * What an image says of where it comes from: its manifest, else the labels of the first image of an index. Not
   * remembered: it is for people, who read it once.
   * @param reference tag or digest
   * @returns undefined when there is no such image
   */
  async origin(
    source: ImageSource,
    reference: string,
    signal: AbortSignal,
  ): Promise<ImageOrigin | undefined> {
    const manifest = await this.#inTurn(source, () => this.#manifest(source, reference, signal));
    return manifest === undefined
      ? undefined
      : this.#inTurn(source, () => this.#originIn(source, manifest, signal));
  }

  #inTurn<T>({ repository }: ImageSource, ask: () => Promise<T>): Promise<T> {
    return this.#places.at(repository.registry, ask);
  }

  async #originIn(
    source: ImageSource,
    manifest: ImageManifest,
    signal: AbortSignal,
  ): Promise<ImageOrigin> {
    const told = originOf(manifest.annotations);
    if (isComplete(told) || manifest.kind === 'artifact') return told;
    if (manifest.kind === 'image') {
      const { labels } = await this.#config(source, manifest.config, signal);
      return { ...originOf(labels), ...told };
    }
    const [first] = runnableEntries(manifest);
    const child = first && (await this.#existing(source, first.digest, signal));
    // An index within an index is followed no further.
    if (child === undefined || child.kind === 'index') return told;
    return { ...(await this.#originIn(source, child, signal)), ...told };
  }

  async #facts(
    source: ImageSource,
    digest: string,
    wanted: keyof ImageFacts,
    signal: AbortSignal,
  ): Promise<ImageFacts> {
    const memory = await this.memory(source);
    const known = memory.facts(digest);
    if (known?.[wanted] !== undefined) return known;
    const key = JSON.stringify([nameOf(source), digest, wanted]);
    return shareWork(this.#factsInFlight, key, async () => {
      const facts = await this.#inTurn(source, () => this.#ask(source, digest, wanted, signal));
      memory.learn(digest, facts);
      return facts;
    });
  }

  async #ask(
    source: ImageSource,
    digest: string,
    wanted: keyof ImageFacts,
    signal: AbortSignal,
  ): Promise<ImageFacts> {
    const manifest = await this.#existing(source, digest, signal);
    return wanted === 'time'
      ? { time: await this.#timeOf(source, manifest, signal) }
      : { platforms: await this.#platformsOf(source, manifest, signal) };
  }

  async #platformsOf(
    source: ImageSource,
    manifest: ImageManifest,
    signal: AbortSignal,
  ): Promise<readonly string[] | null> {
    if (manifest.kind === 'artifact') return null;
    if (manifest.kind === 'index') {
      return runnableEntries(manifest).flatMap(({ platform }) =>
        platform === undefined ? [] : [platformText(platform)],
      );
    }
    const { platform } = await this.#config(source, manifest.config, signal);
    return platform === undefined ? [] : [platformText(platform)];
  }

  /** The rest of the way only where the manifest itself says nothing: to the first image of an index, and its config. */
  async #timeOf(
    source: ImageSource,
    manifest: ImageManifest,
    signal: AbortSignal,
  ): Promise<BuildTime> {
    const told = timeOfManifest(manifest);
    if (typeof told === 'number' || manifest.kind === 'artifact') return told;
    if (manifest.kind === 'image') {
      return firstOf(timeOfConfig(await this.#config(source, manifest.config, signal)), told);
    }
    const [first] = runnableEntries(manifest);
    if (first === undefined) return told;
    const child = await this.#existing(source, first.digest, signal);
    // An index within an index is followed no further.
    if (child.kind === 'index') return firstOf(timeOfManifest(child), told);
    return firstOf(await this.#timeOf(source, child, signal), told);
  }

  async #existing(
    source: ImageSource,
    digest: string,
    signal: AbortSignal,
  ): Promise<ImageManifest> {
    const manifest = await this.#manifest(source, digest, signal);
    if (manifest !== undefined) return manifest;
    const name = repositoryKey(source.repository);
    throw new AppError('registry/not-found', `${name} has no manifest ${digest}`, { retry: true });
  }

  async #manifest(
    { repository, access }: ImageSource,
    reference: string,
    signal: AbortSignal,
  ): Promise<ImageManifest | undefined> {
    return this.#ports.registry.manifest(repository, reference, await access(signal), signal);
  }

  async #config(
    { repository, access }: ImageSource,
    digest: string,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    return this.#ports.registry.imageConfig(repository, digest, await access(signal), signal);
  }
}

function nameOf({ repository, login }: ImageSource): string {
  return `images of ${JSON.stringify([repositoryKey(repository), login])}`;
}

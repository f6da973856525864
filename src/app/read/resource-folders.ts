import { AppError } from '../../domain/errors.ts';
import {
  decodeManifest,
  isManifestPath,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import { mayHoldResources } from '../../domain/resources/may-hold-resources.ts';
import {
  mergeResources,
  NO_RESOURCES,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import { parseResources, type ParsedResources } from '../../domain/resources/parse-resources.ts';
import type { FileSource } from '../../ports/files.ts';
import { rejectInvalid } from './invalid-resources.ts';

/** Resources kept in folders of their own (`--policies`, `--config`). */
export class ResourceFolders {
  readonly #sources: readonly FileSource[];
  #last: { readonly texts: string; readonly resources: Resources } | undefined;

  constructor(sources: readonly FileSource[]) {
    this.#sources = sources;
  }

  /**
   * The resources as they are now; the same object as before while no file has changed.
   * @throws InvalidResources when any of them is invalid
   */
  async load(signal: AbortSignal): Promise<Resources> {
    const files = await this.#read(signal);
    const texts = JSON.stringify(files);
    if (this.#last?.texts === texts) return this.#last.resources;
    const parsed = files.map(([path, text]): ParsedResources => parseResources(path, text));
    const resources = mergeResources(NO_RESOURCES, parsed);
    rejectInvalid(resources.findings);
    this.#last = { texts, resources };
    return resources;
  }

  async #read(signal: AbortSignal): Promise<readonly (readonly [string, string])[]> {
    const files: [string, string][] = [];
    for (const source of this.#sources) {
      const entries = (await source.list(signal)).filter(
        ({ path, kind }) => kind === 'file' && isManifestPath(path),
      );
      for await (const { entry, bytes } of source.read(entries, MAX_MANIFEST_BYTES, signal)) {
        if (bytes === undefined) {
          throw new AppError('file/too-large', 'too large to hold resources', { at: entry });
        }
        if (mayHoldResources(bytes)) files.push([entry.path, decodeManifest(entry.path, bytes)]);
      }
    }
    return files;
  }
}

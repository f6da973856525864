import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { Finding } from '../../domain/errors.ts';
import { isManifestPath, MAX_SEARCHED_BYTES } from '../../domain/manifest/decode.ts';
import type { FileFields } from '../../domain/manifest/image-field.ts';
import type { ParsedResources } from '../../domain/resources/parse-resources.ts';
import type { FileEntry, FileSource } from '../../ports/files.ts';
import { FilesMemory, NOT_KEPT, type KeptFiles, type KnownFiles } from './known-files.ts';
import { interestOf, parseFile, type ParsedFile } from './parse-file.ts';
import { tooLarge, unreadableEntries } from './unreadable-files.ts';

/** What the reader should look for. */
export interface ReadScope {
  readonly strategy: UpdateStrategy;
  /** Commit of the source: the same revision holds the same files. */
  readonly revision?: string;
}

/** All that a folder or commit holds for us. */
export interface ManifestContents {
  /** By path, in path order; only files with fields or findings. */
  readonly files: ReadonlyMap<string, FileFields>;
  readonly resources: readonly ParsedResources[];
  readonly findings: readonly Finding[];
}

/**
 * Reads the manifests of a folder or commit. Files are looked at in raw bytes first and parsed only
 * where they hold something. Of a commit that is known nothing is read, and of one after it what differs.
 */
export class ManifestReader {
  readonly #memory: FilesMemory;
  /** The last answer for each strategy. */
  readonly #last = new Map<
    UpdateStrategy,
    { readonly revision: string; readonly contents: ManifestContents }
  >();
  /** Files of a commit that may matter with some strategy, from when all were looked at. */
  #candidates: { readonly revision: string; readonly entries: readonly FileEntry[] } | undefined;

  /** @param kept where it is remembered what the commits of a branch hold; default: nowhere */
  constructor(kept: KeptFiles = NOT_KEPT) {
    this.#memory = new FilesMemory(kept);
  }

  /** @throws AppError only where the source itself fails; a bad file is a finding. */
  async read(source: FileSource, scope: ReadScope, signal: AbortSignal): Promise<ManifestContents> {
    const { strategy, revision } = scope;
    if (revision === undefined) return contentsOf(await this.#readAll(source, scope, signal));
    const last = this.#last.get(strategy);
    if (last?.revision === revision) return last.contents;
    const contents = contentsOf(await this.#filesOf(source, { strategy, revision }, signal));
    this.#last.set(strategy, { revision, contents });
    return contents;
  }

  /** Keeps for the next run what was learnt. */
  async remember(): Promise<void> {
    this.#candidates = undefined;
    await this.#memory.save();
  }

  async #filesOf(
    source: FileSource,
    scope: Required<ReadScope>,
    signal: AbortSignal,
  ): Promise<KnownFiles['files']> {
    const { strategy, revision } = scope;
    const known = await this.#memory.get(strategy);
    if (known?.revision === revision) return known.files;
    const files =
      (known && (await readSince(source, { known, strategy }, signal))) ??
      (await this.#readAll(source, scope, signal));
    this.#memory.set(strategy, { revision, files });
    return files;
  }

  async #readAll(
    source: FileSource,
    { strategy, revision }: ReadScope,
    signal: AbortSignal,
  ): Promise<KnownFiles['files']> {
    const isLookedAt = revision !== undefined && this.#candidates?.revision === revision;
    const entries =
      isLookedAt && this.#candidates !== undefined
        ? this.#candidates.entries
        : await source.list(signal);
    const files = new Map<string, ParsedFile>();
    const candidates: FileEntry[] = [];
    for await (const { entry, file, mayMatter } of readFiles(source, entries, strategy, signal)) {
      if (file !== undefined) files.set(entry.path, file);
      if (mayMatter) candidates.push(entry);
    }
    if (revision !== undefined) this.#candidates = { revision, entries: candidates };
    return files;
  }
}

/** What is known of a commit, brought to a later one. @returns undefined when that cannot be told from it */
async function readSince(
  source: FileSource,
  { known, strategy }: { readonly known: KnownFiles; readonly strategy: UpdateStrategy },
  signal: AbortSignal,
): Promise<KnownFiles['files'] | undefined> {
  const differences = await source.since?.(known.revision, signal);
  if (differences === undefined) return undefined;
  const files = new Map(known.files);
  for (const { path } of differences) files.delete(path);
  const changed = differences.flatMap(({ entry }) => entry ?? []);
  for await (const { entry, file } of readFiles(source, changed, strategy, signal)) {
    if (file !== undefined) files.set(entry.path, file);
  }
  return files;
}

/** One file that was looked at. */
interface ReadFile {
  readonly entry: FileEntry;
  readonly file: ParsedFile | undefined;
  /** May it matter with another strategy? */
  readonly mayMatter: boolean;
}

async function* readFiles(
  source: FileSource,
  entries: readonly FileEntry[],
  strategy: UpdateStrategy,
  signal: AbortSignal,
): AsyncGenerator<ReadFile> {
  const manifests = entries.filter(({ path }) => isManifestPath(path));
  const regular = manifests.filter(({ kind }) => kind === 'file');
  for await (const { entry, bytes } of source.read(regular, MAX_SEARCHED_BYTES, signal)) {
    if (bytes === undefined) {
      yield { entry, file: { finding: tooLarge(entry.path) }, mayMatter: true };
      continue;
    }
    const interest = interestOf(bytes);
    const mayMatter = interest.marker || interest.image || interest.resources;
    yield { entry, file: parseFile(entry.path, { bytes, interest, strategy }), mayMatter };
  }
  const others = manifests.filter(({ kind }) => kind !== 'file');
  for (const finding of await unreadableEntries(source, others, signal)) {
    const entry = others.find(({ path }) => path === finding.at?.path);
    if (entry !== undefined) yield { entry, file: { finding }, mayMatter: true };
  }
}

function contentsOf(read: KnownFiles['files']): ManifestContents {
  const files = new Map<string, FileFields>();
  const resources: ParsedResources[] = [];
  const findings: Finding[] = [];
  // Whatever was read anew comes last, and two ways to the same commit are to give the same.
  const sorted = [...read].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, file] of sorted) {
    if (file.finding !== undefined) findings.push(file.finding);
    if (file.resources !== undefined) resources.push(file.resources);
    if (file.fields === undefined) continue;
    files.set(path, file.fields);
    findings.push(...file.fields.findings);
  }
  return { files, resources, findings };
}

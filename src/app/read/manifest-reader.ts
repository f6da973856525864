import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import { AppError, findingOf, type Finding } from '../../domain/errors.ts';
import {
  decodeManifest,
  isManifestPath,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import type { FileFields } from '../../domain/manifest/image-field.ts';
import { locateFields } from '../../domain/manifest/locate-fields.ts';
import { parseResources, type ParsedResources } from '../../domain/resources/parse-resources.ts';
import type { FileEntry, FileSource } from '../../ports/ports.ts';
import { escapingLinks, tooLarge } from './unreadable-files.ts';
import { interestOf, type Interest, type InterestMemory } from './interest-memory.ts';
import { ParsedFiles, type ParsedFile } from './parsed-files.ts';

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
 * where they hold something; what a blob held is remembered by its id, so that a further read costs
 * only what changed.
 */
export class ManifestReader {
  /** The last answer for each strategy: a branch that did not move costs nothing. */
  readonly #last = new Map<
    UpdateStrategy,
    { readonly revision: string; readonly contents: ManifestContents }
  >();
  readonly #interest: InterestMemory;
  readonly #parsed: ParsedFiles;

  constructor(interest: InterestMemory, parsed: ParsedFiles = ParsedFiles.from(undefined)) {
    this.#interest = interest;
    this.#parsed = parsed;
  }

  /** @throws AppError only where the source itself fails; a bad file is a finding. */
  async read(source: FileSource, scope: ReadScope, signal: AbortSignal): Promise<ManifestContents> {
    const { strategy, revision } = scope;
    const last = this.#last.get(strategy);
    if (last !== undefined && last.revision === revision) return last.contents;
    const contents = await this.#readAll(source, scope, signal);
    if (revision !== undefined) this.#last.set(strategy, { revision, contents });
    return contents;
  }

  async #readAll(
    source: FileSource,
    scope: ReadScope,
    signal: AbortSignal,
  ): Promise<ManifestContents> {
    const entries = (await source.list(signal)).filter((entry) => isManifestPath(entry.path));
    const regular = entries.filter((entry) => entry.kind === 'file');
    const seen = new Map<string, ParsedFile>();
    const findings: Finding[] = [];
    const missing: FileEntry[] = [];
    for (const entry of regular) {
      const file = this.#parsed.get(entry, scope.strategy);
      if (file !== undefined) seen.set(entry.path, file);
      else if (this.#mayBeWanted(entry, scope)) missing.push(entry);
    }
    for await (const read of this.#readMissing(source, missing, scope, signal)) {
      if (read.kind === 'finding') findings.push(read.finding);
      else seen.set(read.entry.path, read.file);
    }
    this.#forgetOthers(regular);
    findings.push(...(await escapingLinks(source, entries, signal)));
    return collect(regular, seen, findings);
  }

  #mayBeWanted(entry: FileEntry, scope: ReadScope): boolean {
    const interest = this.#interest.get(entry.id);
    return interest === undefined || isWanted(interest, scope);
  }

  /** Drops what is known of blobs that are no longer there, so that memory stays flat. */
  #forgetOthers(entries: readonly FileEntry[]): void {
    const ids = new Set<string>();
    for (const { id } of entries) if (id !== undefined) ids.add(id);
    this.#parsed.keepOnly(ids);
    this.#interest.keepOnly(ids);
  }

  async *#readMissing(
    source: FileSource,
    missing: readonly FileEntry[],
    scope: ReadScope,
    signal: AbortSignal,
  ): AsyncGenerator<
    | { readonly kind: 'file'; readonly entry: FileEntry; readonly file: ParsedFile }
    | { readonly kind: 'finding'; readonly finding: Finding }
  > {
    for await (const { entry, bytes } of source.read(missing, MAX_MANIFEST_BYTES, signal)) {
      if (bytes === undefined) {
        yield { kind: 'finding', finding: tooLarge(entry.path) };
        continue;
      }
      const interest = interestOf(bytes);
      this.#interest.set(entry.id, interest);
      if (!isWanted(interest, scope)) continue;
      try {
        const file = parseFile(entry.path, bytes, interest, scope);
        this.#parsed.set(entry, scope.strategy, file);
        yield { kind: 'file', entry, file };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        yield { kind: 'finding', finding: findingOf(error, error.at ?? { path: entry.path }) };
      }
    }
  }
}

function isWanted(interest: Interest, scope: ReadScope): boolean {
  return interest.resources || interest.marker || (interest.image && scope.strategy === 'Images');
}

function parseFile(
  path: string,
  bytes: Uint8Array,
  interest: Interest,
  scope: ReadScope,
): ParsedFile {
  const text = decodeManifest(path, bytes);
  const wantsFields = interest.marker || (interest.image && scope.strategy === 'Images');
  return {
    ...(wantsFields ? { fields: fieldsOf(path, text, interest, scope) } : {}),
    ...(interest.resources ? { resources: parseResources(path, text) } : {}),
  };
}

/** Without a marker a file that is no YAML (a Helm template, say) is none of ours: only a warning. */
function fieldsOf(path: string, text: string, interest: Interest, scope: ReadScope): FileFields {
  const located = locateFields(path, text, scope.strategy);
  if (interest.marker) return located;
  return {
    fields: located.fields,
    findings: located.findings.map((finding) => ({ ...finding, severity: 'warning' as const })),
  };
}

function collect(
  entries: readonly FileEntry[],
  read: ReadonlyMap<string, ParsedFile>,
  findings: readonly Finding[],
): ManifestContents {
  const files = new Map<string, FileFields>();
  const resources: ParsedResources[] = [];
  for (const { path } of entries) {
    const file = read.get(path);
    if (file?.resources !== undefined) resources.push(file.resources);
    const { fields } = file ?? {};
    if (fields !== undefined && fields.fields.length + fields.findings.length > 0) {
      files.set(path, fields);
    }
  }
  const ofFiles = [...files.values()].flatMap((file) => file.findings);
  return { files, resources, findings: [...findings, ...ofFiles] };
}

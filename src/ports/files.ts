/** One file of a tree or folder. */
export interface FileEntry {
  /** Relative to the root, `/`-separated, never with `..`. */
  readonly path: string;
  /** Git blob id; equal ids mean equal bytes. Absent in a plain folder. */
  readonly id?: string;
  /** Size in bytes where it is known without reading. */
  readonly size?: number;
  /** `unnamed`: on a disk, what has a name that is no UTF-8; the path has a U+FFFD there, and cannot be read. */
  readonly kind: 'file' | 'symlink' | 'unnamed';
}

/** A file's bytes; `undefined` where it is larger than was asked for. */
export interface FileContent {
  readonly entry: FileEntry;
  readonly bytes: Uint8Array | undefined;
}

/** A read-only set of files: a folder, or the tree of one commit. */
export interface FileSource {
  /** Files and symbolic links in path order; submodules and `.git` are not among them. */
  list(signal: AbortSignal): Promise<readonly FileEntry[]>;
  /**
   * Contents, one at a time, in the order asked for.
   * A symbolic link's content is its target. Links are never followed.
   */
  read(
    entries: readonly FileEntry[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<FileContent>;
  /**
   * What is otherwise than in an earlier commit, at the cost of what differs and not of what there is. Absent in a
   * plain folder.
   * @returns undefined when that commit is no longer here
   */
  since?(commit: string, signal: AbortSignal): Promise<readonly FileDifference[] | undefined>;
}

/** A file or symbolic link that came, went, or is otherwise than it was. */
export interface FileDifference {
  readonly path: string;
  /** As it is now; undefined: it is there no more. */
  readonly entry: FileEntry | undefined;
}

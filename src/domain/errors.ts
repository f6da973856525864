/**
 * Every failure code of the product, `area/what`. Code is identity: callers branch on it and never
 * on message text.
 */
export type ErrorCode =
  // wrong usage or invalid input: nothing at all is done
  | 'usage'
  | 'resource/invalid'
  | 'resource/not-found'
  | 'resource/not-supported'
  | 'image/invalid'
  | 'policy/invalid-range'
  | 'policy/invalid-pattern'
  // files
  | 'file/unreadable'
  | 'file/not-utf8'
  | 'file/too-large'
  | 'file/outside'
  | 'manifest/unparsable'
  | 'manifest/unprovable'
  | 'manifest/not-found'
  | 'manifest/ambiguous'
  // registries
  | 'registry/unreachable'
  | 'registry/unauthorized'
  | 'registry/not-found'
  | 'registry/rate-limited'
  | 'registry/server-error'
  | 'registry/bad-response'
  | 'registry/incomplete'
  | 'registry/too-large'
  // signatures
  | 'signature/no-trusted-root'
  // Git
  | 'git/unreachable'
  | 'git/unauthorized'
  | 'git/not-found'
  | 'git/rejected'
  | 'git/protected'
  | 'git/conflict'
  | 'git/dirty'
  | 'git/store'
  | 'git/unsupported'
  // forges
  | 'forge/unreachable'
  | 'forge/unauthorized'
  | 'forge/not-found'
  | 'forge/rate-limited'
  | 'forge/rejected'
  | 'forge/bad-response'
  // Kubernetes
  | 'cluster/unreachable'
  | 'cluster/forbidden'
  | 'cluster/invalid'
  // the rest
  | 'access/denied'
  | 'source/not-found'
  | 'source/invalid'
  | 'secret/not-found'
  | 'secret/invalid'
  | 'cancelled'
  /** A defect of ours: anything that was thrown and is no AppError. */
  | 'internal';

/** Codes that mean "your input is wrong": the command line exits with 2 for them. */
const INPUT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'usage',
  'resource/invalid',
  'resource/not-found',
  'resource/not-supported',
  'image/invalid',
  'policy/invalid-range',
  'policy/invalid-pattern',
]);

/** A place in a file. `path` is relative to the repo's root, `/`-separated; line and column count from 1. */
export interface Location {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/** What an {@link AppError} carries besides its code and message. */
export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly at?: Location;
  /** Is it worth trying again without a change of input? Default false. */
  readonly retry?: boolean;
  /** The earliest time to try again, in ms from now, when the other side named one. */
  readonly afterMs?: number;
}

/**
 * The one error class. The message is one line for a person: what is wrong, where, and the mend; it
 * never holds a secret. Adapters translate vendor errors into it at their edge.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly at: Location | undefined;
  readonly retry: boolean;
  readonly afterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.at = options.at;
    this.retry = options.retry ?? false;
    this.afterMs = options.afterMs;
  }

  /** True when the user's input is at fault (exit code 2) rather than the world (exit code 1). */
  get isInputError(): boolean {
    return INPUT_CODES.has(this.code);
  }
}

/**
 * Something the user must be told about one place, as data: it stops that place, not the run.
 * An `error` makes the command exit with 1; a `warning` does not.
 */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode | FindingCode;
  readonly message: string;
  readonly at?: Location;
}

/** Codes of findings that are not also failures. */
export type FindingCode =
  | 'marker/malformed'
  | 'marker/dangling'
  | 'marker/unknown-policy'
  | 'field/claimed-twice'
  | 'field/unsupported'
  | 'lock/invalid'
  | 'lock/tag-missing'
  | 'lock/unsigned'
  | 'policy/failed'
  | 'policy/no-access'
  | 'policy/ages-unknown'
  | 'automation/suspended'
  | 'pull-request/incomplete'
  | 'branch/foreign'
  | 'branch/stale';

/** Text of a location: `path`, `path:line` or `path:line:column`. */
export function formatLocation(at: Location): string {
  if (at.line === undefined) return at.path;
  return at.column === undefined ? `${at.path}:${at.line}` : `${at.path}:${at.line}:${at.column}`;
}

/** The message with its place in front, for where the two cannot stand apart. */
export function placedMessage({ at, message }: Pick<Finding, 'at' | 'message'>): string {
  return at === undefined ? message : `${formatLocation(at)}: ${message}`;
}

/** The finding an {@link AppError} amounts to when only one place is affected. */
export function findingOf(error: AppError, at: Location | undefined = error.at): Finding {
  return {
    severity: 'error',
    code: error.code,
    message: error.message,
    ...(at === undefined ? {} : { at }),
  };
}

/** Whatever was thrown, as an AppError: what is not one already is a defect, and is named so. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('internal', `unexpected failure: ${message.split('\n', 1)[0]}`, {
    cause: error,
  });
}

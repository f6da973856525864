import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  runCli,
  startCli,
  type CliOptions,
  type CliResult,
  type RunningCli,
} from '../support/cli.ts';
import { git, scratch } from '../support/git/repo.ts';

/** A scratch folder in which a user runs the command, with a cache of its own. */
export interface Stage {
  readonly folder: string;
  /** Environment of each command. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of something in the folder. */
  path(...parts: readonly string[]): string;
  /** Writes files below the folder. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Runs the command to its end. */
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Starts the command; it is killed with the stage at the latest. */
  start(args: readonly string[], options?: CliOptions): RunningCli;
  /** Kills what still runs and removes the folder. */
  close(): Promise<void>;
}

/** Sets up a stage. @param env what every command gets besides */
export function openStage(env: Readonly<Record<string, string>> = {}): Stage {
  const { path: folder, ...own } = scratch();
  const started: RunningCli[] = [];
  const full = { LOCKKEEPER_CACHE_DIR: join(folder, '.cache'), HOME: folder, ...env };
  const optionsOf = (options: CliOptions = {}): CliOptions => ({
    cwd: folder,
    ...options,
    env: { ...full, ...options.env },
  });
  return {
    folder,
    env: full,
    path: (...parts) => join(folder, ...parts),
    write: (files) => writeFiles(folder, files),
    run: (args, options) => runCli(args, optionsOf(options)),
    start: (args, options) => {
      const cli = startCli(args, optionsOf(options));
      started.push(cli);
      return cli;
    },
    close: async () => {
      for (const { process } of started) process.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      own.remove();
    },
  };
}

/** Writes files below a folder, making the folders that they need. */
export function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Makes a work tree with one commit of these files. */
export function createCheckout(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): void {
  mkdirSync(folder, { recursive: true });
  git(folder, ['init', '--quiet', '--initial-branch=main', '--template=']);
  writeFiles(folder, files);
  git(folder, ['add', '.']);
  git(folder, ['commit', '--quiet', '--message', 'Begin']);
}

/** Everything below a folder but `.git`: bytes as Latin-1 text, link targets, and when each was written. */
export function snapshot(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path.startsWith(join(folder, '.git'))) continue;
    if (entry.isSymbolicLink()) found[path] = `-> ${readlinkSync(path)}`;
    if (!entry.isFile()) continue;
    found[path] = `${statSync(path, { bigint: true }).mtimeNs} ${readFileSync(path, 'latin1')}`;
  }
  return found;
}

/** Paths that differ between two snapshots, or were written again with the same bytes. */
export function changedFiles(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).toSorted();
}

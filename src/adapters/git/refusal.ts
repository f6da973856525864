import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { quotable } from '../../domain/foreign-text.ts';
import type { PushResult } from '../../ports/ports.ts';
import type { Remote } from './remote.ts';

/**
 * How servers and clients say "the branch is no longer where you thought". Spellings of git,
 * GitHub ("cannot lock ref"), GitLab ("incorrect old value provided"), Gitea and Azure DevOps.
 */
const MOVED =
  /fetch first|non-fast-forward|stale info|cannot lock ref|failed to lock|incorrect old value|failed to update ref|reference already exists|is at [0-9a-f]{7,} but expected|already (been )?updated/i;

/** One way to be refused. */
interface Refusal {
  readonly words: RegExp;
  /** Default: `git/rejected`. */
  readonly code?: ErrorCode;
  readonly say: (branch: string) => string;
}

/** Refusals that people mend in different ways; the servers tell them apart by words only. */
const FINAL: readonly Refusal[] = [
  {
    words: /verified signature|must be (gpg )?signed|unverified commit|unsigned commit/i,
    code: 'git/protected',
    say: (branch) =>
      `takes only signed commits on ${branch}: have them signed, by commit.signingKey of the automation, or by commit.signedBy where a GitHub App pushes`,
  },
  {
    words:
      /GH006|GH013|protected branch|protected ref|is protected|rule violations|branch (permission|restriction)s?|denied to update branch|TF402455/i,
    code: 'git/protected',
    say: (branch) => `protects ${branch}: let this login push to it`,
  },
  {
    words: /quota|size limit|storage limit|allocated storage|over .*limit|no space left|disk full/i,
    say: () => 'has no room for the push: its quota is used up',
  },
  {
    words: /\barchived\b/i,
    say: () => 'is archived: take it out of the archive, or name another repo',
  },
  {
    words: /read[- ]only/i,
    say: () => 'may only be read: allow writing to it',
  },
  {
    words: /GenericContribute|not authorized to perform/i,
    say: () => 'does not let this login push: grant it that',
  },
];

/**
 * Reads a push refusal (the text after `ng <ref>` or in the parentheses of `git push --porcelain`).
 * @param ref the ref that was to move
 * @param words the refusal, and what the server printed besides, such as a hook's message
 * @returns `rejected` when the branch moved
 * @throws AppError `git/rejected` when the server forbids the change, whatever the branch's state, `git/protected` where
 * that is by rules of the branch
 */
export function readRefusal(
  remote: Remote,
  ref: string,
  { reason, detail = '' }: { readonly reason: string; readonly detail?: string },
): PushResult {
  if (MOVED.test(reason)) return { kind: 'rejected', reason: oneLine(remote, reason) };
  const words = oneLine(remote, detail === '' ? reason : `${reason}: ${detail}`);
  const branch = ref.replace(/^refs\/heads\//, '');
  const known = FINAL.find((rule) => rule.words.test(words));
  if (known !== undefined) {
    const { code = 'git/rejected', say } = known;
    throw new AppError(code, `${remote.display} ${say(branch)} (${words})`);
  }
  throw new AppError(
    'git/rejected',
    `${remote.display} does not accept the push to ${branch} (${words})`,
  );
}

/** How a repo is refused whose objects are named by SHA-256. */
export function sha256Refusal({ display }: Pick<Remote, 'display'>): AppError {
  return new AppError(
    'git/unsupported',
    `${display} names its objects by SHA-256, which is not supported: use a repo with SHA-1 ids`,
  );
}

/** How an address is refused at which something else than Git answers, such as the page of a login. */
export function noGitServer({ display }: Pick<Remote, 'display'>): AppError {
  return new AppError(
    'git/not-found',
    `${display} does not answer as a Git server; check the address`,
  );
}

/** How servers (git, JGit) say that they leave nothing out, or give out no single objects. */
const PART_REFUSAL = /\bfilter\b|not our ref|unadvertised object|\bnot valid\b/;

/** Was a fetch refused because it asked for a part of a commit? The refusal of a commit that has gone sounds alike. */
export function isPartRefusal(words: string): boolean {
  return PART_REFUSAL.test(words);
}

/** The error for it; whoever gets it fetches everything. */
export function partRefusal({ display }: Pick<Remote, 'display'>, reason: string): AppError {
  return new AppError('git/unsupported', `${display} gives out whole commits only (${reason})`);
}

/** What a remote said, for a message: without its secrets. */
export function oneLine(remote: Pick<Remote, 'secrets'>, text: string): string {
  return quotable(text, remote.secrets);
}

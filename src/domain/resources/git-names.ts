import { AppError } from '../errors.ts';
import { leavesRepo } from '../repo-path.ts';

const SCHEMES: ReadonlySet<string> = new Set(['https:', 'http:', 'ssh:', 'file:']);

/** `user@host:path`, as SSH users write it. */
const SCP_LIKE = /^[A-Za-z0-9_][\w.-]*@[\w.-]+:[^\s]+$/;

/**
 * Checks the address of a Git repo. The message never repeats it: it may hold a password.
 * @throws AppError `resource/invalid`
 */
export function checkGitUrl(url: string): void {
  if (/[\s\p{Cc}]/u.test(url)) throw invalid('must not contain white space or control characters');
  if (url.startsWith('/') || SCP_LIKE.test(url)) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !url.includes('://') || !SCHEMES.has(parsed.protocol)) {
    throw invalid(
      'must be https://…, http://…, ssh://…, file://…, git@host:path or an absolute path',
    );
  }
  const isWeb = parsed.protocol === 'https:' || parsed.protocol === 'http:';
  if (parsed.password !== '' || (isWeb && parsed.username !== '')) {
    throw invalid('must not hold a login; put it into a Secret and name that in git.secretRef');
  }
}

/** Does SSH lead to this address: `ssh://…` or `user@host:path`? */
export function isSshUrl(url: string): boolean {
  return SCP_LIKE.test(url) || /^ssh:\/\//i.test(url);
}

/**
 * Checks that a repo that is to be reached through a proxy can be: HTTP proxies carry no SSH of their own accord.
 * @throws AppError `resource/invalid`
 */
export function checkProxied(url: string): void {
  if (!isSshUrl(url)) return;
  throw invalid('a proxy is for https:// and http:// addresses; SSH does not go through one');
}

/**
 * Checks the base of a forge's API. The message never repeats it: it may hold a token.
 * @throws AppError `resource/invalid`
 */
export function checkApiUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') {
    throw invalid('must be the address of an API, such as https://git.example.com/api/v1');
  }
  if (parsed.username + parsed.password + parsed.search + parsed.hash !== '') {
    throw invalid('must be a bare address; put a login into a Secret and name that in secretRef');
  }
}

/**
 * Checks the name of a branch (the rules of git check-ref-format, and no leading "-").
 * @throws AppError `resource/invalid`
 */
export function checkBranch(branch: string): void {
  const isBad =
    /[\s\p{Cc}~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/u.test(branch) ||
    branch === '' ||
    branch === '@' ||
    branch.startsWith('refs/') ||
    branch.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (isBad) throw invalid(`${JSON.stringify(branch)} is not the name of a branch, such as main`);
}

/**
 * Checks a path within a repo; `./` and `/` at its start mean the root.
 * @throws AppError `resource/invalid`
 */
export function checkRepoPath(path: string): void {
  if (leavesRepo(path)) throw invalid('leaves the repo; name a path below its root');
  // It would match nothing, and nobody would be told why.
  if (path.includes('*')) throw invalid('is no pattern; name folders or files, without "*"');
}

function invalid(message: string): AppError {
  return new AppError('resource/invalid', message);
}

import { AppError, type ErrorCode } from '../../../domain/errors.ts';
import { accessRefusal, loginRefusal } from '../login-refusal.ts';
import { isPartRefusal, noGitServer, oneLine, partRefusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { storeError } from '../store-error.ts';
import { badRequest, clientRefusal, proxyRefusal, throughProxy } from '../way-failure.ts';

/** What git says when a connection ended too soon; a cut line of the protocol is complained of besides. */
const CUT_TRANSFER =
  /early EOF|RPC failed|unexpected disconnect|hung up unexpectedly|non-properly terminated|getpeername\(\) failed/;

interface Rule {
  readonly pattern: RegExp;
  readonly error: (remote: Remote, line: string) => AppError;
}

/** A rule for what stays as it is until a person mends it, unless `retry` says otherwise. */
function rule(
  pattern: RegExp,
  code: ErrorCode,
  say: (remote: Remote, line: string) => string,
  retry = false,
): Rule {
  return { pattern, error: (remote, line) => new AppError(code, say(remote, line), { retry }) };
}

/**
 * `git` tells failures apart by text only (LC_ALL=C), so this table is the one place that reads it.
 * The first rule that matches wins: a login is refused before a repo is "not found".
 */
const RULES: readonly Rule[] = [
  rule(
    /unable to update url base from redirection|returned error: 30[1278]/i,
    'git/not-found',
    ({ display }) =>
      `${display} is answered with a redirect: use the address it leads to (often the same with .git at its end)`,
  ),
  rule(
    /marked as read only|does not have write access|deployment key is read-only/i,
    'git/unauthorized',
    ({ display }, line) =>
      `the deploy key for ${display} may only read; allow it to write (${line})`,
  ),
  {
    pattern:
      /returned error: 401|Authentication failed|could not read (Username|Password)|Permission denied \(|Invalid username or (password|token)|terminal prompts disabled/i,
    error: loginRefusal,
  },
  {
    pattern:
      /returned error: 403|write access to repository not granted|insufficient permission|not allowed to|access denied|permission to \S+ denied|permission denied/i,
    error: accessRefusal,
  },
  {
    // The server's word: it has read what it was shown.
    pattern: /TLS fatal alert|alert (certificate|bad certificate|unknown ca|handshake failure)/i,
    error: clientRefusal,
  },
  { pattern: /returned error: 400/, error: badRequest },
  rule(
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'git/unauthorized',
    ({ display }) =>
      `the SSH host key of ${display} is not the one in known_hosts; make sure that it is the right server, and renew known_hosts`,
  ),
  rule(
    /Host key verification failed/i,
    'git/unauthorized',
    ({ display }) => `the SSH host key of ${display} is not known; add it to known_hosts`,
  ),
  rule(
    /repository .* not found|returned error: 404|does not appear to be a git repository|does not exist|project you were looking for could not be found|no such file or directory|couldn't find remote ref/i,
    'git/not-found',
    ({ display }, line) => `there is no Git repo at ${display} (${line})`,
  ),
  rule(
    /does not support push options/i,
    'git/unsupported',
    ({ display }) => `${display} takes no push options`,
  ),
  rule(
    CUT_TRANSFER,
    'git/unreachable',
    ({ display }, line) => `the connection to ${display} was cut (${line})`,
    true,
  ),
  {
    pattern:
      /not valid: is this a git repository|invalid server response|bad line length|protocol error/i,
    error: noGitServer,
  },
  rule(
    /certificate|SSL|TLS|gnutls/i,
    'git/unreachable',
    ({ display }, line) =>
      `no trusted TLS connection to ${display}; give its CA certificate (${line})`,
    true,
  ),
];

/** A proxy's status, as curl tells of it. */
const PROXY_STATUS =
  /HTTP code (\d{3}) from proxy|CONNECT tunnel failed, response (\d{3})|returned error: (407)/;

/** Reads the stderr of a `git` that spoke to a remote and failed. */
export function remoteFailure(remote: Remote, stderr: string): AppError {
  const line = oneLine(remote, tellingLine(stderr));
  const status = PROXY_STATUS.exec(stderr)
    ?.slice(1)
    .find((text) => text !== undefined);
  if (status !== undefined) return proxyRefusal(remote, Number(status));
  const known = RULES.find(({ pattern }) => pattern.test(stderr));
  if (known !== undefined) return known.error(remote, line);
  const message = `${remote.display} cannot be reached${throughProxy(remote)} (${line})`;
  return new AppError('git/unreachable', message, { retry: true });
}

const STORE_TROUBLE =
  /shallow|index-pack failed|unpack-objects failed|bad object|corrupt|unable to (read|write)|did not send all necessary objects|not a git repository/;
/** A full disk ends the transfer, too: that it was cut is then no more than a consequence. */
const FULL_DISK = /no space left on device|disk quota exceeded/i;

/**
 * Did a fetch fail on this side: a damaged store, a full disk? A transfer that was cut makes
 * `index-pack` fail, too, and the store is none the worse for it.
 */
export function isStoreTrouble(stderr: string): boolean {
  const own = stderr.replaceAll(/^remote:.*$/gm, '');
  return FULL_DISK.test(own) || (STORE_TROUBLE.test(own) && !CUT_TRANSFER.test(own));
}

/**
 * The error for a fetch of a part of a commit that the remote would not give out.
 * @returns undefined when it failed for another reason
 */
export function refusedPart(remote: Remote, stderr: string): AppError | undefined {
  const lines = [...stderr.matchAll(/^(?:fatal: remote error|error): (.*)$/gm)];
  const words = lines.map(([, line = '']) => line).find(isPartRefusal);
  return words === undefined ? undefined : partRefusal(remote, oneLine(remote, words));
}

/** What `git` says of a store that it failed to use. @returns AppError `git/store` */
export function storeFailure(what: string, stderr: string): AppError {
  const full = stderr.split('\n').find((line) => FULL_DISK.test(line));
  return storeError(what, full ?? tellingLine(stderr));
}

/** What hooks and servers printed, for people. */
export function serverWords(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.slice('remote:'.length).trim())
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(' ');
}

/** What git says after ssh has failed, whatever the reason; and warnings of ssh. */
const NOISE =
  /^(remote:|fatal: Could not read from remote repository|Please make sure you have|and the repository exists|warning:|\*\*|@)/i;

/** The line that names the cause: what the server said, else the first complaint. */
function tellingLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => !NOISE.test(line));
  const complaint = telling.find((line) => /^(fatal|error|ssh):/i.test(line)) ?? telling.at(-1);
  const server = serverWords(stderr);
  // Where our files are says nothing to people.
  const own = (complaint ?? lines.at(-1) ?? 'no reason given').replace(/ CAfile: .*$/, '');
  return server === '' ? own : `${server}; ${own}`;
}

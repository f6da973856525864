import { execFile } from 'node:child_process';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { parseJson } from '../../domain/parse-json.ts';
import { type Credentials, IDENTITY_USERNAME } from './credentials.ts';
import type { Deadline } from './deadline.ts';

const HELPER_NAME = /^[A-Za-z0-9._-]+$/;
const HELPER_TIMEOUT_MS = 20_000; // some helpers log in to a cloud first
const MAX_OUTPUT_BYTES = 64 * 1024; // tokens of clouds are a few KiB

/** What helpers print, with exit code 1, when they know nothing of a registry. */
const NOT_FOUND = 'credentials not found';

const HelperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** Which helper to ask about which server. */
export interface HelperRequest {
  /** `X` of `docker-credential-X`. */
  readonly name: string;
  readonly server: string;
  /** The file that names the helper, for messages. */
  readonly source: string;
}

/**
 * Asks a Docker credential helper (docker-credential-helpers protocol: `get`, server on stdin, JSON on stdout).
 * No shell is involved. Its output never goes into a message.
 * @returns undefined when the helper has no credentials for the server
 * @throws AppError `secret/invalid`
 */
export async function runCredentialHelper(
  request: HelperRequest,
  deadline: Deadline,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${request.name}`;
  if (!HELPER_NAME.test(request.name))
    throw new AppError('secret/invalid', `${request.source}: not the name of a credential helper`);
  const fault = (what: string) =>
    new AppError('secret/invalid', `${request.source}: ${program} ${what} for ${request.server}`);
  const { failure, stdout } = await run(program, request.server, deadline.signal);
  if (deadline.signal.aborted) throw deadline.error(program);
  if (failure !== undefined) {
    if (stdout.includes(NOT_FOUND)) return undefined;
    throw fault(failure);
  }
  const answer = HelperAnswer.safeParse(parseJson(stdout));
  if (!answer.success) throw fault('did not print credentials');
  const { Username: username, Secret: secret } = answer.data;
  return username === IDENTITY_USERNAME
    ? { kind: 'identity', username, token: secret }
    : { kind: 'basic', username, password: secret };
}

function run(
  program: string,
  input: string,
  signal: AbortSignal,
): Promise<{ readonly failure?: string; readonly stdout: string }> {
  const limits = {
    timeout: HELPER_TIMEOUT_MS,
    killSignal: 'SIGKILL' as const,
    maxBuffer: MAX_OUTPUT_BYTES,
    signal,
  };
  return new Promise((resolve) => {
    const child = execFile(program, ['get'], limits, (error, stdout) => {
      if (error === null) resolve({ stdout });
      else if (error.code === 'ENOENT') resolve({ failure: 'is not installed, asked', stdout });
      else resolve({ failure: 'failed', stdout });
    });
    // A helper may end without reading its input; its exit code tells what that means.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

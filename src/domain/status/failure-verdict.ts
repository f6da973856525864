import type { Reason } from '../../api/conditions.ts';
import type { AppError, ErrorCode } from '../errors.ts';
import type { Verdict } from './conditions.ts';

/** Reasons of failures that do not depend on what was being done. */
const REASONS: Partial<Record<ErrorCode, Reason>> = {
  'resource/invalid': 'InvalidSpec',
  'resource/not-supported': 'NotSupported',
  'secret/not-found': 'SecretNotFound',
  'secret/invalid': 'SecretNotFound',
  'source/not-found': 'SourceNotFound',
  'source/invalid': 'SourceInvalid',
  'access/denied': 'AccessDenied',
  'registry/unauthorized': 'AccessDenied',
  'git/unauthorized': 'AccessDenied',
  // All that a run itself asks of the API server are Secrets, namespaces and GitRepositories.
  'cluster/forbidden': 'AccessDenied',
  'git/rejected': 'PushRejected',
  'git/protected': 'PushRejected',
  'git/conflict': 'PushRejected',
  'forge/unauthorized': 'AccessDenied',
  'forge/unreachable': 'PullRequestFailed',
  'forge/not-found': 'PullRequestFailed',
  'forge/rate-limited': 'PullRequestFailed',
  'forge/rejected': 'PullRequestFailed',
  'forge/bad-response': 'PullRequestFailed',
};

/** What a failure means for an object whose spec is valid: it is tried again. */
export function failureVerdict(
  { code, message }: Pick<AppError, 'code' | 'message'>,
  otherwise: 'ScanFailed' | 'GitFailed' | 'SecretNotFound',
): Verdict {
  return { state: 'failing', reason: REASONS[code] ?? otherwise, message };
}

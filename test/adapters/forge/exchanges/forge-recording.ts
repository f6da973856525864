import type { ForgeAccess, PullRequest } from '../../../../src/ports/forge.ts';
import type { Exchange } from '../../../support/forge/recorded-forge.ts';

/** What a forge's API is sent, and answers, when each call of the port is made once. */
export interface ForgeRecording {
  readonly kind: ForgeAccess['kind'];
  readonly repoUrl: string;
  /** Where this forge's API begins at a host. */
  readonly apiPath: string;
  readonly login: Pick<ForgeAccess, 'basic' | 'bearerToken'>;
  readonly authorization: string;
  readonly open: readonly Exchange[];
  readonly ended: readonly Exchange[];
  readonly create: readonly Exchange[];
  readonly edit: readonly Exchange[];
  readonly close: readonly Exchange[];
  readonly decorate: readonly Exchange[];
  readonly reviewers: readonly string[];
  /** What the answers above amount to; `url` is as the forge gave it. */
  readonly pullRequest: PullRequest;
  readonly endedStates: readonly (readonly [
    number,
    PullRequest['state'],
    PullRequest['closedBy'],
    /** When, to the second. */
    string?,
  ])[];
}

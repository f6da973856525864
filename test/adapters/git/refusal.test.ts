import { describe, expect, it } from 'vitest';
import { oneLine, readRefusal } from '../../../src/adapters/git/refusal.ts';
import { parseRemote } from '../../../src/adapters/git/remote.ts';

const remote = parseRemote({ url: 'https://u:hunter2@host/r', branch: 'main' });

describe('a refused push', () => {
  it.each([
    'fetch first',
    'non-fast-forward',
    'stale info',
    "cannot lock ref 'refs/heads/main': is at 1234567 but expected 7654321",
    "cannot lock ref 'refs/heads/main': reference already exists",
    'failed to update ref',
    'incorrect old value provided',
    'failed to lock',
  ])('means that the branch moved: %s', (reason) => {
    expect(readRefusal(remote, remote.ref, { reason }).kind).toBe('rejected');
  });

  it.each([
    'pre-receive hook declined',
    'hook declined',
    'protected branch hook declined',
    'branch is currently checked out',
    'deny updating a hidden ref',
    'permission denied',
    'shallow update not allowed',
  ])('is final: %s', (reason) => {
    expect(() => readRefusal(remote, remote.ref, { reason, detail: 'GH006: protected' })).toThrow(
      expect.objectContaining({
        code: 'git/protected',
        retry: false,
        message: expect.stringContaining('GH006: protected') as string,
      }) as Error,
    );
  });
});

describe('a final refusal', () => {
  it.each([
    ['GH006: Commits must have verified signatures.', 'takes only signed commits on main'],
    ['GitLab: Commit must be signed with a GPG key', 'takes only signed commits on main'],
    [
      'branch main is protected from unverified commit 1234567',
      'takes only signed commits on main',
    ],
    ['GH006: Protected branch update failed for refs/heads/main.', 'protects main'],
    ['GH013: Repository rule violations found for refs/heads/main.', 'protects main'],
    ['GitLab: You are not allowed to push code to protected branches.', 'protects main'],
    ['TF402455: Pushes to this branch are not permitted; use a pull request.', 'protects main'],
    ['Your push to this repository would cause it to exceed the storage limit', 'quota is used up'],
    ['Gitea: repository size limit exceeded, quota: 10 MB', 'quota is used up'],
    ['This repository was archived so it is read-only.', 'is archived: take it out of the archive'],
    ['The repository is in read-only mode', 'may only be read'],
    ['Permission denied to update branch main.', 'protects main'],
    [
      'Your push has been rejected, because this repository has exceeded its allocated storage of 10 GiB',
      'quota is used up',
    ],
    [
      "TF401027: You need the Git 'GenericContribute' permission to perform this action.",
      'does not let this login push',
    ],
    [
      'User: arn:aws:iam::1:user/bot is not authorized to perform: codecommit:GitPush',
      'does not let this login push',
    ],
    ['commit message must name a ticket', 'does not accept the push to main'],
  ])('is told for what it is: %s', (detail, says) => {
    const refuse = () =>
      readRefusal(remote, remote.ref, { reason: 'pre-receive hook declined', detail });
    expect(refuse).toThrow(
      expect.objectContaining({
        code: /^(protects|takes)/.test(says) ? 'git/protected' : 'git/rejected',
        message: expect.stringContaining(says) as string,
      }) as Error,
    );
  });

  it('is none when another client of Azure DevOps was faster', () => {
    const reason = "TF401028: The reference 'refs/heads/main' has already been updated";
    expect(readRefusal(remote, remote.ref, { reason }).kind).toBe('rejected');
  });
});

describe('foreign text', () => {
  it('comes out on one line, short, without secrets and control characters', () => {
    const text = `a\n\tb\u001b[31m hunter2 https://x:y@z/ ${'long '.repeat(200)}`;
    const line = oneLine(remote, text);
    expect(line).toMatch(/^a b \[31m \*\*\* https:\/\/z\/ long/);
    expect(line.length).toBeLessThanOrEqual(300);
  });
});

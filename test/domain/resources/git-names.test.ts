import { describe, expect, it } from 'vitest';
import {
  checkBranch,
  checkGitUrl,
  checkRepoPath,
} from '../../../src/domain/resources/git-names.ts';

describe('checkGitUrl', () => {
  it.each([
    'https://github.com/org/config',
    'http://git.example.com:3000/org/config.git',
    'ssh://git@example.com:2222/org/config',
    'git@github.com:org/config.git',
    'file:///srv/git/config.git',
    '/srv/git/config.git',
  ])('accepts %s', (url) => {
    expect(() => checkGitUrl(url)).not.toThrow();
  });

  it.each([
    '',
    'github.com/org/config',
    'ftp://example.com/x',
    'ext::sh -c true',
    '-upload-pack=evil',
    '--x@host:path',
    'https:github.com',
    'https://',
    '../config',
    'https://exa mple.com',
    'https://example.com/a\nb',
  ])('refuses %j', (url) => {
    expect(() => checkGitUrl(url)).toThrow(/^must /);
  });

  it.each([
    'https://user:hunter2@example.com/x',
    'https://hunter2@example.com/x',
    'ssh://git:hunter2@example.com/x',
  ])('refuses a login in %s without repeating it', (url) => {
    expect(() => checkGitUrl(url)).toThrow(/^(?!.*hunter2).*Secret/);
  });
});

describe('checkBranch', () => {
  it.each(['main', 'release/1.x', 'feature/a_b-c', 'x@y', 'HEADS'])('accepts %s', (branch) => {
    expect(() => checkBranch(branch)).not.toThrow();
  });

  it.each([
    '-f',
    '/main',
    'main/',
    'main.',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a//b',
    'a@{1}',
    '@',
    'a.lock',
    'a.lock/b',
    '.a',
    'a/.b',
    'a\u0007',
    'refs/heads/main',
  ])('refuses %j', (branch) => {
    expect(() => checkBranch(branch)).toThrow('is not the name of a branch');
  });
});

describe('checkRepoPath', () => {
  it.each(['apps', './apps', '/', 'a..b/c'])('accepts %s', (path) => {
    expect(() => checkRepoPath(path)).not.toThrow();
  });

  it.each(['..', 'a/../..', '~/x'])('refuses %s', (path) => {
    expect(() => checkRepoPath(path)).toThrow('leaves the repo');
  });
});

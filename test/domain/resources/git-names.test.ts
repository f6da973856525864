import { describe, expect, it } from 'vitest';
import {
  checkApiUrl,
  checkBranch,
  checkGitUrl,
  checkProxied,
  checkRepoPath,
  isSshUrl,
} from '../../../src/domain/resources/git-names.ts';
import { automation, complaints } from './resource-text.ts';

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

describe('checkApiUrl', () => {
  it.each(['https://git.example.com/api/v1', 'http://127.0.0.1:3000'])('accepts %s', (url) => {
    expect(() => checkApiUrl(url)).not.toThrow();
  });

  it.each(['', 'git.example.com', 'ssh://git@example.com/api', 'file:///api'])(
    'refuses %j',
    (url) => {
      expect(() => checkApiUrl(url)).toThrow(/^must be the address of an API/);
    },
  );

  it.each([
    'https://hunter2@example.com/api',
    'https://user:hunter2@example.com/api',
    'https://example.com/api?token=hunter2',
    'https://example.com/api#hunter2',
  ])('refuses more than a base in %s without repeating it', (url) => {
    expect(() => checkApiUrl(url)).toThrow(/^(?!.*hunter2).*Secret/);
  });
});

describe('an address over SSH', () => {
  it.each([
    { url: 'ssh://git@example.com:2222/org/config', isSsh: true },
    { url: 'SSH://git@example.com/org/config', isSsh: true },
    { url: 'git@github.com:org/config.git', isSsh: true },
    { url: 'https://git@github.com:443/org/config.git', isSsh: false },
    { url: 'file:///srv/a@b:c', isSsh: false },
    { url: '/srv/git@host:config.git', isSsh: false },
  ])('is told from others, and from a proxy: $url', ({ url, isSsh }) => {
    expect(isSshUrl(url)).toBe(isSsh);
    const proxied = () => checkProxied(url);
    if (isSsh) expect(proxied).toThrow(/SSH does not go through one/);
    else expect(proxied).not.toThrow();
  });
});

describe('the proxy of an automation', () => {
  const through = automation('    proxySecretRef: { name: egress }');

  it.each([
    { address: 'https://', want: [] },
    {
      address: 'ssh://',
      want: [
        'a.yaml:7:29: spec.git.proxySecretRef.name: a proxy is for https:// and http:// addresses; SSH does not go through one',
      ],
    },
    {
      address: '7 # ',
      want: ['a.yaml:6:10: spec.git.url: must be a string; quote it: "7"'],
    },
  ])('is checked against its address: $address', ({ address, want }) => {
    expect(complaints(through.replace('https://', address))).toEqual(want);
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

  it.each(['apps/*', '**/prod', '*.yaml'])('refuses %s, for it is a pattern', (path) => {
    expect(() => checkRepoPath(path)).toThrow('is no pattern; name folders or files');
  });
});

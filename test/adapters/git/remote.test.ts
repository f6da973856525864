import { describe, expect, it } from 'vitest';
import { branchRef, parseRemote } from '../../../src/adapters/git/remote.ts';

const parse = (url: string, rest = {}) => parseRemote({ url, branch: 'main', ...rest });
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a remote address', () => {
  it.each([
    ['https://git.example.com/org/repo.git', 'http', 'https://git.example.com/org/repo.git'],
    ['http://git.example.com:8080/repo', 'http', 'http://git.example.com:8080/repo'],
    ['ssh://git@git.example.com:22/org/repo', 'ssh', 'ssh://git.example.com:22/org/repo'],
    ['git@git.example.com:org/repo.git', 'ssh', 'git.example.com:org/repo.git'],
    ['git.example.com:org/repo.git', 'ssh', 'git.example.com:org/repo.git'],
    ['file:///srv/git/repo%20x.git', 'local', '/srv/git/repo x.git'],
    ['/srv/git/repo.git', 'local', '/srv/git/repo.git'],
    ['/srv/a@b:c/repo.git', 'local', '/srv/a@b:c/repo.git'],
  ])('%s is %s, shown as %s', (url, kind, display) => {
    expect(parse(url)).toMatchObject({ kind, display });
  });

  it('gives up its userinfo as a login and keeps it out of sight', () => {
    const remote = parse('https://me%40x:p%3Aw@git.example.com/r.git');
    expect(remote.authorization).toBe(basic('me@x:p:w'));
    expect(`${remote.url} ${remote.display}`).not.toMatch(/me|p%3Aw|p:w/);
    expect(remote.secrets).toContain('p:w');
  });

  it.each([
    ['a given login wins over userinfo', { basic: { username: 'a', password: 'b' } }, basic('a:b')],
    [
      'a token wins over a login',
      { basic: { username: 'a', password: 'b' }, bearerToken: 't' },
      'Bearer t',
    ],
  ])('%s', (_, access, header) => {
    expect(parse('https://u:p@git.example.com/r', access).authorization).toBe(header);
  });

  it('loses a password for SSH, which could only be used on a terminal', () => {
    expect(JSON.stringify(parse('ssh://git:pw123@git.example.com/r'))).not.toContain('pw123');
  });

  it.each([
    ['', 'usage'],
    ['--upload-pack=touch x', 'usage'],
    ['https://host/r\nx', 'usage'],
    ['ssh://-oProxyCommand=x/r', 'usage'],
    ['-oProxyCommand=x:r', 'usage'],
    ['user@-oProxyCommand=x:r', 'usage'],
    ['https://', 'usage'],
    ['ext::sh -c touch% x', 'git/unsupported'],
    ['fd::17', 'git/unsupported'],
    ['git://host/r', 'git/unsupported'],
    ['ftp://host/r', 'git/unsupported'],
  ])('%j is refused', (url, code) => {
    expect(() => parse(url)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('refuses a token that would end the header early, without repeating it', () => {
    const open = () => parse('https://host/r', { bearerToken: 'tok\r\nX-Evil: 1' });
    expect(open).toThrow(expect.objectContaining({ code: 'secret/invalid' }) as Error);
    expect(open).not.toThrow(/Evil/);
  });
});

describe('a branch name', () => {
  it.each(['main', 'team/dev', 'release-1.2', 'ünïcode', 'a@b', 'refs/heads/odd'])(
    '%s is valid',
    (name) => {
      expect(branchRef(name)).toBe(`refs/heads/${name}`);
    },
  );

  it.each([
    '',
    '-x',
    '/a',
    'a/',
    'a//b',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    '@',
    'a@{1}',
    'a\n',
  ])('%j is refused', (name) => {
    expect(() => branchRef(name)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
  });
});

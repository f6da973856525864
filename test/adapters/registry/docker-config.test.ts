import { describe, expect, it } from 'vitest';
import {
  credentialsIn,
  helperFor,
  parseDockerConfig,
} from '../../../src/adapters/registry/docker-config.ts';
import { AppError } from '../../../src/domain/errors.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const basic = (username: string, password: string) => ({ kind: 'basic', username, password });
const login = (name: string) => ({ auth: base64(`${name}:secret`) });

function find(config: object, image: string) {
  const slash = image.indexOf('/');
  const repository = { registry: image.slice(0, slash), path: image.slice(slash + 1) };
  return credentialsIn([parseDockerConfig(JSON.stringify(config), 'config.json')], repository);
}

function failure(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('no AppError came');
}

describe('credentialsIn', () => {
  it.each([
    { key: 'ghcr.io', image: 'ghcr.io/team/app', found: true },
    { key: 'GHCR.io', image: 'ghcr.io/team/app', found: true },
    { key: 'https://ghcr.io', image: 'ghcr.io/team/app', found: true },
    { key: 'https://ghcr.io/', image: 'ghcr.io/team/app', found: true },
    { key: 'https://ghcr.io/v1/', image: 'ghcr.io/team/app', found: true },
    { key: 'https://ghcr.io/v2', image: 'ghcr.io/team/app', found: true },
    { key: 'reg.example:5000', image: 'reg.example:5000/app', found: true },
    { key: 'reg.example', image: 'reg.example:5000/app', found: false },
    { key: 'reg.example:5000', image: 'reg.example/app', found: false },
    { key: 'ghcr.io/team', image: 'ghcr.io/team/app', found: true },
    { key: 'ghcr.io/team/app', image: 'ghcr.io/team/app', found: true },
    { key: 'ghcr.io/tea', image: 'ghcr.io/team/app', found: false },
    { key: 'ghcr.io/team/app/more', image: 'ghcr.io/team/app', found: false },
    { key: 'cr.io', image: 'ghcr.io/team/app', found: false },
    { key: 'https://index.docker.io/v1/', image: 'docker.io/library/nginx', found: true },
    { key: 'index.docker.io', image: 'docker.io/library/nginx', found: true },
    { key: 'docker.io', image: 'docker.io/library/nginx', found: true },
    { key: 'registry-1.docker.io', image: 'docker.io/library/nginx', found: true },
    { key: 'docker.io/library', image: 'docker.io/library/nginx', found: true },
    { key: '', image: 'ghcr.io/team/app', found: false },
  ])('under key $key, for $image: $found', ({ key, image, found }) => {
    const got = find({ auths: { [key]: login('me') } }, image);
    expect(got).toEqual(found ? basic('me', 'secret') : undefined);
  });

  it('takes the longest key', () => {
    const auths = {
      'ghcr.io': login('host'),
      'ghcr.io/team/app': login('app'),
      'ghcr.io/team': login('team'),
    };
    expect(find({ auths }, 'ghcr.io/team/app')).toEqual(basic('app', 'secret'));
    expect(find({ auths }, 'ghcr.io/team/other')).toEqual(basic('team', 'secret'));
    expect(find({ auths }, 'ghcr.io/else')).toEqual(basic('host', 'secret'));
  });

  it.each([
    { name: 'auth', entry: { auth: base64('me:pa:ss') }, want: basic('me', 'pa:ss') },
    {
      name: 'auth padded with zero bytes',
      entry: { auth: base64('me:pw\0\0') },
      want: basic('me', 'pw'),
    },
    { name: 'a robot of Harbor', entry: login('robot$app'), want: basic('robot$app', 'secret') },
    {
      name: 'username and password',
      entry: { username: 'me', password: 'pw' },
      want: basic('me', 'pw'),
    },
    {
      name: 'auth before username and password',
      entry: { ...login('me'), username: 'other', password: 'pw' },
      want: basic('me', 'secret'),
    },
    {
      name: 'an identity token',
      entry: { auth: base64('me:'), identitytoken: 'refresh' },
      want: { kind: 'identity', username: 'me', token: 'refresh' },
    },
    {
      name: 'an identity token alone',
      entry: { identitytoken: 'refresh' },
      want: { kind: 'identity', username: '<token>', token: 'refresh' },
    },
    {
      name: 'a registry token',
      entry: { registrytoken: 'bearer' },
      want: { kind: 'registry-token', token: 'bearer' },
    },
    { name: 'nothing in an empty entry', entry: {}, want: undefined },
    { name: 'nothing in null', entry: { auth: null, email: 'me@example' }, want: undefined },
  ])('reads $name', ({ entry, want }) => {
    expect(find({ auths: { 'ghcr.io': entry } }, 'ghcr.io/team/app')).toEqual(want);
  });

  it.each([
    { name: 'no base64 of a login', entry: { auth: 'c2VjcmV0LXBhc3N3b3Jk' } },
    { name: 'a number as auth', entry: { auth: 5, password: 'secret-password' } },
    { name: 'a text', entry: 'secret-password' },
  ])('refuses an entry that is $name, without quoting it', ({ entry }) => {
    const config = { auths: { 'ghcr.io': entry, 'quay.io': login('me') } };
    const error = failure(() => find(config, 'ghcr.io/team/app'));
    expect(error.code).toBe('secret/invalid');
    expect(error.message).toMatch(/^config\.json: the entry for ghcr\.io\b/);
    expect(error.message).not.toMatch(/secret-password|c2Vj/);
    expect(find(config, 'quay.io/team/app')).toEqual(basic('me', 'secret'));
  });
});

describe('parseDockerConfig', () => {
  it.each([
    { content: '{"auths": {"ghcr.io": "secret-password', says: 'not JSON' },
    { content: 'secret-password', says: 'not JSON' },
    { content: '["secret-password"]', says: 'the whole is not' },
    { content: '{"auths": ["secret-password"]}', says: 'auths is not' },
    { content: '{"credHelpers": {"a": {"secret-password": 1}}}', says: 'credHelpers is not' },
  ])('refuses $content, without quoting it', ({ content, says }) => {
    const error = failure(() => parseDockerConfig(content, 'config.json'));
    expect(error.code).toBe('secret/invalid');
    expect(error.message).toContain(`config.json: ${says}`);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('secret-password');
  });

  it('takes what it does not know', () => {
    const content = '{"HttpHeaders": {"a": 1}, "auths": null, "currentContext": "x"}';
    expect(parseDockerConfig(content, 'config.json')).toMatchObject({ source: 'config.json' });
  });
});

describe('helperFor', () => {
  const config = {
    credHelpers: { 'gcr.io': 'gcloud', 'https://index.docker.io/v1/': 'hub' },
    credsStore: 'desktop',
  };

  it.each([
    { registry: 'gcr.io', want: { name: 'gcloud', server: 'gcr.io' } },
    { registry: 'ghcr.io', want: { name: 'desktop', server: 'ghcr.io' } },
    { registry: 'docker.io', want: { name: 'hub', server: 'https://index.docker.io/v1/' } },
  ])('for $registry is $want.name', ({ registry, want }) => {
    const parsed = parseDockerConfig(JSON.stringify(config), 'config.json');
    expect(helperFor(parsed, { registry, path: 'a' })).toEqual({ ...want, source: 'config.json' });
  });

  it('is absent where none is named', () => {
    const parsed = parseDockerConfig('{"credsStore": ""}', 'config.json');
    expect(helperFor(parsed, { registry: 'ghcr.io', path: 'a' })).toBeUndefined();
  });
});

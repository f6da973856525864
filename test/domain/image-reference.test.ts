import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatImageReference,
  isTag,
  parseImageReference,
  parseRepository,
  repositoryKey,
  sameRepository,
} from '../../src/domain/image-reference.ts';

const sha256 = `sha256:${'0a'.repeat(32)}`;
const sha512 = `sha512:${'0a'.repeat(64)}`;

describe('parseImageReference', () => {
  it.each([
    { text: 'nginx', want: { name: 'nginx' } },
    { text: 'nginx:1.25', want: { name: 'nginx', tag: '1.25' } },
    { text: `nginx@${sha256}`, want: { name: 'nginx', digest: sha256 } },
    { text: `nginx:1.25@${sha512}`, want: { name: 'nginx', tag: '1.25', digest: sha512 } },
    { text: 'localhost:5000/x', want: { name: 'localhost:5000/x' } },
    { text: 'localhost:5000/x:y', want: { name: 'localhost:5000/x', tag: 'y' } },
    { text: '[::1]:5000/x:1', want: { name: '[::1]:5000/x', tag: '1' } },
    { text: '[2001:db8::1]/a/b', want: { name: '[2001:db8::1]/a/b' } },
    { text: 'GHCR.io/org/app:v1', want: { name: 'GHCR.io/org/app', tag: 'v1' } },
    { text: 'a__b/c---d.e_f:_x', want: { name: 'a__b/c---d.e_f', tag: '_x' } },
  ])('reads $text', ({ text, want }) => {
    expect(parseImageReference(text)).toEqual(want);
  });

  it.each([
    '',
    ':1',
    'nginx:',
    'nginx@',
    'nginx@sha256:abc',
    `nginx@sha256:${'A'.repeat(64)}`,
    `nginx@md5:${'a'.repeat(32)}`,
    'Nginx:1',
    'a//b',
    '/a',
    'a/',
    'a___b',
    'a..b',
    '-a',
    'a-',
    'nginx:.x',
    'nginx:a/b:',
    `nginx:${'x'.repeat(129)}`,
    'a b',
    'nginx\n',
    'https://ghcr.io/org/app',
    '[::1/x',
    'host:port/x',
    `${'a'.repeat(256)}`,
    'f'.repeat(64),
    `nginx:1@${sha256}@${sha256}`,
  ])('takes "%s" for no reference', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });

  it('gives back what format made, for any parts', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,2}$/);
    const host = fc.constantFrom('org/', 'localhost/', 'ghcr.io/', 'r.example:5000/', '[::1]:443/');
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(
        host,
        fc.array(component, { minLength: 1, maxLength: 3 }),
        fc.option(tag, { nil: undefined }),
        fc.option(fc.constantFrom(sha256, sha512), { nil: undefined }),
        (prefix, path, tagPart, digest) => {
          const reference = {
            name: prefix + path.join('/'),
            ...(tagPart === undefined ? {} : { tag: tagPart }),
            ...(digest === undefined ? {} : { digest }),
          };
          expect(parseImageReference(formatImageReference(reference))).toEqual(reference);
        },
      ),
    );
  });

  it.each([
    'a-'.repeat(300),
    '-'.repeat(600),
    'a'.repeat(1e6),
    `${'a/'.repeat(1e5)}:`,
    '_'.repeat(255),
  ])('answers at once for hostile text', (text) => {
    const start = performance.now();
    expect(parseImageReference(text)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(100);
  });
});

describe('parseRepository', () => {
  it.each([
    { name: 'nginx', key: 'docker.io/library/nginx' },
    { name: 'org/app', key: 'docker.io/org/app' },
    { name: 'docker.io/nginx', key: 'docker.io/library/nginx' },
    { name: 'index.docker.io/library/nginx', key: 'docker.io/library/nginx' },
    { name: 'registry-1.docker.io/org/app', key: 'docker.io/org/app' },
    { name: 'registry.hub.docker.com/library/nginx', key: 'docker.io/library/nginx' },
    { name: 'ghcr.io/org/app', key: 'ghcr.io/org/app' },
    { name: 'GHCR.IO/org/app', key: 'ghcr.io/org/app' },
    { name: 'localhost', key: 'docker.io/library/localhost' },
    { name: 'localhost/x', key: 'localhost/x' },
    { name: 'localhost:5000/x', key: 'localhost:5000/x' },
    { name: '[::1]:5000/x', key: '[::1]:5000/x' },
    { name: 'quay.io/x', key: 'quay.io/x' },
  ])('reads $name as $key', ({ name, key }) => {
    expect(repositoryKey(parseRepository(name))).toBe(key);
  });

  it.each([
    { name: '', mend: 'is empty' },
    { name: 'https://ghcr.io/org/app', mend: 'has a scheme; leave "https://" out' },
    { name: 'oci://ghcr.io/org/app', mend: 'leave "oci://" out' },
    { name: 'nginx:1.25', mend: 'has a tag; leave ":1.25" out' },
    { name: `nginx@${sha256}`, mend: 'has a digest; leave "@sha256:' },
    { name: 'ghcr.io/Org/app', mend: 'has upper-case letters; write "org/app"' },
    { name: 'ghcr.io/org/', mend: 'ends with a slash' },
    { name: 'ghcr.io/org app', mend: 'white space' },
    { name: 'ghcr.io\n/x', mend: 'white space' },
    { name: 'ghcr.io/a//b', mend: 'is not a repository' },
    { name: 'ghcr.io/a..b', mend: '"a..b" must be lower-case' },
    { name: 'host:port/x', mend: 'names the registry "host:port"' },
    { name: 'f'.repeat(64), mend: 'is an image id' },
    { name: 'a'.repeat(256), mend: 'longer than 255' },
  ])('refuses $name and says the mend', ({ name, mend }) => {
    const parse = () => parseRepository(name);
    expect(parse).toThrow(expect.objectContaining({ code: 'image/invalid' }));
    expect(parse).toThrow(/^image "[^\n]*$/);
    expect(parse).toThrow(mend);
  });
});

describe('sameRepository', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx', true],
    ['nginx', 'index.docker.io/nginx', true],
    ['ghcr.io/org/app', 'GHCR.io/org/app', true],
    ['nginx', 'library/nginx', true],
    ['nginx', 'quay.io/library/nginx', false],
    ['localhost:5000/x', 'localhost:5001/x', false],
    ['Nginx', 'Nginx', false],
    ['', '', false],
  ])('%s and %s: %s', (a, b, want) => {
    expect(sameRepository(a, b)).toBe(want);
  });
});

describe('isTag', () => {
  it.each([
    ['1.25', true],
    ['_x', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['.x', false],
    ['-x', false],
    ['a+b', false],
    ['', false],
    ['a\n', false],
  ])('%s: %s', (text, want) => {
    expect(isTag(text)).toBe(want);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseChallenge as choose,
  isSameChallenge,
} from '../../../src/adapters/registry/challenge.ts';

const BASE = new URL('https://reg.example:5000/v2/team/app/');
const chooseChallenge = (header: string) => choose(header, BASE);

const bearer = (realm: string, service?: string, scope?: string) => ({
  kind: 'bearer',
  realm: new URL(realm),
  service,
  scope,
});

describe('chooseChallenge', () => {
  it.each([
    {
      name: 'takes realm, service and scope of Docker Hub',
      header:
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      want: bearer(
        'https://auth.docker.io/token',
        'registry.docker.io',
        'repository:library/nginx:pull',
      ),
    },
    {
      name: 'keeps commas inside quotes',
      header: 'Bearer realm="https://r/t",scope="repository:a/b:pull,push"',
      want: bearer('https://r/t', undefined, 'repository:a/b:pull,push'),
    },
    {
      name: 'prefers Bearer where Basic comes first',
      header: 'Basic realm="gitea", Bearer realm="https://codeberg.org/v2/token",service="reg"',
      want: bearer('https://codeberg.org/v2/token', 'reg'),
    },
    {
      name: 'prefers Bearer where Basic comes last',
      header: 'Bearer realm="https://r/t",service="reg",Basic realm="gitea"',
      want: bearer('https://r/t', 'reg'),
    },
    {
      name: 'does not mind case and blanks',
      header: '  bearer   Realm = "https://r/t" , SERVICE=plain ',
      want: bearer('https://r/t', 'plain'),
    },
    {
      name: 'unescapes quoted pairs',
      header: String.raw`Bearer realm="https://r/t",service="a\"b\\c"`,
      want: bearer('https://r/t', String.raw`a"b\c`),
    },
    {
      name: 'takes Bearer with a realm that is no URL as Basic',
      header: 'Bearer realm="Artifactory Realm"',
      want: { kind: 'basic' },
    },
    {
      name: 'takes a realm that is a path for one of the registry itself',
      header: 'Bearer realm="/service/token",service="reg"',
      want: bearer('https://reg.example:5000/service/token', 'reg'),
    },
    {
      name: 'takes a realm without a scheme for another host by the same scheme',
      header: 'Bearer realm="//auth.example/token"',
      want: bearer('https://auth.example/token'),
    },
    { name: 'takes Basic', header: 'Basic realm="registry"', want: { kind: 'basic' } },
    { name: 'takes Basic without parameters', header: 'Basic', want: { kind: 'basic' } },
    {
      name: 'passes over schemes it does not know, with their token',
      header: 'Negotiate YWJj==, NTLM, Basic realm="x"',
      want: { kind: 'basic' },
    },
    { name: 'finds nothing in an unknown scheme', header: 'Digest realm="x"', want: undefined },
    { name: 'finds nothing in an empty header', header: '', want: undefined },
    { name: 'finds nothing in rubbish', header: '"""=,;;', want: undefined },
  ])('$name', ({ header, want }) => {
    expect(chooseChallenge(header)).toEqual(want);
  });

  it('finds what was written, among other challenges', () => {
    const text = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    fc.assert(
      fc.property(text, text, fc.boolean(), (service, scope, basicFirst) => {
        const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
        const own = `Bearer realm="https://r/t", service=${quote(service)}, scope=${quote(scope)}`;
        const header = basicFirst ? `Basic realm="x", ${own}` : `${own}, Basic realm="x"`;
        expect(chooseChallenge(header)).toEqual(bearer('https://r/t', service, scope));
      }),
    );
  });

  it.each([' ', ',', '"', 'a=', 'a ', '\\"'])('answers at once for 16 KiB of %j', (piece) => {
    const started = performance.now();
    chooseChallenge(`Bearer ${piece.repeat(16_384 / piece.length)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('isSameChallenge', () => {
  const parsed = (header: string) => chooseChallenge(header) ?? { kind: 'basic' as const };

  it.each([
    { a: 'Basic', b: 'Basic realm="x"', same: true },
    { a: 'Bearer realm="https://r/t"', b: 'Basic', same: false },
    { a: 'Bearer realm="https://r/t"', b: 'Bearer realm="https://r/t"', same: true },
    {
      a: 'Bearer realm="https://r/t",scope="x"',
      b: 'Bearer realm="https://r/t",scope="y"',
      same: false,
    },
  ])('of $a and $b is $same', ({ a, b, same }) => {
    expect(isSameChallenge(parsed(a), parsed(b))).toBe(same);
  });
});

import { describe, expect, it } from 'vitest';
import { isConcerned, type PushedImage } from '../../../src/domain/push/pushed-image.ts';
import { policy } from '../../support/builders.ts';

const VERIFY = { cosign: { secretRef: { name: 'keys' } } };
const GHCR = { registry: 'ghcr.io', path: 'acme/web' };

describe('by its repository, a push concerns a policy', () => {
  it.each<[string, string, PushedImage, boolean]>([
    ['of the same repository', 'ghcr.io/acme/web', GHCR, true],
    ['of the same repository, whatever the case of the host', 'GHCR.io/acme/web', GHCR, true],
    ['of another path', 'ghcr.io/acme/web2', GHCR, false],
    ['of another host', 'quay.io/acme/web', GHCR, false],
    [
      'of an alias of Docker Hub',
      'index.docker.io/nginx',
      { registry: 'docker.io', path: 'library/nginx' },
      true,
    ],
    ['without any host', 'nginx', { registry: 'docker.io', path: 'library/nginx' }, true],
    [
      'on whatever host, when the sender names none',
      'r.acme.example:5000/shop/web',
      { path: 'shop/web' },
      true,
    ],
    ['but not by a part of the path', 'r.acme.example/a/shop/web', { path: 'shop/web' }, false],
    [
      'by the end of the path, when the sender says so',
      'a.jfrog.io/docker/shop/web',
      { path: 'shop/web', isTail: true },
      true,
    ],
    [
      'but not by the end of a name',
      'a.jfrog.io/docker/myshop/web',
      { path: 'shop/web', isTail: true },
      false,
    ],
  ])('%s', (_, image, pushed, want) => {
    expect(isConcerned(policy({ image }), [pushed])).toBe(want);
  });

  it('by the name that it writes too', () => {
    const mirrored = policy({ image: 'mirror.local/acme/web', writtenName: 'ghcr.io/acme/web' });
    expect(isConcerned(mirrored, [GHCR])).toBe(true);
  });

  it('when any of several does', () => {
    const others = [{ path: 'x/y' }, { ...GHCR, tag: '1.0.0' }];
    expect(isConcerned(policy({ image: 'ghcr.io/acme/web' }), others)).toBe(true);
    expect(isConcerned(policy({ image: 'ghcr.io/acme/web' }), [])).toBe(false);
  });
});

describe('by its tag, a push matters', () => {
  const semver = { policy: { semver: { range: '^1.0.0' } } };
  it.each<[string, Parameters<typeof policy>[0], string | null | undefined, boolean]>([
    ['when the range allows it', semver, '1.2.0', true],
    ['but not outside of the range', semver, '2.0.0', false],
    ['but not when it is no version', semver, 'main', false],
    ['when the sender does not say which', semver, undefined, true],
    ['but not without a tag', semver, null, false],
    ['without a tag, when signatures are asked for', { ...semver, verify: VERIFY }, null, true],
    [
      'as a signature, when signatures are asked for',
      { ...semver, verify: VERIFY },
      'sha256-0a.sig',
      true,
    ],
    ['but not as a signature otherwise', { policy: { alphabetical: {} } }, 'sha256-0a.sig', false],
    ['when the policy is locked at it', { ...semver, lock: { tag: '0.9.0' } }, '0.9.0', true],
    ['when it is the tag that is followed', { policy: { digest: { tag: 'main' } } }, 'main', true],
    ['but no other than that', { policy: { digest: { tag: 'main' } } }, 'dev', false],
    [
      'by the filter, in an order by time',
      { policy: { newest: {} }, filterTags: { pattern: '^main-' } },
      'main-1',
      true,
    ],
    [
      'but not against the filter',
      { policy: { newest: {} }, filterTags: { pattern: '^main-' } },
      'dev-1',
      false,
    ],
    [
      'but not when it is excluded',
      { policy: { newest: {} }, filterTags: { exclude: ['rc'] } },
      '1-rc',
      false,
    ],
  ])('%s', (_, spec, tag, want) => {
    const pushed = { ...GHCR, ...(tag === undefined ? {} : { tag }) };
    expect(isConcerned(policy({ image: 'ghcr.io/acme/web', ...spec }), [pushed])).toBe(want);
  });
});

import { describe, expect, it } from 'vitest';
import { profileOf } from '../../../src/adapters/registry/known-registries.ts';

describe('profileOf', () => {
  it.each([
    'registry-1.docker.io',
    'auth.docker.io',
    'ghcr.io',
    'quay.io',
    'public.ecr.aws',
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    'team.azurecr.io',
    'registry.gitlab.com',
    'codeberg.org',
    'cgr.dev',
  ])('knows that %s links to every next page, and asks it gently', (host) => {
    expect(profileOf(host).alwaysLinks).toBe(true);
    expect(profileOf(host).maxPerSecond).toBeLessThanOrEqual(20);
  });

  it.each([
    'gcr.io',
    'eu.gcr.io',
    'europe-west1-docker.pkg.dev',
    'registry.example:5000',
    'docker.io.evil.example',
    'evil-docker.io',
    'ghcr.io:8443',
  ])('looks behind a full last page of %s', (host) => {
    expect(profileOf(host).alwaysLinks).toBe(false);
  });

  it('asks Docker Hub, whose abuse limit counts everything, the least at a time', () => {
    expect(profileOf('registry-1.docker.io')).toMatchObject({ maxInFlight: 4, maxPerSecond: 10 });
    expect(profileOf('registry.example')).toMatchObject({ maxInFlight: 6, maxPerSecond: 200 });
  });

  it('shares tokens without a login between the repositories of GHCR alone', () => {
    expect(profileOf('ghcr.io').anonymousTokenIsShared).toBe(true);
    expect(profileOf('quay.io').anonymousTokenIsShared).toBe(false);
    expect(profileOf('ghcr.io.evil.example').anonymousTokenIsShared).toBe(false);
  });
});

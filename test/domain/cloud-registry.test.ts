import { describe, expect, it } from 'vitest';
import { cloudRegistryOf, type ProviderUse } from '../../src/domain/cloud-registry.ts';

const ecr = (region: string, fips = false) => ({ provider: 'aws', service: 'ecr', region, fips });
const acr = (resource: string) => ({ provider: 'azure', resource });

describe('the cloud registry of an image', () => {
  it.each([
    ['aws', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a', ecr('eu-west-1')],
    ['aws', '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/a/b', ecr('us-east-1', true)],
    ['aws', '123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/a', ecr('us-gov-west-1')],
    ['aws', '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a', ecr('cn-north-1')],
    ['aws', '123456789012.dkr-ecr.eu-west-1.on.aws/a', ecr('eu-west-1')],
    ['aws', '123456789012.dkr-ecr-fips.us-east-1.on.aws/a', ecr('us-east-1', true)],
    ['aws', 'public.ecr.aws/docker/library/redis', { provider: 'aws', service: 'ecr-public' }],
    ['gcp', 'gcr.io/project/app', { provider: 'gcp' }],
    ['gcp', 'eu.gcr.io/project/app', { provider: 'gcp' }],
    ['gcp', 'europe-west1-docker.pkg.dev/project/repo/app', { provider: 'gcp' }],
    ['azure', 'team.azurecr.io/app', acr('https://management.azure.com')],
    ['azure', 'team-a1b2c3.azurecr.io/app', acr('https://management.azure.com')],
    ['azure', 'team.azurecr.cn/app', acr('https://management.chinacloudapi.cn')],
    ['azure', 'team.azurecr.us/app', acr('https://management.usgovcloudapi.net')],
    ['generic', 'team.azurecr.io/app', undefined],
  ])('under %s, %s', (provider, image, want) => {
    expect(cloudRegistryOf({ provider, image })).toEqual(want);
  });

  it.each([
    ['aws', 'evil.example.com/a'],
    ['aws', '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example.com/a'],
    ['aws', '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil/a'],
    ['aws', '123456789012xdkr.ecr.eu-west-1.amazonaws.com/a'],
    ['aws', '123456789012.dkr.ecr.evil.com/a'],
    ['aws', 'evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com/a'],
    ['aws', '123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443/a'],
    ['aws', 'public.ecr.aws.evil.com/a'],
    ['aws', 'gcr.io/a'],
    ['gcp', 'evil.com/gcr.io'],
    ['gcp', 'evilgcr.io/a'],
    ['gcp', 'a.b.gcr.io/a'],
    ['gcp', 'docker.pkg.dev.evil.com/a'],
    ['gcp', 'gcr.io:5000/a'],
    ['azure', 'team.azurecr.io.evil.com/a'],
    ['azure', 'evil.com.azurecr.io/a'],
    ['azure', 'team.azurecr.evil/a'],
    ['azure', 'azurecr.io/a'],
  ])('under %s is refused for %s', (provider, image) => {
    expect(() => cloudRegistryOf({ provider, image })).toThrow(
      /^spec\.provider: \w+ gives logins for .+ alone, not for /,
    );
  });

  it.each<[Partial<ProviderUse>, RegExp]>([
    [{ secretRef: { name: 'a' } }, /leave out secretRef and serviceAccountName/],
    [{ serviceAccountName: 'a' }, /leave out secretRef and serviceAccountName/],
    [{ insecure: true }, /leave out insecure/],
    // A tenant's CA and proxy together could listen in on what is sent to the cloud's own host.
    [{ certSecretRef: { name: 'a' } }, /leave out certSecretRef/],
  ])('is refused where the login could go elsewhere, or come from elsewhere: %j', (use, says) => {
    const image = 'gcr.io/project/app';
    expect(() => cloudRegistryOf({ provider: 'gcp', image, ...use })).toThrow(says);
    expect(cloudRegistryOf({ provider: 'generic', image, ...use })).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { settled } from '../../support/memory-ports.ts';
import { POLICY, POLICY_SPEC, stage } from './stage.ts';

describe('a ServiceAccount', () => {
  const config = (username: string) => {
    const json = JSON.stringify({ auths: { 'ghcr.io': { username, password: 'p' } } });
    return { '.dockerconfigjson': json };
  };

  it('gives its pull Secrets, and what changes about them is used at once', async () => {
    const { start, cluster, registry } = stage();
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, serviceAccountName: 'app' });
    const used = () => registry.access.at(-1)?.dockerConfigs?.map(({ source }) => source);
    void start();
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toContain('Ready=False SecretNotFound');
    cluster.setSecret('apps/one', config('one'));
    cluster.setServiceAccount('apps/app', ['one']);
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(used()).toEqual(['Secret apps/one']);
    cluster.setSecret('apps/two', config('two'));
    cluster.setServiceAccount('apps/app', ['one', 'two']);
    await settled();
    expect(used()).toEqual(['Secret apps/one', 'Secret apps/two']);
    const scans = registry.access.length;
    cluster.setSecret('apps/two', config('three'));
    await settled();
    expect(registry.access.length).toBe(scans + 1);
    cluster.setServiceAccount('apps/other', ['two']);
    await settled();
    expect(registry.access.length).toBe(scans + 1);
  });
});

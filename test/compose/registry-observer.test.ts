import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/adapters/telemetry/logger.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import { createRegistryObserver } from '../../src/compose/registry-observer.ts';

function observed() {
  const metrics = createMetrics();
  const tell = createRegistryObserver(createLogger('error'), metrics);
  const series = async (name: string) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { tell, series };
}

describe('metrics of registries', () => {
  it('name registries as resources do, never what these redirect to', async () => {
    const { tell, series } = observed();
    tell({ kind: 'request', registry: 'ghcr.io', asked: 'registry', status: 200 });
    tell({ kind: 'request', registry: 'ghcr.io', asked: 'other', status: 'error' });
    expect(await series('lockkeeper_registry_requests_total')).toEqual([
      'lockkeeper_registry_requests_total{host="ghcr.io",asked="registry",status="200"} 1',
      'lockkeeper_registry_requests_total{host="ghcr.io",asked="other",status="error"} 1',
    ]);
  });

  it('stay few, however many registries are named and statuses answered', async () => {
    const { tell, series } = observed();
    for (let count = 0; count < 1_000; count += 1) {
      const registry = `r${count}.example`;
      tell({ kind: 'request', registry, asked: 'registry', status: 200 });
      tell({ kind: 'quota', registry, counted: 'address', limit: 100, remaining: count });
      tell({
        kind: 'request',
        registry: 'ghcr.io',
        asked: 'registry',
        status: 100 + (count % 500),
      });
    }
    const requests = await series('lockkeeper_registry_requests_total');
    expect(requests.length).toBeLessThan(250);
    expect(requests.filter((line) => line.includes('host="other"'))).toHaveLength(1);
    expect((await series('lockkeeper_registry_pulls_remaining')).length).toBeLessThan(250);
  });

  it('say how many pulls are left', async () => {
    const { tell, series } = observed();
    const quota = { kind: 'quota', registry: 'registry-1.docker.io', counted: 'account' } as const;
    tell({ ...quota, limit: 200, remaining: 76 });
    expect(await series('lockkeeper_registry_pull_limit')).toEqual([
      'lockkeeper_registry_pull_limit{host="registry-1.docker.io",counted="account"} 200',
    ]);
    expect(await series('lockkeeper_registry_pulls_remaining')).toEqual([
      'lockkeeper_registry_pulls_remaining{host="registry-1.docker.io",counted="account"} 76',
    ]);
  });
});

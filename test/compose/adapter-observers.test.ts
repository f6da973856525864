import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/adapters/telemetry/logger.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import { createAdapterObservers } from '../../src/compose/adapter-observers.ts';

function observed() {
  const metrics = createMetrics();
  const tell = createAdapterObservers(createLogger('error'), metrics);
  const series = async (name: string) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { ...tell, series };
}

describe('metrics of forges', () => {
  it('say how many requests went out, and how many are left', async () => {
    const { onForgeEvent, series } = observed();
    const host = 'api.github.com';
    onForgeEvent({ kind: 'request', host, status: 422 });
    onForgeEvent({ kind: 'request', host, status: 'error' });
    onForgeEvent({ kind: 'budget', host, api: 'rest', limit: 5000, remaining: 12 });
    onForgeEvent({ kind: 'budget', host, api: 'graphql', limit: 4000, remaining: 3999 });
    expect(await series('lockkeeper_forge_requests_total')).toEqual([
      'lockkeeper_forge_requests_total{host="api.github.com",status="422"} 1',
      'lockkeeper_forge_requests_total{host="api.github.com",status="error"} 1',
    ]);
    expect(await series('lockkeeper_forge_requests_remaining')).toEqual([
      'lockkeeper_forge_requests_remaining{host="api.github.com",api="rest"} 12',
      'lockkeeper_forge_requests_remaining{host="api.github.com",api="graphql"} 3999',
    ]);
    expect(await series('lockkeeper_forge_request_limit')).toContain(
      'lockkeeper_forge_request_limit{host="api.github.com",api="rest"} 5000',
    );
  });

  it('stay few, however many forges are named and statuses answered', async () => {
    const { onForgeEvent, series } = observed();
    for (let count = 0; count < 1_000; count += 1) {
      onForgeEvent({ kind: 'request', host: `f${count}.example`, status: 200 });
      onForgeEvent({ kind: 'request', host: 'f1.example', status: 100 + (count % 500) });
    }
    const requests = await series('lockkeeper_forge_requests_total');
    expect(requests.length).toBeLessThan(250);
    expect(requests.filter((line) => line.includes('host="other"'))).toHaveLength(1);
  });
});

describe('metrics of logins', () => {
  it('count by provider and result', async () => {
    const { onGitLogin, series } = observed();
    onGitLogin({ provider: 'github', result: 'renewed' });
    onGitLogin({ provider: 'github', result: 'renewed' });
    onGitLogin({ provider: 'azure', result: 'rejected' });
    expect(await series('lockkeeper_git_logins_total')).toEqual([
      'lockkeeper_git_logins_total{provider="github",result="renewed"} 2',
      'lockkeeper_git_logins_total{provider="azure",result="rejected"} 1',
    ]);
  });
});

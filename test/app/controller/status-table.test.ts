import { describe, expect, it } from 'vitest';
import { statusTable } from '../../../src/app/controller/status-table.ts';
import type { ClusterObject } from '../../../src/ports/cluster.ts';

function automation(name: string, status: unknown): ClusterObject {
  return {
    ref: { kind: 'ImageUpdateAutomation', namespace: 'apps', name },
    uid: name,
    resourceVersion: '1',
    generation: 1,
    annotations: {},
    labels: {},
    spec: { git: { url: 'https://git.example.com/config.git' } },
    status,
  };
}

describe('the table of holds', () => {
  it('has all of them by automation, each in its own order, with what is known', () => {
    const pullRequest = 'https://git.example.com/config/pulls/7';
    const time = '2026-06-01T12:00:00Z';
    const { holds, automations } = statusTable(
      [],
      [
        automation('two', {
          holds: [
            { location: 'b.yaml:2', tag: '2', by: 'Ana', time, commit: 'c0ffee' },
            { location: 'a.yaml:1', tag: '2', pullRequest },
          ],
        }),
        automation('one', { holds: [{ location: 'c.yaml:3', tag: '3' }] }),
        automation('none', undefined),
      ],
    );
    expect(automations).toHaveLength(3);
    expect(holds).toEqual([
      { automation: 'apps/one', location: 'c.yaml:3', tag: '3' },
      { automation: 'apps/two', location: 'b.yaml:2', tag: '2', by: 'Ana', time, commit: 'c0ffee' },
      { automation: 'apps/two', location: 'a.yaml:1', tag: '2', pullRequest },
    ]);
  });
});

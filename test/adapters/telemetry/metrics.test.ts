import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/adapters/telemetry/metrics.ts';
import { ROOT } from '../../support/cli.ts';

describe('docs/metrics.md', () => {
  it('has a line for each metric with its labels, and none for others', () => {
    const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
    const lines = [...page.matchAll(/^\| `(lockkeeper_\w+)` +\| ([^|]+?) +\|/gm)];
    const described = lines.map(([, name, labels = '']) => `${name} ${labels.replaceAll('`', '')}`);
    const { registry, ...metrics } = createMetrics();
    const ours = Object.values(metrics).map((metric) => {
      const { name, labelNames } = metric as unknown as {
        readonly name: string;
        readonly labelNames: readonly string[];
      };
      return `${name} ${labelNames.join(', ')}`;
    });
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('lockkeeper_'))).toHaveLength(ours.length);
    expect(described.toSorted()).toEqual(ours.toSorted());
  });
});

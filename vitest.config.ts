import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Real servers on a shared machine: in CI a failure has to repeat to count. Locally each one shows.
    retry: process.env['CI'] === 'true' ? 2 : 0,
    include: ['test/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests against real servers start processes of their own; more workers would only compete with them.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    unstubEnvs: true,
    restoreMocks: true,
    reporters: ['default', 'json'],
    // `.ci/run` counts from this report.
    outputFile: { json: process.env['VITEST_REPORT'] ?? '.reports/vitest.json' },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Types only, or run only as the built command, whose process is not measured.
      exclude: ['src/ports.ts', 'src/main.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: {
        lines: 85,
        functions: 85,
        branches: 80,
        'src/domain/**': { branches: 95, lines: 97 },
      },
    },
  },
});

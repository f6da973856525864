import { defineConfig } from 'vitest/config';

/** Tests whose other side is a process with a pace of its own. */
const REAL_SERVERS = ['test/adapters/**/*.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        // A law that fails once has found a defect: nothing here is ever tried again.
        extends: true,
        test: { name: 'rules', include: ['test/**/*.test.ts'], exclude: REAL_SERVERS },
      },
      {
        // Real servers and processes on a shared machine: in CI a failure has to repeat to count.
        extends: true,
        test: {
          name: 'servers',
          include: REAL_SERVERS,
          retry: process.env['CI'] === 'true' ? 2 : 0,
        },
      },
    ],
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
      exclude: ['src/ports/**', 'src/main.ts'],
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

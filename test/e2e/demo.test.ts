import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT, type CliResult } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { openStage, type Stage } from './stage.ts';

const PATIENCE_MS = 20_000;

/** What the demo shows, in this order. */
const STORY = [
  /^nothing to do: 1 location checked$/m,
  /^updated apps\/podinfo\.yaml:\d+ \S+ 6\.0\.0 -> 6\.1\.0 \(apps\/podinfo\)\ncommit [0-9a-f]{12} Update podinfo to 6\.1\.0$/m,
  /^-( +)image: (\S+):6\.0\.0( +# \{"\$imagepolicy": "apps:podinfo"\})\n\+\1image: \2:6\.1\.0\3$/m,
  /^locked Deployment apps\/podinfo in apps\/podinfo\.yaml$/m,
  /^held apps\/podinfo\.yaml:\d+ \(apps\/podinfo\): locked at 6\.1\.0 by ana until \S+ \(6\.2\.0 breaks the checkout\)$/m,
  /^Deployment apps\/podinfo +6\.1\.0 +ana +\S+ +locked .+ 6\.2\.0 breaks the checkout$/m,
  /^unlocked Deployment apps\/podinfo in apps\/podinfo\.yaml$/m,
  /^commit [0-9a-f]{12} Update podinfo to 6\.2\.0$/m,
];

describe.skipIf(!hasTool('git'))('the demo', () => {
  let stage: Stage;
  let result: CliResult;
  let tookMs: number;
  beforeAll(async () => {
    stage = openStage();
    const started = Date.now();
    // A person's own Git settings must not get in its way.
    stage.write({ '.gitconfig': '[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n' });
    stage.write({ 'tmp/.keep': '' });
    result = await stage.run(['demo'], { env: { TMPDIR: stage.path('tmp') } });
    tookMs = Date.now() - started;
  });
  afterAll(() => stage.close());

  it('ends well within seconds', () => {
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(tookMs).toBeLessThan(PATIENCE_MS);
  });

  it('shows a commit, its one changed line, a lock that holds and an unlock that moves on', () => {
    let rest = result.stdout;
    for (const part of STORY) {
      const found = part.exec(rest);
      expect(found, `${String(part)} in: ${rest}`).not.toBeNull();
      rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0));
    }
  });

  it('leaves nothing behind', () => {
    expect(readdirSync(stage.path('tmp'))).toEqual(['.keep']);
  });

  it('is what the README starts', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(readme).toContain('npm ci && npm run demo');
    expect(manifest.scripts.demo).toMatch(/ node dist\/lockkeeper\.js demo$/);
  });
});

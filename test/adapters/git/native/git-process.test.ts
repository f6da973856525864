import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runGit } from '../../../../src/adapters/git/native/git-process.ts';
import { scratch, type Scratch } from '../../../support/git/repo.ts';

let area: Scratch;
beforeEach(() => {
  area = scratch();
});
afterEach(() => area.remove());

/** Runs a shell script in place of `git`, for half a second at most. */
async function runScript(script: string, remote?: string) {
  writeFileSync(join(area.path, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return runGit({
    args: ['--git-dir=/some/where', 'fetch'],
    env: { PATH: `${area.path}:${process.env['PATH'] ?? ''}` },
    signal: new AbortController().signal,
    timeoutMs: 500,
    ...(remote !== undefined && { remote }),
  });
}

describe('a git that takes too long', () => {
  it.each([
    ['itself', 'exec sleep 60'],
    ['and does not want to end', 'trap "" TERM; while :; do sleep 1; done'],
    ['by a child that outlives it', 'sleep 60 & exit 0'],
    ['by a child that left its group', 'setsid sleep 20 & exit 0'],
  ])('%s is given up', { timeout: 10_000 }, async (_, script) => {
    await expect(runScript(script)).rejects.toMatchObject({
      code: 'git/unreachable',
      message: expect.stringMatching(/^git fetch took over/) as string,
    });
  });

  it('names what did not answer', async () => {
    await expect(runScript('exec sleep 60', 'https://git.example.com/x')).rejects.toMatchObject({
      message: 'https://git.example.com/x does not answer, or too slowly (git fetch took over 1 s)',
    });
  });
});

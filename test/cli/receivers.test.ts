import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/captured-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-receivers-'));
const TOKEN = 'a-token-of-32-characters-or-more';
const receiver = (name: string, spec: string) =>
  `apiVersion: lockkeeper.dev/v1alpha1\nkind: ImageReceiver\nmetadata: {name: ${name}, namespace: apps}\nspec: ${spec}\n`;

beforeAll(() => {
  const files = {
    'good/a.yaml': receiver('hub', '{type: dockerhub, secretRef: {name: hub}}'),
    'bad/a.yaml': receiver('quay', '{type: quay, secretRef: {name: nowhere}}'),
    'invalid/a.yaml': receiver('x', '{type: dockerhubb, secretRef: {name: hub}}'),
    'none/a.txt': 'nothing',
    'secrets/apps/hub/token': `${TOKEN}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const receivers = (config: readonly string[], ...argv: readonly string[]) => {
  const paths = config.flatMap((name) => ['--config', join(folder, name)]);
  return run(['receivers', ...paths, '--secrets', join(folder, 'secrets'), ...argv]);
};

describe('receivers', () => {
  it('shows where to send to', async () => {
    const { code, out, err } = await receivers(['good']);
    expect(out).toMatch(
      /^RECEIVER {2}TYPE {7}PATH\napps\/hub {2}dockerhub {2}\/hook\/[0-9a-f]{64}\n$/,
    );
    expect([code, err]).toEqual([0, '']);
  });

  it('says why there is no path, and fails', async () => {
    const { code, out } = await receivers(['good', 'bad'], '-o', 'json');
    expect(JSON.parse(out)).toEqual({
      receivers: [
        { receiver: 'apps/hub', type: 'dockerhub', path: expect.stringMatching(/^\/hook\//) },
        { receiver: 'apps/quay', type: 'quay', problem: 'there is no Secret apps/nowhere' },
      ],
    });
    expect(code).toBe(1);
  });

  it('says that there are none', async () => {
    expect(await receivers(['none'])).toEqual({
      code: 0,
      out: 'there are no ImageReceivers\n',
      err: '',
    });
  });

  it('refuses resources that are invalid, and names the line', async () => {
    const { code, err } = await receivers(['invalid']);
    expect(code).toBe(2);
    expect(err).toMatch(/a\.yaml:4:\d+: error: spec\.type: .*dockerhub/);
  });

  it('never shows a token', async () => {
    expect((await receivers(['good'])).out).not.toContain(TOKEN);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithout } from '../support/registry/availability.ts';
import { pushChart, pushImage, pushIndex } from '../support/registry/push-images.ts';
import { createPusher, type Pusher } from '../support/registry/pusher.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { deployment } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

/** An ImagePolicy `apps/web`. @param spec lines of `spec` */
function policyText(spec: readonly string[]): string {
  const head = ['apiVersion: lockkeeper.dev/v1alpha1', 'kind: ImagePolicy'];
  const metadata = ['metadata:', '  name: web', '  namespace: apps'];
  return [...head, ...metadata, 'spec:', ...spec.map((line) => `  ${line}`), ''].join('\n');
}

describe.skipIf(skipWithout('distribution'))('images that are asked about themselves', () => {
  let registry: RunningRegistry;
  let stage: Stage;
  const open: Pusher[] = [];
  const pusherOf = (repository: string) => {
    const pusher = createPusher({ url: registry.url, tls: {} }, repository);
    open.push(pusher);
    return pusher;
  };

  beforeAll(async () => {
    registry = await startRegistry({ kind: 'distribution' });
    stage = openStage();
  }, 60_000);
  afterAll(async () => {
    for (const pusher of open) await pusher.close();
    await stage.close();
    await registry.stop();
  });

  const select = (repository: string, ...args: readonly string[]) =>
    stage.run(['select', '--image', `${registry.host}/${repository}`, '--insecure', ...args]);

  /** Updates one field in a folder by one policy, as `update` does. @returns the tag it holds then */
  async function update(name: string, spec: readonly string[], held: string) {
    const image = `${registry.host}/${name}`;
    stage.write({
      [`${name}/policy.yaml`]: policyText([`image: ${image}`, 'insecure: true', ...spec]),
      [`${name}/web.yaml`]: deployment(`${image}:${held}`),
    });
    const result = await stage.run(['update', name, '-o', 'json']);
    const report = JSON.parse(result.stdout) as { policies: readonly { latest?: string }[] };
    return { ...result, latest: report.policies[0]?.latest };
  }

  it('are chosen by build time, with what an index, a manifest and a config say', async () => {
    const pusher = pusherOf('newest');
    await pushImage(pusher, { created: '2026-01-01T00:00:00Z' }, 'main-0a');
    await pushImage(pusher, { created: '1970-01-01T00:00:00Z' }, 'main-0b');
    await pushIndex(pusher, [{ created: '2026-01-02T00:00:00Z' }, { platform: 'linux/arm64' }], {
      tag: 'main-0c',
    });
    await pushImage(pusher, { created: '2026-01-03T00:00:00Z' }, 'dev-0d');
    const newest = await select('newest', '--newest', '--filter', '^main-');
    expect(newest).toEqual({ code: 0, stdout: 'main-0c\n', stderr: '' });
    const explained = await select('newest', '--newest', '--explain');
    expect(explained.stdout).toMatch(
      /^dev-0d +selected +is the image with the latest build time$/m,
    );
    expect(explained.stdout).toMatch(/^main-0b +rejected +names a build time before/m);
    expect(await update('newest', ['policy: {newest: {}}'], 'main-0a')).toMatchObject({
      code: 0,
      latest: 'dev-0d',
    });
  });

  it('stop the choice by build time when one says nothing', async () => {
    const pusher = pusherOf('silent');
    await pushImage(pusher, { created: '2026-01-01T00:00:00Z' }, 'a');
    await pushImage(pusher, {}, 'b');
    const result = await select('silent', '--newest');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/silent:b does not say when it was built, .*filterTags\n$/);
  });

  it('are passed over without all platforms, by index or by config', async () => {
    const pusher = pusherOf('platforms');
    const both = [{ platform: 'linux/amd64' }, { platform: 'linux/arm64/v8' }];
    await pushIndex(pusher, both, { tag: '1.0.0' });
    await pushIndex(pusher, both.slice(0, 1), { tag: '1.1.0' });
    await pushImage(pusher, { platform: 'linux/amd64' }, '1.2.0');
    const spec = ['policy: {semver: {range: 1.x}}', 'platforms: [linux/amd64, linux/arm64]'];
    const chosen = await update('platforms', spec, '0.9.0');
    expect(chosen).toMatchObject({ code: 0, latest: '1.0.0' });
    const amd64 = ['policy: {semver: {range: 1.x}}', 'platforms: [linux/amd64]'];
    expect(await update('platforms', amd64, '0.9.0')).toMatchObject({ latest: '1.2.0' });
  });

  it('may be charts: versions are chosen, and platforms do not matter', async () => {
    const pusher = pusherOf('charts');
    await pushChart(pusher, '1.2.0_build.1', '2026-01-01T00:00:00Z');
    await pushChart(pusher, '1.10.0_build.2', '2026-01-02T00:00:00Z');
    const version = ['--filter', '^(?P<v>[0-9.]+)', '--extract', '$v', '--semver', '1.x'];
    expect(await select('charts', ...version)).toMatchObject({ stdout: '1.10.0_build.2\n' });
    expect(await select('charts', '--newest')).toMatchObject({ stdout: '1.10.0_build.2\n' });
    const spec = [
      'filterTags: {pattern: "^(?P<v>[0-9.]+)", extract: $v}',
      'policy: {semver: {range: 1.x}}',
      'platforms: [linux/s390x]',
    ];
    expect(await update('charts', spec, '1.2.0_build.1')).toMatchObject({
      latest: '1.10.0_build.2',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { changeLinks } from '../../../src/app/pull-requests/change-links.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import type { Annotations } from '../../../src/domain/image/image-manifest.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';
import { digest, policy, view } from '../../support/builders.ts';
import { memoryPorts, never } from '../../support/memory-ports.ts';

const PODINFO = 'ghcr.io/stefanprodan/podinfo';
const REPO = 'https://github.com/stefanprodan/podinfo';
const [OLD, NEW, CHILD] = [digest('a'), digest('b'), digest('c')];
const [FIRST, SECOND] = ['1'.repeat(40), '2'.repeat(40)];

const labels = (revision: string): Annotations => ({
  'org.opencontainers.image.source': REPO,
  'org.opencontainers.image.revision': revision,
});

/** A registry with an old and a new tag, of which only the old one is an image by itself. */
function world() {
  const ports = memoryPorts({ repositories: { [PODINFO]: { '6.1.0': OLD, '6.2.0': NEW } } });
  const { registry } = ports;
  registry.manifests.set(OLD, { kind: 'image', digest: OLD, annotations: {}, config: 'old' });
  registry.configs.set('old', { labels: labels(FIRST) });
  registry.manifests.set(NEW, {
    kind: 'index',
    digest: NEW,
    annotations: {},
    entries: [{ digest: CHILD, platform: { os: 'linux', architecture: 'amd64' }, annotations: {} }],
  });
  registry.manifests.set(CHILD, {
    kind: 'image',
    digest: CHILD,
    annotations: {},
    config: 'new',
  });
  registry.configs.set('new', { labels: labels(SECOND) });
  return ports;
}

function change(over: Partial<Change> = {}): Change {
  return {
    policy: 'apps/podinfo',
    image: PODINFO,
    from: '6.1.0',
    to: `6.2.0@${NEW}`,
    path: 'app.yaml',
    line: 3,
    locked: false,
    fields: [],
    ...over,
  };
}

async function links(ports: ReturnType<typeof world>, ...changes: readonly Change[]) {
  const podinfo = view(policy());
  const sources = {
    views: viewsOver(ports),
    viewOf: (key: string) => (key === 'apps/podinfo' ? podinfo : undefined),
  };
  const found = await changeLinks(sources, changes, never);
  return found.map(({ url }) => url);
}

describe('links to what changed', () => {
  it('compare what the old and the new image say of themselves, once for each step', async () => {
    const found = await links(world(), change(), change({ path: 'b.yaml' }));
    expect(found).toEqual([`${REPO}/compare/${FIRST}...${SECOND}`]);
  });

  it('ask for no config where the manifest says it all', async () => {
    const ports = world();
    const annotations = labels(SECOND);
    ports.registry.manifests.set(NEW, { kind: 'index', digest: NEW, annotations, entries: [] });
    const { from: _, ...first } = change();
    expect(await links(ports, first)).toEqual([`${REPO}/commit/${SECOND}`]);
    expect(ports.registry.calls).toEqual([`manifest ${PODINFO}@${NEW}`]);
  });

  it.each([
    { name: 'there is no old image any more', over: { from: '6.0.0' } },
    { name: 'the old image cannot be asked for', over: {}, break: 'old' },
  ])('lead to the new commit where $name', async ({ over, break: broken }) => {
    const ports = world();
    if (broken !== undefined) ports.registry.configs.delete(broken);
    expect(await links(ports, change(over))).toEqual([`${REPO}/commit/${SECOND}`]);
  });

  it.each([
    { name: 'the new image cannot be asked for', over: { to: '7.0.0' } },
    { name: 'the policy is not known', over: { policy: 'apps/other' } },
  ])('are left out where $name', async ({ over }) => {
    expect(await links(world(), change(over))).toEqual([]);
  });

  it('are left out where the image names no source, is an artifact, or is an index in an index', async () => {
    const ports = world();
    const bare = { digest: NEW, annotations: {} };
    ports.registry.manifests.set(NEW, { kind: 'artifact', ...bare });
    expect(await links(ports, change())).toEqual([]);
    ports.registry.manifests.set(NEW, { kind: 'index', ...bare, entries: [] });
    expect(await links(ports, change())).toEqual([]);
    const platform = { os: 'linux', architecture: 'amd64' };
    const entries = [{ digest: CHILD, platform, annotations: {} }];
    ports.registry.manifests.set(NEW, { kind: 'index', ...bare, entries });
    const nested = { kind: 'index', digest: CHILD, annotations: {}, entries: [] } as const;
    ports.registry.manifests.set(CHILD, nested);
    expect(await links(ports, change())).toEqual([]);
  });
});

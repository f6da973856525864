import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import {
  GIT_LOGIN,
  openClusterStage,
  STAGE_TIMEOUT_MS,
  SYSTEM_NAMESPACE,
  type ClusterStage,
} from './cluster-stage.ts';
import { until } from './patience.ts';
import { deployment, imagePolicy } from './resources.ts';

const isMissing =
  !hasTool('git-http-backend') || skipWithout('docker-registry') || skipWithoutApiServer();

describe.skipIf(isMissing)('run in a cluster', () => {
  let cluster: ClusterStage;
  let registry: RunningRegistry;
  let cli: RunningCli;
  let url: string;
  let pushed = 0;

  beforeAll(async () => {
    cluster = await openClusterStage();
    registry = await startRegistry({ kind: 'docker-registry', auth: 'htpasswd' });
    await registry.pushTags('team/web', ['1.0.0']);
    cluster.remote.commit({ 'web.yaml': deployment(`${image()}:1.0.0`) });
    const { host, username, password } = registry;
    await cluster.kubectl([
      ...'create secret docker-registry registry-login --namespace apps'.split(' '),
      `--docker-server=${host}`,
      `--docker-username=${username}`,
      `--docker-password=${password}`,
    ]);
    await cluster.kubectl('create serviceaccount puller --namespace apps'.split(' '));
    const pulling = JSON.stringify({ imagePullSecrets: [{ name: 'registry-login' }] });
    await inApps('patch', 'serviceaccount/puller', '--patch', pulling);
    cli = cluster.start('lockkeeper-0', '--log-level', 'debug');
    const [, address] = await cli.waitFor('stderr', /"url":"(http:[^"]+)"/);
    url = address ?? '';
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.close();
    await registry?.stop();
  });

  const image = () => `${registry.host}/team/web`;
  const inApps = (...args: readonly string[]) => cluster.kubectl([...args, '--namespace', 'apps']);
  /** Objects, such as `imagepolicy/web`. */
  const wait = (condition: string, ...objects: readonly string[]) =>
    inApps('wait', `--for=${condition}`, '--timeout=25s', ...objects);
  const inSystem = (...args: readonly string[]) =>
    cluster.kubectl([...args, '--namespace', SYSTEM_NAMESPACE]);
  const account = `system:serviceaccount:${SYSTEM_NAMESPACE}:lockkeeper`;

  it('is ready once it knows all objects', async () => {
    await cli.waitFor('stderr', /"msg":"resources loaded"/);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('makes objects that were applied ready', async () => {
    await cluster.apply(
      imagePolicy({
        image: image(),
        spec: ['insecure: true', 'interval: 1s', 'serviceAccountName: puller'],
      }),
    );
    const waited = await wait('condition=Ready', 'imagepolicy/web', 'imageupdateautomation/config');
    expect(waited).toBe(
      'imagepolicy.lockkeeper.dev/web condition met\nimageupdateautomation.lockkeeper.dev/config condition met\n',
    );
  });

  it('turns a new tag into a commit', async () => {
    await registry.pushTags('team/web', ['1.1.0']);
    await until('web is at 1.1.0', () => cluster.remote.read('web.yaml').includes(':1.1.0 #'));
    expect(subjects(cluster)).toEqual(['Update web to 1.1.0']);
  });

  it('tells of the old and the new tag and the commit by Events', async () => {
    const step = `${image()} 1.0.0 -> 1.1.0`;
    const expected = [
      ['ImagePolicy/web', 'NewTag', step],
      [
        'ImageUpdateAutomation/config',
        'Pushed',
        `${step} (commit ${cluster.remote.head()} on main)`,
      ],
    ];
    await expect
      .poll(async () => rowsOfEvents(await inApps('get', 'events', '--output', 'json')))
      .toEqual(expect.arrayContaining(expected));
  });

  it('fills the columns of kubectl get', async () => {
    await wait('jsonpath={.status.lastPush.commit}', 'imageupdateautomation/config');
    const get = async (kind: string) =>
      (await inApps('get', kind, '--no-headers')).trim().split(/ {2,}/);
    expect(await get('imagepolicies')).toEqual([
      'web',
      image(),
      '1.1.0',
      'True',
      expect.stringContaining('1.1.0'),
      expect.stringMatching(/^\d+[sm]/),
    ]);
    expect(await get('imageupdateautomations')).toEqual([
      'config',
      expect.stringMatching(/^http:.+config.git$/),
      expect.stringMatching(/^\d+[sm]/),
      'True',
      expect.stringMatching(/^\d+[sm]/),
    ]);
  });

  it('shows the table of lockkeeper status', async () => {
    const status = async (output: string) => {
      const kubeconfig = cluster.server.adminKubeconfig;
      const args = ['status', '--kubeconfig', kubeconfig, '-n', 'apps', '-o', output];
      return (await cluster.stage.run(args)).stdout;
    };
    const text = await status('text');
    expect(text).toMatch(/^POLICY +IMAGE +PREVIOUS +LATEST +PENDING +STATE +MESSAGE$/m);
    expect(text).toMatch(/^apps\/web +127\S+\/team\/web +1\.0\.0 +1\.1\.0 +\S+ /m);
    expect(text).toMatch(/^apps\/config +http:\S+ +\S.+$/m);
    expect(JSON.parse(await status('json'))).toMatchObject({
      policies: [{ policy: 'apps/web', image: image(), previous: '1.0.0', latest: '1.1.0' }],
      automations: [{ automation: 'apps/config' }],
    });
  });

  it('runs when the annotation asks for it, and says so', async () => {
    const request = 'reconcile.lockkeeper.dev/requestedAt=now-1';
    await inApps('annotate', 'imagepolicy/web', request);
    const answered = 'jsonpath={.status.lastHandledReconcileAt}=now-1';
    expect(await wait(answered, 'imagepolicy/web')).toContain('condition met');
  });

  it('lets changes wait for more as a batch window says, until a person asks', async () => {
    const automation = 'imageupdateautomation/config';
    const setWindow = (batchWindow: string | null) =>
      inApps(
        'patch',
        automation,
        '--type=merge',
        '--patch',
        JSON.stringify({ spec: { batchWindow } }),
      );
    await setWindow('1h');
    await registry.pushTags('team/web', ['1.2.0']);
    await wait('jsonpath={.status.batch.until}', automation);
    expect(cluster.remote.read('web.yaml')).toContain(':1.1.0 #');
    await inApps('annotate', automation, 'reconcile.lockkeeper.dev/requestedAt=now-2');
    await wait('jsonpath={.status.locations.upToDate}=1', automation);
    expect(cluster.remote.read('web.yaml')).toContain(':1.2.0 #');
    expect(await inApps('get', automation, '--output', 'jsonpath={.status.batch}')).toBe('');
    await setWindow(null);
  });

  it('takes up a login that was rotated, though it may not watch Secrets', async () => {
    const rotate = (password: string) =>
      inApps('patch', 'secret/git-login', '--patch', JSON.stringify({ stringData: { password } }));
    await rotate('no longer valid');
    await wait('condition=Ready=False', 'imageupdateautomation/config');
    await rotate(GIT_LOGIN.password);
    const waited = await wait('condition=Ready=True', 'imageupdateautomation/config');
    expect(waited).toContain('condition met');
  });

  it('has all the rights that it needs', async () => {
    const [log] = await cli.waitFor('stderr', /[^]*\n/);
    expect(log).not.toMatch(/forbidden|not allowed/i);
  });

  it.each([
    ['list', 'secrets', 'no'],
    ['watch', 'secrets', 'no'],
    ['update', 'imagepolicies', 'no'],
    ['delete', 'imageupdateautomations', 'no'],
    ['list', 'serviceaccounts', 'no'],
    ['create', 'serviceaccounts/token', 'no'],
    ['list', 'pods', 'no'],
    ['get', 'secrets', 'yes'],
  ])('may %s %s of all namespaces: %s', async (verb, resource, answer) => {
    const asked = `auth can-i ${verb} ${resource} --all-namespaces --as ${account} --quiet`;
    const allowed = cluster.kubectl(asked.split(' ')).then(
      () => 'yes',
      () => 'no',
    );
    expect(await allowed).toBe(answer);
  });

  it('ends at SIGTERM', async () => {
    cli.process.kill('SIGTERM');
    expect(await cli.ended).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([
    ['list', 'imagepolicies'],
    ['watch', 'imagepolicies'],
    ['patch', 'imagepolicies/status'],
    ['patch', 'imageupdateautomations/status'],
    ['get', 'secrets'],
    ['get', 'serviceaccounts'],
    ['create', 'events'],
  ])('says so when it may not %s %s', async (verb, resource) => {
    // It takes every right there is.
    await registry.pushTags('team/web', [`2.0.${(pushed += 1)}`]);
    const complaint = await complaintWithout(verb, resource, CLUSTER_ROLE, '--no-leader-election');
    expect(complaint).toMatch(`${verb} ${resource}`);
  });

  it.each(['create', 'get', 'update'])('says so when it may not %s leases', async (verb) => {
    await inSystem('delete', 'lease/lockkeeper', '--ignore-not-found');
    const complaint = await complaintWithout(verb, 'leases', LEASE_ROLE);
    expect(complaint).toMatch(`${verb} leases`);
  });

  it('becomes ready when it is granted what it lacked', async () => {
    const rules = await takeAway('list', 'imageupdateautomations', CLUSTER_ROLE);
    const other = cluster.start('not-ready', '--no-leader-election');
    const [, address = ''] = await other.waitFor('stderr', /"url":"(http:[^"]+)"/);
    const readiness = async () => (await fetch(`${address}/readyz`)).status;
    await other.waitFor('stderr', /not allowed to list imageupdateautomations/);
    expect(await readiness()).toBe(503);
    await replaceRules(rules, CLUSTER_ROLE);
    await expect.poll(readiness, { timeout: 20_000 }).toBe(200);
    other.process.kill('SIGTERM');
    expect(await other.ended).toMatchObject({ code: 0 });
  });

  it('lets no credentials out', async () => {
    const { stderr } = await cli.ended;
    const objects = await inApps(
      ...'get events,imagepolicies,imageupdateautomations --output yaml'.split(' '),
    );
    const basic = ({ username, password }: typeof GIT_LOGIN) =>
      Buffer.from(`${username}:${password}`).toString('base64');
    for (const secret of [registry.password, GIT_LOGIN.password, basic(registry), basic(GIT_LOGIN)])
      for (const text of [stderr, objects, cluster.remote.git('log', '-p', '--format=raw')])
        expect(text.includes(secret)).toBe(false);
  });

  /** What another controller says that it may not do, when it lacks this right. */
  async function complaintWithout(
    verb: string,
    resource: string,
    role: string,
    ...args: readonly string[]
  ): Promise<string> {
    const rules = await takeAway(verb, resource, role);
    const other = cluster.start('lockkeeper-1', ...args);
    try {
      const said = await other.waitFor('stderr', /not allowed to ([^;]+); grant that by RBAC/);
      return said[1] ?? '';
    } finally {
      other.process.kill('SIGTERM');
      await other.ended;
      await replaceRules(rules, role);
    }
  }

  /** @returns the rules as they were */
  async function takeAway(verb: string, resource: string, role: string): Promise<readonly Rule[]> {
    const { rules } = JSON.parse(await inSystem('get', role, '--output', 'json')) as {
      rules: readonly Rule[];
    };
    await replaceRules(withoutVerb(rules, resource, verb), role);
    return rules;
  }

  async function replaceRules(rules: readonly Rule[], role: string): Promise<void> {
    const patch = JSON.stringify([{ op: 'replace', path: '/rules', value: rules }]);
    await inSystem('patch', role, '--type=json', '--patch', patch);
  }
});

const CLUSTER_ROLE = 'clusterrole/lockkeeper';
const LEASE_ROLE = 'role/lockkeeper-leader-election';

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** One verb less for one resource; those that share its rule keep theirs. */
function withoutVerb(rules: readonly Rule[], resource: string, verb: string): readonly Rule[] {
  return rules.flatMap((rule) => {
    if (!rule.resources.includes(resource)) return [rule];
    const others = rule.resources.filter((other) => other !== resource);
    const verbs = rule.verbs.filter((other) => other !== verb);
    return [
      { ...rule, resources: others },
      { ...rule, resources: [resource], verbs },
    ].filter((one) => one.resources.length > 0 && one.verbs.length > 0);
  });
}

/** What was committed since the first commit, newest last. */
function subjects({ remote }: ClusterStage): readonly string[] {
  return remote.git('log', '--reverse', '--format=%s', 'main').split('\n').slice(1);
}

function rowsOfEvents(json: string): readonly (readonly string[])[] {
  const { items } = JSON.parse(json) as {
    items: {
      involvedObject: { kind: string; name: string };
      reason: string;
      message: string;
    }[];
  };
  return items.map(({ involvedObject: { kind, name }, reason, message }) => [
    `${kind}/${name}`,
    reason,
    message,
  ]);
}

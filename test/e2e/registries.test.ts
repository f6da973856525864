import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { deployment, imagePolicy } from './resources.ts';
import { changedFiles, openStage, snapshot, type Stage } from './stage.ts';

/** 1.0.0 to 1.49.PATCHES-1: the newest is neither the last pushed nor the last by alphabet. */
function versions(patches: number): readonly string[] {
  const mixed = (n: number) => `1.${(n * 7) % 50}.${(Math.floor(n / 50) * 7) % patches}`;
  return Array.from({ length: 50 * patches }, (_, n) => mixed(n));
}
const PUSH_TIMEOUT_MS = 120_000;

/** One line that names the place and the policy. */
const POLICY_ERROR = /^policy\.yaml:1:1: error: ImagePolicy apps\/web: .+\n$/;

const REGISTRIES = [
  { kind: 'distribution', pageCap: 100, patches: 50 },
  // It knows no pages, so that more tags would show nothing more.
  { kind: 'docker-registry', pageCap: undefined, patches: 5 },
] as const;

describe.each(REGISTRIES)('against $kind with TLS and htpasswd', ({ kind, pageCap, patches }) => {
  const lastPatch = patches - 1;
  describe.skipIf(skipWithout(kind, 'openssl'))(`and ${50 * patches} tags`, () => {
    let registry: RunningRegistry;
    let stage: Stage;

    beforeAll(async () => {
      registry = await startRegistry({
        kind,
        tls: true,
        auth: 'htpasswd',
        ...(pageCap === undefined ? {} : { pageCap }),
      });
      await registry.pushTags('team/web', [...versions(patches), 'latest']);
      stage = openStage();
      stage.write({
        'docker/config.json': dockerConfig(registry),
        'secrets/apps/by-docker-config/.dockerconfigjson': dockerConfig(registry),
        'secrets/apps/by-password/username': `${registry.username}\n`,
        'secrets/apps/by-password/password': `${registry.password}\n`,
        'secrets/registry-ca/ca.crt': registry.ca ?? '',
        'wrong/registry-ca/ca.crt': registry.ca ?? '',
        'wrong/apps/by-password/username': registry.username,
        'wrong/apps/by-password/password': 'Tr0ub4dor&3',
      });
    }, PUSH_TIMEOUT_MS);
    afterAll(async () => {
      await stage.close();
      await registry.stop();
    });

    const image = () => `${registry.host}/team/web`;
    const caFile = () => registry.caFile ?? '';

    it.each([
      { range: '1.x', want: `1.49.${lastPatch}` },
      { range: '~1.9', want: `1.9.${lastPatch}` },
      { range: '<1.10.0', want: `1.9.${lastPatch}` },
    ])('select chooses $want for $range', async ({ range, want }) => {
      const result = await stage.run(
        ['select', '--image', image(), '--semver', range, '--ca-file', caFile()],
        { env: { DOCKER_CONFIG: stage.path('docker') } },
      );
      expect(result).toEqual({ code: 0, stdout: `${want}\n`, stderr: '' });
    });

    it.each([
      {
        name: 'a docker config and certSecretRef',
        spec: ['secretRef: {name: by-docker-config}', 'certSecretRef: {name: registry-ca}'],
        options: () => [],
      },
      {
        name: 'user name, password and --ca-file',
        spec: ['secretRef: {name: by-password}'],
        options: () => ['--ca-file', caFile()],
      },
    ])('update logs in by $name', async ({ spec, options }) => {
      const before = deployment(`${image()}:1.0.0`);
      stage.write({
        'repo/policy.yaml': imagePolicy({ image: image(), range: '~1.9', spec }),
        'repo/web.yaml': before,
      });
      const result = await stage.run([
        'update',
        'repo',
        '--secrets',
        stage.path('secrets'),
        ...options(),
      ]);
      expect(result).toEqual({
        code: 0,
        stdout: `updated web.yaml:11 ${image()} 1.0.0 -> 1.9.${lastPatch} (apps/web)\n`,
        stderr: '',
      });
      expect(readFileSync(stage.path('repo/web.yaml'), 'utf8')).toBe(
        before.replace(':1.0.0', `:1.9.${lastPatch}`),
      );
    });

    it.each([
      {
        name: 'a wrong password',
        spec: ['secretRef: {name: by-password}', 'certSecretRef: {name: registry-ca}'],
        secrets: 'wrong',
        says: /access denied; check the credentials/,
      },
      {
        name: 'no credentials',
        spec: ['certSecretRef: {name: registry-ca}'],
        secrets: 'secrets',
        says: /access denied without credentials/,
      },
      {
        name: 'a certificate that nobody vouches for',
        spec: ['secretRef: {name: by-password}'],
        secrets: 'secrets',
        says: /certificate is not trusted; give its CA by certSecretRef or --ca-file/,
      },
      {
        name: 'plain HTTP to a registry that speaks TLS',
        spec: ['secretRef: {name: by-password}', 'insecure: true'],
        secrets: 'secrets',
        says: /if the registry speaks HTTPS, leave out `insecure`/,
      },
    ])('update writes nothing with $name', async ({ spec, secrets, says }) => {
      const args = ['--secrets', stage.path(secrets)];
      const { stderr, ...outcome } = await update({ image: image(), spec }, args);
      expect(outcome).toEqual({ code: 1, changed: [] });
      expect(stderr).toMatch(POLICY_ERROR);
      expect(stderr).toMatch(says);
    });

    it('update writes nothing for a repository that is not there', async () => {
      const spec = ['secretRef: {name: by-password}', 'certSecretRef: {name: registry-ca}'];
      const policy = { spec, image: `${registry.host}/team/none` };
      const { stderr, ...outcome } = await update(policy, ['--secrets', stage.path('secrets')]);
      expect(outcome).toEqual({ code: 1, changed: [] });
      expect(stderr).toMatch(POLICY_ERROR);
      expect(stderr).toMatch(/team\/none: no such repository/);
    });

    // The last one: there is no registry after it.
    it('update writes nothing when the registry is killed while it lists', async () => {
      const proxy = await startKillingProxy(registry, pageCap === undefined ? 0 : 3);
      try {
        const spec = ['secretRef: {name: by-password}', 'insecure: true'];
        const policy = { image: `${proxy.host}/team/web`, spec };
        const { stderr, ...outcome } = await update(policy, ['--secrets', stage.path('secrets')]);
        expect(outcome).toEqual({ code: 1, changed: [] });
        expect(stderr).toMatch(POLICY_ERROR);
        expect(stderr).toMatch(
          pageCap === undefined
            ? /cannot reach .*: the connection broke/
            : /the tag list broke off between pages: .*the connection broke/,
        );
        expect(proxy.pages()).toBe(pageCap === undefined ? 0 : 3);
      } finally {
        await proxy.close();
      }
    });

    /** Updates a folder whose one field holds 1.0.0. */
    async function update(
      policy: { readonly image: string; readonly spec: readonly string[] },
      args: readonly string[],
    ) {
      stage.write({
        'repo/policy.yaml': imagePolicy(policy),
        'repo/web.yaml': deployment(`${policy.image}:1.0.0`),
      });
      const before = snapshot(stage.path('repo'));
      const { code, stderr } = await stage.run(['update', 'repo', ...args]);
      return { code, stderr, changed: changedFiles(before, snapshot(stage.path('repo'))) };
    }
  });
});

function dockerConfig({ host, username, password }: RunningRegistry): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [host]: { auth } } });
}

interface KillingProxy {
  readonly host: string;
  /** Pages passed on. */
  pages(): number;
  close(): Promise<void>;
}

/** Passes requests on to a registry, and kills it for good after so many pages of tags. */
async function startKillingProxy(
  registry: RunningRegistry,
  pagesAllowed: number,
): Promise<KillingProxy> {
  const agent = new Agent({ connect: { ca: registry.ca } });
  let pages = 0;
  const server: Server = createServer((incoming, outgoing) => {
    const isPage = incoming.url?.includes('/tags/list') === true;
    const forward = async () => {
      const { authorization } = incoming.headers;
      const isAuthorizedPage = isPage && authorization !== undefined;
      if (isAuthorizedPage && pages === pagesAllowed) await registry.kill();
      const answer = await request(`${registry.url}${incoming.url}`, {
        dispatcher: agent,
        headers: authorization === undefined ? {} : { authorization },
      });
      const body = await answer.body.text();
      if (isAuthorizedPage) pages += 1;
      const { link, 'www-authenticate': challenge } = answer.headers;
      for (const [name, value] of Object.entries({ link, 'www-authenticate': challenge }))
        if (value !== undefined) outgoing.setHeader(name, value);
      outgoing.writeHead(answer.statusCode).end(body);
    };
    forward().catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: () => pages,
    close: async () => {
      await agent.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

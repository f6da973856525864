import type { z } from 'zod';
import { viewsOver } from '../../src/app/scan/recorded-memories.ts';
import type { imageUpdateAutomationSpecSchema } from '../../src/api/image-update-automation.ts';
import { BranchSessions } from '../../src/app/update/branch-sessions.ts';
import type { CarriedOutPass } from '../../src/app/update/update-branch.ts';
import { compose, type OpenPorts } from '../../src/compose/ports.ts';
import { readConfig } from '../../src/config.ts';
import { mergeResources, NO_RESOURCES } from '../../src/domain/resources/merge-resources.ts';
import { parseResources } from '../../src/domain/resources/parse-resources.ts';
import type { GitAccess } from '../../src/ports/ports.ts';
import { automation as automationOf } from '../support/builders.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { startSshServer } from '../support/git/sshd.ts';
import { MemoryForge } from '../support/memory-forge.ts';
import { deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** These tests are about branches: what is opened from them is kept in memory. */
const withMemoryForge = (ports: OpenPorts): OpenPorts => {
  const forge = new MemoryForge();
  return { ...ports, open: { ...ports.open, forge: async () => forge } };
};

const NEVER = new AbortController().signal;
const NAMES = ['api', 'web'];
const CODE = Array.from({ length: 20 }, (_, index) => `src/file-${index}.ts`);

/** A config repo at a real server, with two images that are to move from 1.0.0 to 1.1.0, and one automation. */
export interface BranchStage {
  readonly remote: RemoteRepo;
  readonly server: GitHttpServer;
  readonly registry: TagServer;
  /** Writes files below the stage's folder, such as `secrets/NAME/KEY`. */
  readonly write: Stage['write'];
  /** One pass of the automation's own process. */
  pass(options?: {
    readonly dryRun?: boolean;
    readonly automation?: string;
  }): Promise<CarriedOutPass>;
  /** One pass of a further process, with a store of its own. */
  passOfAnother(): Promise<CarriedOutPass>;
  /** Ends the process and starts it on the same disk. */
  restart(): Promise<void>;
  /** What a person does in a new clone with a branch checked out, and pushes. */
  person(branch: string, args: readonly string[]): void;
  /** Tags in the files of a branch. */
  tags(branch: string): Readonly<Record<string, string>>;
  /** What the Git server was sent for one listing of refs or fetch each. */
  exchanges(): number;
  close(): Promise<void>;
}

type Spec = Partial<z.input<typeof imageUpdateAutomationSpecSchema>>;

/** Where the repo is, and what is in it. */
interface ServerSpec {
  readonly transport?: 'http' | 'ssh';
  /** Code stands beside the manifests, and the server leaves out what is not asked for. */
  readonly isMixed?: boolean;
}

/** Sets it up with one engine, the repo behind HTTP or a real `sshd`. */
export async function openBranchStage(
  engine: 'native' | 'isomorphic',
  spec: Spec,
  { transport = 'http', isMixed = false }: ServerSpec = {},
): Promise<BranchStage> {
  const stage = openStage();
  const remote = createRemote(stage.path('remotes/config.git'));
  const server = await startGitHttpServer({ root: stage.path('remotes') });
  const sshd = transport === 'ssh' ? await startSshServer(stage.path('sshd')) : undefined;
  const access: GitAccess = {
    url: sshd?.url(remote.path) ?? server.url('config.git'),
    branch: 'main',
    ...(sshd && { ssh: { identity: sshd.identity, knownHosts: sshd.knownHosts } }),
  };
  const registry = await startTagServer({ api: ['1.0.0', '1.1.0'], web: ['1.0.0', '1.1.0'] });
  if (isMixed) remote.git('config', 'uploadpack.allowFilter', 'true');
  remote.commit({
    ...(isMixed && Object.fromEntries(CODE.map((path) => [path, `export {}; // ${path}\n`]))),
    ...Object.fromEntries(
      NAMES.map((name) => [`apps/${name}.yaml`, deployment(`${registry.image(name)}:1.0.0`, name)]),
    ),
  });
  const policies = NAMES.map((name) =>
    imagePolicy({ image: registry.image(name), name, spec: ['insecure: true', 'interval: 1s'] }),
  ).join('---\n');
  const resources = mergeResources(NO_RESOURCES, [parseResources('policies.yaml', policies)]);
  let count = 0;
  const process_ = async (disk: string) => {
    const ports = withMemoryForge(
      await compose(
        readConfig({
          PATH: process.env['PATH'],
          LOCKKEEPER_CACHE_DIR: stage.path(disk),
          LOCKKEEPER_GIT_ENGINE: engine,
          LOCKKEEPER_SECRETS_DIR: stage.path('secrets'),
        }),
      ),
    );
    return { ports, sessions: new BranchSessions(ports, viewsOver(ports)) };
  };
  const end = async ({ ports, sessions }: { ports: OpenPorts; sessions: BranchSessions }) => {
    await sessions.close();
    await ports.close();
  };
  const passIn = async (
    running: Awaited<ReturnType<typeof process_>>,
    { dryRun = false, automation = 'apps/config' } = {},
  ) => {
    const chosen = automationOf({ git: { url: access.url }, ...spec }, automation);
    const request = { resources, chooseAutomation: () => chosen };
    // Each pass scans anew, as after a policy's interval.
    const { ports } = running;
    const sessions = new BranchSessions(ports, viewsOver(ports));
    try {
      return await sessions.update(access, request, { dryRun, signal: NEVER });
    } finally {
      await sessions.close();
    }
  };
  let own = await process_('cache');
  return {
    remote,
    server,
    registry,
    write: (files) => stage.write(files),
    pass: (options) => passIn(own, options),
    passOfAnother: async () => {
      count += 1;
      const other = await process_(`cache-${count}`);
      try {
        return await passIn(other);
      } finally {
        await end(other);
      }
    },
    restart: async () => {
      await end(own);
      own = await process_('cache');
    },
    person: (branch, args) => {
      count += 1;
      const clone = stage.path(`clone-${count}`);
      git(stage.folder, ['clone', '--quiet', '--branch', branch, remote.path, clone]);
      git(clone, args);
      if (args.includes('--squash')) git(clone, ['commit', '--no-edit']);
      git(clone, ['push', '--quiet', '--force', 'origin', branch]);
    },
    tags: (branch) =>
      Object.fromEntries(
        NAMES.map((name) => [
          name,
          /image: \S+:(\S+)/.exec(remote.read(`apps/${name}.yaml`, branch))?.[1] ?? '',
        ]),
      ),
    exchanges: () => server.log.filter(({ method }) => method === 'POST').length,
    close: async () => {
      await end(own);
      await stage.close();
      await server.close();
      await sshd?.close();
      await registry.close();
    },
  };
}

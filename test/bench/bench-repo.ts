import { join } from 'node:path';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { sampleFiles } from './sample-files.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** A remote repo of some size behind `git http-backend`, and the registry of its images. */
export interface BenchRepo {
  readonly url: string;
  readonly remote: RemoteRepo;
  readonly registry: TagServer;
  /** What the Git server did since it was last asked. */
  traffic(): Traffic;
  close(): Promise<void>;
}

/** Requests and body bytes, as the Git server saw them. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: number;
}

/** Starts the servers and fills the repo, packed as a forge would have it. */
export async function startBenchRepo(folder: string, size: number): Promise<BenchRepo> {
  const registry = await startTagServer();
  const name = `config-${size}.git`;
  const remote = createRemote(join(folder, name));
  remote.commit(sampleFiles(size, registry.host), { message: 'everything' });
  remote.git('repack', '-adq');
  const server: GitHttpServer = await startGitHttpServer({ root: folder });
  return {
    url: server.url(name),
    remote,
    registry,
    traffic: () => {
      const seen = server.log.splice(0);
      const bytes = seen.reduce((sum, { received, sent }) => sum + received + sent, 0);
      return { requests: seen.length, bytes };
    },
    close: async () => {
      registry.close();
      await server.close();
    },
  };
}

import type { Engine } from '../engine.ts';
import { IsomorphicRemote } from './isomorphic-remote.ts';
import { IsomorphicStore } from './isomorphic-store.ts';
import { SmartHttp } from './smart-http.ts';

/** Git by isomorphic-git: HTTP(S) only, no program needed, for repos that fit in memory. */
export function isomorphicEngine(): Engine {
  return {
    name: 'isomorphic',
    openStore: async (folder) => {
      const store = await IsomorphicStore.open(folder);
      return {
        connect: (remote) => new IsomorphicRemote(remote, new SmartHttp(remote), store),
        close: () => store.close(),
      };
    },
  };
}

import { randomUUID } from 'node:crypto';
import { promises } from 'node:fs';

/**
 * The file system that isomorphic-git gets. It writes objects in place, so a kill in the middle of
 * one would leave half an object under a good name; here a file appears whole or not at all.
 */
export const ATOMIC_FS = {
  promises: {
    ...promises,
    writeFile: async (
      path: string,
      data: string | Uint8Array,
      options?: Parameters<typeof promises.writeFile>[2],
    ): Promise<void> => {
      const draft = `${path}.${randomUUID()}.tmp`;
      await promises.writeFile(draft, data, options);
      await promises.rename(draft, path);
    },
  },
};

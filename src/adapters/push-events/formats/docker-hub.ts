import { z } from 'zod';
import { eventFormat, imageNamed } from '../format.ts';

/**
 * Docker Hub sends for a push and for nothing else, and says so nowhere; `repo_name` is `namespace/name`.
 * @see https://docs.docker.com/docker-hub/repos/manage/webhooks/
 */
export const dockerHub = eventFormat(
  z.unknown(),
  z.object({
    push_data: z.object({ tag: z.string() }),
    repository: z.object({ repo_name: z.string() }),
  }),
  ({ push_data: { tag }, repository }) => [imageNamed(`docker.io/${repository.repo_name}`, tag)],
);

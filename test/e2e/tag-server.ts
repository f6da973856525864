import { startLoopback, type Answer, type SeenRequest } from '../support/registry/loopback.ts';

/** A registry that knows tags and nothing of images, for tests that are not about registries. */
export interface TagServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Repository by its last name: `127.0.0.1:PORT/team/NAME`. */
  image(name: string): string;
  /** Adds tags to a repository; the first call makes it. */
  push(name: string, ...tags: readonly string[]): void;
  /** Answers requests in place of the registry, where it returns something. */
  override(rule: ((request: SeenRequest) => Answer | undefined) | undefined): void;
  close(): Promise<void>;
}

/** Starts it by plain HTTP on loopback. */
export async function startTagServer(
  repositories: Readonly<Record<string, readonly string[]>> = {},
): Promise<TagServer> {
  const known = new Map(Object.entries(repositories).map(([name, tags]) => [name, [...tags]]));
  let rule: ((request: SeenRequest) => Answer | undefined) | undefined;
  const server = await startLoopback((request) => {
    const name = /^\/v2\/team\/([^/]+)\/tags\/list/.exec(request.url)?.[1] ?? '';
    const tags = known.get(name);
    const usual: Answer =
      tags === undefined
        ? { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } }
        : { body: { name: `team/${name}`, tags } };
    return rule?.(request) ?? usual;
  });
  return {
    host: server.host,
    image: (name) => `${server.host}/team/${name}`,
    push: (name, ...tags) => void known.set(name, [...(known.get(name) ?? []), ...tags]),
    override: (next) => {
      rule = next;
    },
    close: () => server.close(),
  };
}

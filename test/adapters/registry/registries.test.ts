import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RegistryEvent } from '../../../src/adapters/registry/events.ts';
import { profileOf } from '../../../src/adapters/registry/known-registries.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { clientOf, plainAccess } from '../../support/registry/client.ts';
import {
  digestOf,
  type ImitatedRegistry,
  LOGIN,
  startImitation,
} from '../../support/registry/imitation.ts';
import { IMITATIONS } from '../../support/registry/imitations.ts';

const PATH = 'team/app';
const COUNT = 2345;

/** As they were pushed: neither in the order of versions nor of the alphabet. */
const TAGS = Array.from({ length: COUNT }, (_, index) => `1.${(index * 7919) % COUNT}.0`);

/** Requests that a list of {@link COUNT} tags takes: what pages of 1000, or of the registry's own size, add up to. */
const PAGES: Readonly<Record<string, number>> = {
  'Quay before 2024': 47,
  Quay: 24,
  GCR: 1,
};

/** In one piece, or by 1000. A proxy that cuts off in silence takes the third page to be sure of it. */
const PAGES_BY_1000 = 3;

describe.each(IMITATIONS)('$name', (imitation) => {
  const { auth } = imitation;
  const login = auth.kind === 'basic' ? { basic: LOGIN } : {};
  let server: ImitatedRegistry;

  beforeAll(async () => {
    server = await startImitation(imitation, { [PATH]: TAGS });
  });
  afterAll(() => server.close());

  function client() {
    const events: RegistryEvent[] = [];
    const made = clientOf(server.host, {
      profileOf: () => profileOf(imitation.host),
      onEvent: (event) => events.push(event),
    });
    return { ...made, events };
  }

  it('gives all of its tags, and the next time by lists alone', async () => {
    const { listTags } = client();
    const pages = PAGES[imitation.name] ?? PAGES_BY_1000;
    expect((await listTags(login)).toSorted()).toEqual(TAGS.toSorted());
    const [lists, all] = [server.lists().length, server.count()];
    await listTags(login);
    expect(server.lists().length - lists).toBe(pages);
    expect(server.count() - all).toBe(pages);
  });

  it('tells the digest of a tag by one HEAD', async () => {
    const { digest } = client();
    await digest('1.7.0', login);
    const before = server.manifests().length;
    await expect(digest('1.8.0', login)).resolves.toBe(digestOf('1.8.0'));
    const asked = server.manifests().slice(before);
    expect(asked.map(({ method }) => method)).toEqual(['HEAD']);
    expect(asked[0]?.headers.accept).toContain('application/vnd.oci.image.index.v1+json');
  });

  it('takes a login', async () => {
    await expect(client().listTags({ basic: LOGIN })).resolves.toHaveLength(COUNT);
  });

  it('denies a wrong login, though everybody may read', async () => {
    const before = server.tokens().length;
    await expect(
      client().listTags({ basic: { ...LOGIN, password: 'wrong' } }),
    ).rejects.toMatchObject({ code: 'registry/unauthorized', retry: false });
    expect(server.tokens().length - before).toBe(auth.kind === 'token' ? 1 : 0);
  });

  it('says in one line what is wrong with a repository that is not there', async () => {
    const { registry } = client();
    const error: unknown = await registry
      .listTags(
        { registry: server.host, path: 'team/none' },
        plainAccess(login),
        new AbortController().signal,
      )
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: imitation.missing.status === 404 ? 'registry/not-found' : 'registry/unauthorized',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+\/team\/none: (no such repository|access denied)[^\n]*$/,
      ) as string,
    });
  });
});

/** A registry by its name in the table, and a client that knows it. */
async function peculiar(name: string, repositories: Readonly<Record<string, readonly string[]>>) {
  const imitation = IMITATIONS.find((one) => one.name === name);
  if (imitation === undefined) throw new Error(`there is no imitation of ${name}`);
  const server = await startImitation(imitation, repositories);
  onTestFinished(() => server.close());
  const events: RegistryEvent[] = [];
  const made = clientOf(server.host, {
    profileOf: () => profileOf(imitation.host),
    onEvent: (event) => events.push(event),
  });
  const wholeList = (path: string, access = {}) =>
    made.registry.listTags(
      { registry: server.host, path },
      plainAccess(access),
      new AbortController().signal,
    );
  const list = async (path: string, access = {}) => (await wholeList(path, access)).tags;
  return { ...made, server, events, list, wholeList };
}

describe('what one registry has to itself', () => {
  it('GHCR: one token without a login opens all repositories, with a login one each', async () => {
    const paths = ['team/a', 'team/b', 'team/c'];
    const repositories = Object.fromEntries(paths.map((path) => [path, ['1.0.0']]));
    const { list, server } = await peculiar('GHCR', repositories);
    for (const path of paths) await list(path);
    expect(server.tokens()).toHaveLength(1);
    for (const path of paths) await list(path, { basic: LOGIN });
    expect(server.tokens()).toHaveLength(4);
  });

  it('GHCR: a token that does not open another repository gives way to one of its own', async () => {
    const { list, server } = await peculiar('Quay', { 'team/a': ['1.0.0'], 'team/b': ['2.0.0'] });
    const { registry } = clientOf(server.host, { profileOf: () => profileOf('ghcr.io') });
    const open = async (path: string) => {
      const { signal } = new AbortController();
      return (await registry.listTags({ registry: server.host, path }, plainAccess(), signal)).tags;
    };
    await expect(open('team/a')).resolves.toEqual(['1.0.0']);
    await expect(open('team/b')).resolves.toEqual(['2.0.0']);
    await expect(open('team/a')).resolves.toEqual(['1.0.0']);
    await expect(list('team/a')).resolves.toEqual(['1.0.0']);
  });

  it('Docker Hub: tells how many pulls are left, and a HEAD is none', async () => {
    const { digest, events, server } = await peculiar('Docker Hub', { [PATH]: ['1.0.0'] });
    await digest('1.0.0');
    expect(events).toContainEqual({
      kind: 'quota',
      registry: server.host,
      counted: 'address',
      limit: 100,
      remaining: 76,
    });
  });

  it('ECR: is never asked for more than it allows, and gets its cursors back as they were', async () => {
    const { list, server } = await peculiar('ECR', { [PATH]: TAGS });
    await list(PATH, { basic: LOGIN });
    const queries = server.lists().map(({ url }) => new URL(url, 'http://x').searchParams);
    expect(queries.map((query) => Number(query.get('n')))).toEqual([1000, 1000, 1000, 1000]);
  });

  it('ACR: takes an identity token by POST', async () => {
    const { list, server } = await peculiar('ACR', { [PATH]: ['1.0.0'] });
    const config = { auths: { [server.host]: { identitytoken: LOGIN.password } } };
    await expect(
      list(PATH, { dockerConfigs: [{ json: JSON.stringify(config), source: 'a Secret' }] }),
    ).resolves.toEqual(['1.0.0']);
    expect(server.tokens().map(({ method }) => method)).toEqual(['POST']);
  });

  it.each(['GCR', 'Artifact Registry'])(
    '%s: lists tell digest and time of all tags',
    async (name) => {
      const { wholeList, server } = await peculiar(name, { [PATH]: TAGS });
      const { told } = await wholeList(PATH);
      expect(told.size).toBe(COUNT);
      expect(told.get('1.7.0')).toEqual({
        digest: digestOf('1.7.0'),
        createdMs: 1_778_000_000_000,
      });
      expect(server.manifests()).toEqual([]);
    },
  );

  it.each([1000, 2000])('a Nexus proxy: of exactly %i tags, none is missing', async (count) => {
    const { list } = await peculiar('a Nexus proxy', { [PATH]: TAGS.slice(0, count) });
    await expect(list(PATH, { basic: LOGIN })).resolves.toHaveLength(count);
  });

  it('Harbor: the `$` of a robot account arrives as it is', async () => {
    const { list, server } = await peculiar('Harbor', { [PATH]: ['1.0.0'] });
    await list(PATH, { basic: LOGIN });
    const [, sent = ''] = server.tokens()[0]?.headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(sent, 'base64').toString()).toBe(`${LOGIN.username}:${LOGIN.password}`);
  });
});

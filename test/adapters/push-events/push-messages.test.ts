import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RECEIVER_TYPES, type ReceiverType } from '../../../src/api/image-receiver.ts';
import { createPushMessages } from '../../../src/adapters/push-events/push-messages.ts';
import { SENDERS } from '../../../src/adapters/push-events/senders.ts';
import type { PushHeaders, PushReading } from '../../../src/ports/push.ts';
import { ROOT } from '../../support/cli.ts';
import { never } from '../../support/memory-ports.ts';

const FIXTURES = join(ROOT, 'test/fixtures/push-events');
const TOKEN = 'a-token-of-32-characters-or-more';
const messages = createPushMessages();

const fixture = (name: string) => readFileSync(join(FIXTURES, `${name}.json`));
const hmac = (body: Uint8Array, algorithm = 'sha256', token = TOKEN) =>
  createHmac(algorithm, token).update(body).digest('hex');

/** What each kind of sender has to show; Google's tokens have a test of their own. */
const SHOWS: Readonly<Record<string, (body: Uint8Array) => PushHeaders>> = {
  generic: (body) => ({ 'x-signature': `sha256=${hmac(body)}` }),
  cloudevents: () => ({ authorization: `Bearer ${TOKEN}` }),
  distribution: () => ({ authorization: `Bearer ${TOKEN}` }),
  ecr: () => ({ 'x-api-key': TOKEN }),
  gitea: (body) => ({ 'x-gitea-signature': hmac(body) }),
  github: (body) => ({ 'x-hub-signature-256': `sha256=${hmac(body)}` }),
  gitlab: () => ({ 'x-gitlab-token': TOKEN }),
  harbor: () => ({ authorization: TOKEN }),
  jfrog: (body) => ({ 'x-jfrog-event-auth': hmac(body) }),
  nexus: (body) => ({ 'x-nexus-webhook-signature': hmac(body, 'sha1') }),
};

async function read(
  type: ReceiverType,
  body: Uint8Array | string,
  headers: PushHeaders = {},
): Promise<PushReading> {
  const bytes = Buffer.from(body);
  const all = { ...SHOWS[type]?.(bytes), ...headers };
  return messages.read({ type, token: TOKEN }, { headers: all, body: bytes }, never);
}

/** Images as `registry/path:tag`; `~` stands for what is not said. */
function shown(reading: PushReading): readonly string[] | string {
  if (reading.kind !== 'pushes') return reading.kind;
  return reading.images.map(
    ({ registry = '~', path, isTail, tag }) =>
      `${registry}/${isTail === true ? '…/' : ''}${path}:${tag === undefined ? '~' : tag}`,
  );
}

const GITHUB = (event: string) => ({ 'x-github-event': event });
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };

describe('a body', () => {
  it.each<[ReceiverType, string, PushHeaders, readonly string[]]>([
    ['dockerhub', 'docker-hub', {}, ['docker.io/acme/web:1.2.0']],
    ['quay', 'quay', {}, ['quay.io/acme/web:1.2.0', 'quay.io/acme/web:latest']],
    ['quay', 'quay-tag-map', {}, ['quay.io/acme/web:1.2.0']],
    ['quay', 'quay-build', {}, []],
    ['harbor', 'harbor', {}, ['~/shop/web:1.2.0']],
    ['harbor', 'harbor-cloud-event', {}, ['~/shop/web:null', '~/shop/web:1.2.0']],
    ['harbor', 'harbor-pull', {}, []],
    ['acr', 'acr', {}, ['acme.azurecr.io/shop/web:1.2.0']],
    ['acr', 'acr-delete', {}, []],
    ['ecr', 'ecr', {}, ['123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web:1.2.0']],
    ['ecr', 'ecr-delete', {}, []],
    ['github', 'github-package', GITHUB('package'), ['ghcr.io/acme/web:1.2.0']],
    ['github', 'github-registry-package', GITHUB('registry_package'), ['ghcr.io/acme/web:1.2.0']],
    ['github', 'github-npm', GITHUB('package'), []],
    ['github', 'github-package', GITHUB('ping'), []],
    ['gitea', 'gitea', {}, ['~/acme/shop/web:1.2.0']],
    ['gitea', 'gitea-npm', {}, []],
    ['jfrog', 'jfrog', {}, ['~/…/shop/web:1.2.0']],
    ['jfrog', 'jfrog-artifact', {}, []],
    ['nexus', 'nexus', {}, ['~/…/shop/web:1.2.0']],
    ['nexus', 'nexus-npm', {}, []],
    ['distribution', 'distribution', {}, ['~/shop/web:1.2.0', '~/shop/worker:null']],
    ['gitlab', 'distribution', {}, ['~/shop/web:1.2.0', '~/shop/worker:null']],
    ['generic', 'generic', {}, ['registry.acme.example:5000/shop/web:1.2.0']],
    ['generic', 'generic-reference', {}, ['docker.io/acme/web:1.2.0']],
    ['cloudevents', 'cloud-event', STRUCTURED, ['ghcr.io/acme/web:1.2.0']],
    ['cloudevents', 'cloud-event', {}, ['ghcr.io/acme/web:1.2.0']],
    ['cloudevents', 'cloud-event-base64', STRUCTURED, ['ghcr.io/acme/web:1.2.0']],
    ['cloudevents', 'cloud-event-acr', STRUCTURED, ['acme.azurecr.io/shop/web:1.2.0']],
    ['cloudevents', 'harbor-cloud-event', STRUCTURED, ['~/shop/web:null', '~/shop/web:1.2.0']],
    [
      'cloudevents',
      'generic',
      { 'ce-type': 'acme.pushed' },
      ['registry.acme.example:5000/shop/web:1.2.0'],
    ],
  ])('of %s such as %s with %o says %o', async (type, name, headers, want) => {
    expect(shown(await read(type, fixture(name), headers))).toEqual(want);
  });

  it('of Artifact Registry says what Pub/Sub wraps in Base64', () => {
    const images = ['artifact-registry', 'artifact-registry-digest', 'artifact-registry-delete']
      .map((name) => SENDERS.artifactregistry.format(JSON.parse(fixture(name).toString()), {}))
      .map((parsed) => shown({ kind: 'pushes', images: [], ...parsed }));
    const name = 'europe-docker.pkg.dev/acme/shop/web';
    expect(images).toEqual([[`${name}:1.2.0`], [`${name}:null`], []]);
  });

  it('may be a batch of CloudEvents', async () => {
    const batch = `[${fixture('cloud-event').toString()}, ${fixture('cloud-event-acr').toString()}]`;
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    expect(shown(await read('cloudevents', batch, headers))).toEqual([
      'ghcr.io/acme/web:1.2.0',
      'acme.azurecr.io/shop/web:1.2.0',
    ]);
  });

  it.each([
    ['cn-north-1', 'amazonaws.com.cn'],
    ['eusc-de-east-1', 'amazonaws.eu'],
    ['us-gov-west-1', 'amazonaws.com'],
  ])('of ECR in %s names a host below %s', async (region, suffix) => {
    const body = fixture('ecr').toString().replace('eu-central-1', region);
    expect(shown(await read('ecr', body))).toEqual([
      `123456789012.dkr.ecr.${region}.${suffix}/shop/web:1.2.0`,
    ]);
  });

  it.each<[ReceiverType, string, string, PushHeaders]>([
    ['generic', 'no JSON', 'the body is not JSON: send application/json', {}],
    ['generic', '\u{0}', 'the body is not JSON: send application/json', {}],
    ['generic', '{"tag":"1"}', 'image is missing or not as expected', {}],
    ['generic', '{"image":"https://ghcr.io/a"}', 'image is missing or not as expected', {}],
    ['generic', '{"image":"a","tag":1}', 'tag is missing or not as expected', {}],
    ['dockerhub', '{"push_data":{"tag":"1"}}', 'repository is missing or not as expected', {}],
    ['harbor', '{"type":"PUSH_ARTIFACT"}', 'event_data is missing or not as expected', {}],
    ['distribution', '[]', 'the body is not such an event', {}],
    ['distribution', '{"events":[{}]}', 'events.0.action is missing or not as expected', {}],
    [
      'github',
      '{"action":"published","package":{"package_type":"container"}}',
      'package.namespace is missing or not as expected',
      GITHUB('package'),
    ],
    ['cloudevents', '{"image":"a"}', 'specversion is missing or not as expected', {}],
    [
      'cloudevents',
      '{"specversion":"1.0","type":"x","data":{}}',
      'data: image is missing or not as expected',
      {},
    ],
    [
      'cloudevents',
      '{"specversion":"1.0","type":"Microsoft.ContainerRegistry.ImagePushed","data":null}',
      'data: target is missing or not as expected',
      {},
    ],
    [
      'cloudevents',
      '{"specversion":"1.0","type":"constructor","data":[]}',
      'data: the body is not such an event',
      {},
    ],
  ])('of %s that is %s is malformed: %s', async (type, body, message, headers) => {
    expect(await read(type, body, headers)).toEqual({ kind: 'malformed', message });
  });

  it.each(RECEIVER_TYPES.filter((type) => type !== 'artifactregistry'))(
    'of %s may be any JSON without an exception',
    async (type) => {
      const values = [
        null,
        true,
        0,
        '',
        'x',
        [],
        {},
        [[]],
        { type: [] },
        { action: {}, events: 1 },
      ];
      for (const value of values) {
        for (const headers of [{}, GITHUB('package'), { 'ce-type': 'x' }]) {
          const { kind } = await read(type, JSON.stringify(value), headers);
          expect(['pushes', 'malformed']).toContain(kind);
        }
      }
    },
  );

  it('names no image that is none, whoever sends it', async () => {
    const body = fixture('docker-hub').toString().replace('"acme/web"', '"../etc passwd"');
    expect(shown(await read('dockerhub', body))).toEqual([]);
  });

  it('has a fixture for every type, and every fixture is read by a test', () => {
    const source = readFileSync(import.meta.filename, 'utf8');
    const names = readdirSync(FIXTURES).map((file) => file.replace('.json', ''));
    expect(names.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  });
});

describe('a sender', () => {
  const body = Buffer.from('{"image":"ghcr.io/acme/web"}');
  const other = 'another-token-of-32-characters!!';
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

  it.each<[ReceiverType, PushHeaders]>([
    ['generic', { 'x-signature': hmac(body) }],
    ['generic', { 'x-signature': `sha256=${hmac(body).toUpperCase()}` }],
    ['generic', { authorization: `bearer ${TOKEN}` }],
    ['distribution', { authorization: basic(`registry:${TOKEN}`) }],
    ['distribution', { authorization: TOKEN }],
    ['gitlab', { authorization: `Bearer ${TOKEN}` }],
    ['harbor', { authorization: `Bearer ${TOKEN}` }],
    ['gitea', { 'x-forgejo-signature': hmac(body) }],
    ['jfrog', { 'x-jfrog-event-auth': TOKEN }],
    ['jfrog', { 'x-jfrog-event-auth': `sha256=${hmac(body)}` }],
    ['ecr', { authorization: basic(`eventbridge:${TOKEN}`) }],
  ])('of %s is known by %o', async (type, headers) => {
    const sender = { type, token: TOKEN };
    expect((await messages.read(sender, { headers, body }, never)).kind).not.toBe('refused');
  });

  it.each<[ReceiverType, PushHeaders]>([
    ['generic', {}],
    ['generic', { 'x-signature': '' }],
    ['generic', { 'x-signature': 'sha256=' }],
    ['generic', { 'x-signature': `sha1=${hmac(body, 'sha1')}` }],
    ['generic', { 'x-signature': `sha256=${hmac(body, 'sha256', other)}` }],
    ['generic', { 'x-signature': hmac(Buffer.from('{}')) }],
    ['generic', { 'x-signature': TOKEN }],
    ['generic', { authorization: `Bearer ${other}` }],
    ['generic', { authorization: 'Bearer ' }],
    ['generic', { authorization: basic('only-a-user') }],
    ['cloudevents', {}],
    ['distribution', { authorization: basic(`${TOKEN}:`) }],
    ['ecr', { 'x-api-key': other }],
    ['gitea', { 'x-gitea-signature': hmac(body, 'sha256', other) }],
    ['github', { 'x-hub-signature-256': `sha256=${hmac(body, 'sha256', other)}` }],
    ['github', { 'x-hub-signature': `sha1=${hmac(body, 'sha1')}` }],
    ['gitlab', { 'x-gitlab-token': other }],
    ['harbor', { authorization: '' }],
    ['jfrog', { 'x-jfrog-event-auth': other }],
    ['nexus', { 'x-nexus-webhook-signature': hmac(body) }],
    ['artifactregistry', { authorization: `Bearer ${TOKEN}` }],
  ])('of %s is refused with %o', async (type, headers) => {
    const sender = { type, token: TOKEN };
    expect(await messages.read(sender, { headers, body }, never)).toEqual({ kind: 'refused' });
  });

  it('who is refused is told nothing of the body', async () => {
    const sender = { type: 'github', token: TOKEN } as const;
    const request = { headers: {}, body: Buffer.from('no JSON') };
    expect(await messages.read(sender, request, never)).toEqual({ kind: 'refused' });
  });
});

describe('a path', () => {
  const path = messages.pathOf({ namespace: 'apps', name: 'hub' }, TOKEN);

  it('cannot be guessed, and is of the receiver and the token', () => {
    const others = [
      messages.pathOf({ namespace: 'apps', name: 'hub2' }, TOKEN),
      messages.pathOf({ namespace: 'app', name: 'shub' }, TOKEN),
      messages.pathOf({ namespace: 'apps', name: 'hub' }, `${TOKEN}2`),
    ];
    expect(path).toMatch(/^\/hook\/[0-9a-f]{64}$/);
    expect(new Set([path, ...others]).size).toBe(4);
    expect(messages.pathOf({ namespace: 'apps', name: 'hub' }, TOKEN)).toBe(path);
  });

  it('does not show the token', () => {
    expect(path).not.toContain(TOKEN);
    expect(messages.addressOf(path)).not.toContain(path.slice(6));
  });
});

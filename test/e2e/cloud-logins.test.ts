import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectProxy, startConnectProxy } from '../support/proxy/connect-proxy.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { makeCertificate } from '../support/registry/certificate.ts';
import {
  type Answer,
  type Loopback,
  type SeenRequest,
  startLoopback,
} from '../support/registry/loopback.ts';
import { cloud, PLANTED } from './cloud-imitation.ts';
import { deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const ACR = 'team.azurecr.io';
const GAR = 'europe-west1-docker.pkg.dev';
const PUBLIC_ECR = 'public.ecr.aws';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The registries: each lets in who has the login that its cloud gave. */
function registry({ url, headers, body }: SeenRequest): Answer {
  const { host = '', authorization = '' } = headers;
  const basic = (user: string, password: string) => `Basic ${base64(`${user}:${password}`)}`;
  if (url === '/oauth2/exchange') {
    const form = new URLSearchParams(body);
    const isRight =
      form.get('access_token') === PLANTED.entra && form.get('service') === host && host === ACR;
    return isRight ? { body: { refresh_token: PLANTED.refresh } } : { status: 401 };
  }
  if (url === '/oauth2/token') {
    const isRight = new URLSearchParams(body).get('refresh_token') === PLANTED.refresh;
    return isRight ? { body: { access_token: PLANTED.access } } : { status: 401 };
  }
  const bearer = `Bearer realm="https://${ACR}/oauth2/token",service="${ACR}"`;
  const wanted: Record<string, string> = {
    [ECR]: basic('AWS', PLANTED.ecr),
    [PUBLIC_ECR]: basic('AWS', PLANTED.ecr),
    [GAR]: basic('oauth2accesstoken', PLANTED.google),
    [ACR]: `Bearer ${PLANTED.access}`,
  };
  if (authorization === wanted[host]) return { body: { name: 'x', tags: ['1.0.0', '1.1.0'] } };
  const challenge = host === ACR ? bearer : 'Basic realm="registry"';
  return { status: 401, headers: { 'www-authenticate': challenge } };
}

describe.skipIf(skipWithout('openssl'))('provider', () => {
  let stage: Stage;
  let registries: Loopback;
  let clouds: Loopback;
  let secureClouds: Loopback;
  let proxy: ConnectProxy;
  let isRefusing: boolean;

  beforeAll(async () => {
    stage = openStage();
    const certificate = makeCertificate(stage.folder, { hosts: [ECR, ACR, GAR, PUBLIC_ECR] });
    const { cert, key } = certificate;
    const answer = (request: SeenRequest) => (isRefusing ? { status: 403 } : cloud(request));
    registries = await startLoopback(registry, { cert, key });
    clouds = await startLoopback(answer);
    secureClouds = await startLoopback(answer, { cert, key });
    const behind = [ECR, ACR, GAR, PUBLIC_ECR].map((host) => [`${host}:443`, registries.host]);
    proxy = await startConnectProxy({ routes: Object.fromEntries(behind) as never });
    stage.write({ 'token.jwt': PLANTED.webIdentity, 'pod.jwt': PLANTED.webIdentity });
  });
  beforeEach(() => {
    isRefusing = false;
  });
  afterAll(async () => {
    await Promise.all([proxy, registries, clouds, secureClouds].map((server) => server.close()));
    await stage.close();
  });

  /** The variables that the clouds' webhooks put into a Pod, and where the imitations are. */
  const environment = () => ({
    HTTPS_PROXY: proxy.url,
    NO_PROXY: '127.0.0.1,localhost',
    LOCKKEEPER_CA_FILE: stage.path('server.crt'),
    NODE_EXTRA_CA_CERTS: stage.path('server.crt'),
  });
  const irsa = () => ({
    AWS_ENDPOINT_URL_STS: clouds.url,
    AWS_ENDPOINT_URL_ECR: clouds.url,
    AWS_ENDPOINT_URL_ECR_PUBLIC: clouds.url,
    AWS_REGION: 'eu-west-1',
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/lockkeeper',
    AWS_WEB_IDENTITY_TOKEN_FILE: stage.path('token.jwt'),
  });
  const podIdentity = () => ({
    AWS_ENDPOINT_URL_ECR: clouds.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${clouds.url}/pod-identity`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: stage.path('pod.jwt'),
  });
  const gke = () => ({
    GCE_METADATA_HOST: clouds.host,
    METADATA_SERVER_DETECTION: 'assume-present',
  });
  const aks = () => ({
    AZURE_AUTHORITY_HOST: `${secureClouds.url}/`.replace('127.0.0.1', 'localhost'),
    AZURE_TENANT_ID: 'tenant-1',
    AZURE_CLIENT_ID: 'client-1',
    AZURE_FEDERATED_TOKEN_FILE: stage.path('token.jwt'),
  });

  async function update(provider: string, host: string, env: Record<string, string>) {
    const image = `${host}/team/web`;
    const spec = [`provider: ${provider}`];
    stage.write({
      'repo/policy.yaml': imagePolicy({ image, spec }),
      'repo/web.yaml': deployment(`${image}:1.0.0`),
    });
    const result = await stage.run(['update', 'repo'], { env: { ...environment(), ...env } });
    return { ...result, text: readFileSync(stage.path('repo/web.yaml'), 'utf8') };
  }

  it.each([
    { name: 'ECR by IRSA', provider: 'aws', host: ECR, env: irsa },
    { name: 'ECR by Pod Identity', provider: 'aws', host: ECR, env: podIdentity },
    { name: 'the public ECR', provider: 'aws', host: PUBLIC_ECR, env: irsa },
    { name: 'Artifact Registry', provider: 'gcp', host: GAR, env: gke },
    { name: 'ACR by Workload Identity', provider: 'azure', host: ACR, env: aks },
  ])('logs in to $name', async ({ provider, host, env }) => {
    const { code, stderr, text } = await update(provider, host, env());
    expect({ code, stderr: stderr.replaceAll(/^\(node:[^]*$/gm, '') }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(text).toContain(`${host}/team/web:1.1.0 #`);
  });

  it.each([
    { provider: 'aws', host: ECR, env: irsa, says: /check the role of its ServiceAccount/ },
    { provider: 'gcp', host: GAR, env: gke, says: /check Workload Identity/ },
    { provider: 'azure', host: ACR, env: aks, says: /check AZURE_CLIENT_ID/ },
  ])('$provider that refuses changes nothing, and is told with the mend', async (row) => {
    isRefusing = true;
    const asked = registries.requests.length;
    const { code, stderr, text } = await update(row.provider, row.host, row.env());
    expect(code).toBe(1);
    expect(stderr).toMatch(`${row.provider} gives this process no login`);
    expect(stderr).toMatch(row.says);
    expect(stderr).not.toContain('planted');
    expect(text).toContain(':1.0.0 #');
    expect(registries.requests.length).toBe(asked);
  });

  it('never sends a login to a host that is not the cloud’s', async () => {
    const { code, stderr } = await update('aws', 'evil.example.com', irsa());
    expect(code).toBe(2);
    expect(stderr).toMatch(
      'spec.provider: aws gives logins for ACCOUNT.dkr.ecr.REGION.amazonaws.com, public.ecr.aws alone, not for evil.example.com',
    );
  });
});

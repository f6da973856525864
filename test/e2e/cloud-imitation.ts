import type { Answer, SeenRequest } from '../support/registry/loopback.ts';

/** What the imitations of the clouds hand out; none of it may ever be seen. */
export const PLANTED = {
  webIdentity: 'planted.web-identity.jwt',
  secretKey: 'planted-aws-secret-key',
  session: 'planted-aws-session',
  ecr: 'planted-ecr-password',
  google: 'planted-google-token',
  entra: 'planted-entra-token',
  devOps: 'planted-azure-devops-token',
  refresh: 'planted-acr-refresh',
  access: 'planted-acr-access',
};

const base64 = (text: string) => Buffer.from(text).toString('base64');
const inAnHour = () => new Date(Date.now() + 3_600_000);
const xml = (body: string): Answer => ({ headers: { 'content-type': 'text/xml' }, body });

/** The vendors' token services, by what their real SDKs send them. */
export function cloud({ method, url, headers, body }: SeenRequest): Answer {
  const target = String(headers['x-amz-target'] ?? '');
  if (body.includes('Action=AssumeRoleWithWebIdentity')) {
    if (!body.includes(`WebIdentityToken=${PLANTED.webIdentity}`)) return { status: 403 };
    return xml(
      `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>${PLANTED.secretKey}</SecretAccessKey><SessionToken>${PLANTED.session}</SessionToken><Expiration>${inAnHour().toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
  }
  if (url === '/pod-identity') {
    if (headers.authorization !== PLANTED.webIdentity) return { status: 403 };
    const { secretKey: SecretAccessKey, session: Token } = PLANTED;
    const Expiration = inAnHour().toISOString();
    return { body: { AccessKeyId: 'AKIA', SecretAccessKey, Token, Expiration } };
  }
  if (target.endsWith('.GetAuthorizationToken')) {
    if (headers['x-amz-security-token'] !== PLANTED.session) return { status: 403 };
    const data = {
      authorizationToken: base64(`AWS:${PLANTED.ecr}`),
      expiresAt: inAnHour().getTime() / 1000,
    };
    const isPublic = target.startsWith('Spencer');
    return {
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: { authorizationData: isPublic ? data : [data] },
    };
  }
  if (url.startsWith('/computeMetadata/v1')) {
    const headersOfGoogle = { 'metadata-flavor': 'Google' };
    if (!url.includes('/token')) return { headers: headersOfGoogle, body: 'default' };
    return {
      headers: { ...headersOfGoogle, 'content-type': 'application/json' },
      body: { access_token: PLANTED.google, expires_in: 3600, token_type: 'Bearer' },
    };
  }
  if (url.startsWith('/tenant-1/v2.0/.well-known/openid-configuration')) {
    const tenant = `https://${headers.host}/tenant-1`;
    return {
      body: {
        issuer: `${tenant}/v2.0`,
        token_endpoint: `${tenant}/oauth2/v2.0/token`,
        authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
        jwks_uri: `${tenant}/keys`,
      },
    };
  }
  if (url.startsWith('/tenant-1/oauth2/v2.0/token')) {
    if (!body.includes(encodeURIComponent(PLANTED.webIdentity))) return { status: 401 };
    const scope = new URLSearchParams(body).get('scope') ?? '';
    const isForDevOps = scope.includes('499b84ac-1321-427f-aa17-267ca6975798/.default');
    const access_token = isForDevOps ? PLANTED.devOps : PLANTED.entra;
    return { body: { token_type: 'Bearer', expires_in: 3600, access_token } };
  }
  return { status: 404, body: `no such thing: ${method} ${url}` };
}

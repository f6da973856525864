import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { GitHubApp } from '../../domain/git-provider.ts';
import type { GitLogin } from '../../ports/git-login.ts';
import type { CloudContext } from './context.ts';
import { GitHubApi, type GitHubAnswer, type GitHubWay } from './github-api.ts';
import type { Expiring } from './login-cache.ts';

/** The user name that says "the password is a token" (docs.github.com, "Authenticating as a GitHub App installation"). */
const USERNAME = 'x-access-token';

/** A JWT may live for ten minutes, and is dated back in case the clock is fast (docs.github.com, "Generating a JWT"). */
const JWT_AGE_S = 60;
const JWT_LIFE_S = 9 * 60;

/** Clocks that differ by more than this, in ms, can be why a JWT is refused. */
const MAX_SKEW_MS = 50_000;

const Token = z.object({
  token: z.string().min(1).max(4096),
  expires_at: z.iso.datetime({ offset: true }),
  permissions: z.object({ contents: z.string().optional() }).optional(),
});

const Installation = z.object({ id: z.int(), suspended_at: z.string().nullish() });

/** An App that speaks for itself. */
interface Session {
  readonly app: GitHubApp;
  readonly clock: CloudContext['clock'];
  /** Asks the API as the App. */
  readonly ask: (method: 'GET' | 'POST', path: string) => Promise<GitHubAnswer>;
}

/**
 * An installation token: a JWT that the App's key has signed, exchanged for one. It lives for an hour.
 * @throws AppError `secret/invalid`, `git/unauthorized`, `git/unreachable`
 */
export async function gitHubAppLogin(
  app: GitHubApp,
  way: Omit<GitHubWay, 'apiUrl'>,
  { clock, signal }: CloudContext,
): Promise<Expiring<GitLogin>> {
  const jwt = await signedJwt(app, clock);
  const api = new GitHubApi({ ...way, apiUrl: app.apiUrl });
  try {
    const ask: Session['ask'] = (method, path) => api.ask(method, path, jwt, signal);
    return await exchange({ app, clock, ask });
  } finally {
    await api.close();
  }
}

async function signedJwt(app: GitHubApp, clock: CloudContext['clock']): Promise<string> {
  const now = Math.floor(clock.now().getTime() / 1000);
  try {
    return await new SignJWT()
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(app.id)
      .setIssuedAt(now - JWT_AGE_S)
      .setExpirationTime(now + JWT_LIFE_S)
      .sign(rsaKey(app.privateKey));
  } catch {
    // Without the cause: it could quote the key.
    throw new AppError(
      'secret/invalid',
      `${app.source}: githubAppPrivateKey is no RSA private key in PEM; take the file that GitHub gave`,
    );
  }
}

function rsaKey(pem: string): KeyObject {
  return createPrivateKey(pem.trim());
}

async function exchange(session: Session): Promise<Expiring<GitLogin>> {
  const { app, ask } = session;
  const id =
    'id' in app.installation
      ? app.installation.id
      : await installationOf(session, app.installation.owner);
  const answer = await ask('POST', `/app/installations/${id}/access_tokens`);
  if (answer.status !== 201) throw await refusal(session, id, answer);
  const { data } = Token.safeParse(answer.body);
  if (data === undefined) throw unexpected(app, answer);
  const { token, expires_at: end, permissions } = data;
  if (permissions !== undefined && permissions.contents !== 'write') {
    throw unauthorized(
      `GitHub App ${app.id} may not write to the repos of installation ${id}: give it the permission "Contents: Read and write", and have the owner accept that`,
    );
  }
  return { value: { basic: { username: USERNAME, password: token } }, endsAt: Date.parse(end) };
}

/** The installation for an organisation or, where there is no such organisation, a person. */
async function installationOf(session: Session, owner: string): Promise<number> {
  const { app, ask } = session;
  let answer = await ask('GET', `/orgs/${owner}/installation`);
  if (answer.status === 404) answer = await ask('GET', `/users/${owner}/installation`);
  if (answer.status === 404) {
    await checkApp(session);
    throw unauthorized(`GitHub App ${app.id} is not installed for ${owner}: install it there`);
  }
  const { data } = Installation.safeParse(answer.body);
  if (answer.status === 200 && data !== undefined) return data.id;
  throw refusalOfApp(session, answer);
}

/** Why there is no token. GitHub's words may change, so what the App is told about itself decides. */
async function refusal(
  session: Session,
  id: string | number,
  answer: GitHubAnswer,
): Promise<AppError> {
  const { app, ask } = session;
  if (answer.status === 404) {
    await checkApp(session);
    return unauthorized(
      `GitHub App ${app.id} has no installation ${id}: check githubAppInstallationID in ${app.source}, and that it is still installed`,
    );
  }
  if (answer.status === 403 && answer.limitedForMs === undefined) {
    const { body } = await ask('GET', `/app/installations/${id}`);
    if ((Installation.safeParse(body).data?.suspended_at ?? null) !== null) {
      return unauthorized(
        `installation ${id} of GitHub App ${app.id} is suspended: have its owner lift that`,
      );
    }
  }
  return refusalOfApp(session, answer);
}

/** @throws AppError unless the App is known */
async function checkApp(session: Session): Promise<void> {
  const answer = await session.ask('GET', '/app');
  if (answer.status !== 200) throw refusalOfApp(session, answer);
}

function refusalOfApp({ app, clock }: Session, answer: GitHubAnswer): AppError {
  const { status, sentAt, limitedForMs } = answer;
  if (limitedForMs !== undefined) {
    return new AppError('git/unreachable', `${hostOf(app)} allows no more requests for now`, {
      retry: true,
      afterMs: limitedForMs,
    });
  }
  if (status === 404) {
    return unauthorized(
      `there is no GitHub App ${app.id} at ${app.apiUrl}: check githubAppID and githubAppBaseURL in ${app.source}`,
    );
  }
  if (status !== 401) return unexpected(app, answer);
  const skewMs = sentAt === undefined ? 0 : clock.now().getTime() - sentAt;
  if (Math.abs(skewMs) > MAX_SKEW_MS) {
    const off = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
    return unauthorized(
      `this machine's clock is ${off} that of ${hostOf(app)}, which therefore takes no signature of GitHub App ${app.id}: set it right`,
    );
  }
  return unauthorized(
    `${hostOf(app)} does not take the key for GitHub App ${app.id}: check that githubAppPrivateKey in ${app.source} is a key of that App, and was not deleted there`,
  );
}

function unexpected(app: GitHubApp, { status }: GitHubAnswer): AppError {
  return new AppError(
    'git/unreachable',
    `${hostOf(app)} gives GitHub App ${app.id} no token (HTTP ${status}); check githubAppBaseURL in ${app.source}`,
    { retry: status >= 500 },
  );
}

function unauthorized(message: string): AppError {
  return new AppError('git/unauthorized', message);
}

function hostOf({ apiUrl }: GitHubApp): string {
  return new URL(apiUrl).host;
}

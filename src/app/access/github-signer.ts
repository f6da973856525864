import { AppError } from '../../domain/errors.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import type { GitLogin } from '../../ports/git-login.ts';
import type { ForgeSigner } from '../../ports/signing.ts';

/**
 * GitHub, as the signer of what an App commits to a repo of it. It is asked with the token that the repo is read and
 * written with, and once more with a new one where that is refused.
 * @throws AppError `resource/invalid` where the repo's login is no App's: commits of nobody else are signed
 */
export function gitHubSigner(
  { url, provider, ca, clientCertificate, proxy }: GitAccess,
  { open, gitLogins }: Pick<Ports, 'open' | 'gitLogins'>,
): ForgeSigner {
  if (provider?.provider !== 'github') {
    throw new AppError(
      'resource/invalid',
      'spec.commit.signedBy: GitHub signs the commits of a GitHub App alone, and the repo is not reached by one; let its provider be github and its Secret hold the App (for a command: in what --policies names)',
    );
  }
  const way = { ...(ca && { ca }), ...(clientCertificate && { clientCertificate }) };
  const access = {
    kind: 'github' as const,
    repoUrl: url,
    apiUrl: provider.app.apiUrl,
    ...way,
    ...(proxy && { proxy }),
  };
  const login = (signal: AbortSignal, refused?: GitLogin) =>
    gitLogins.login({ provider, ca, clientCertificate, proxy }, signal, refused);
  return {
    kind: 'forge',
    make: async (commit, signal) => {
      const first = await login(signal);
      try {
        return await (await open.commits({ ...access, ...first })).make(commit, signal);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'git/unauthorized') throw error;
      }
      const second = await login(signal, first);
      return (await open.commits({ ...access, ...second })).make(commit, signal);
    },
  };
}

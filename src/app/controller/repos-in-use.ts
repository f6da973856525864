import type { GitAccess } from '../../ports/ports.ts';
import type { ConfigRepo } from '../access/config-repo.ts';

type BranchOf = Pick<GitAccess, 'url' | 'branch'>;

/** Which automation works on which repo. A branch that none of them works on any more is let go of. */
export class ReposInUse {
  readonly #repos = new Map<string, ConfigRepo>();
  readonly #letGo: (branch: BranchOf) => void;

  constructor(letGo: (branch: BranchOf) => void) {
    this.#letGo = letGo;
  }

  /** The repo that an automation last worked on. */
  get(automation: string): ConfigRepo | undefined {
    return this.#repos.get(automation);
  }

  /** Notes the repo that an automation works on from now on; undefined: none. */
  set(automation: string, repo: ConfigRepo | undefined): void {
    const before = this.#repos.get(automation);
    if (repo === undefined) this.#repos.delete(automation);
    else this.#repos.set(automation, repo);
    if (before !== undefined && !this.#isUsed(before.git)) this.#letGo(before.git);
  }

  #isUsed({ url, branch }: BranchOf): boolean {
    return [...this.#repos.values()].some(({ git }) => git.url === url && git.branch === branch);
  }
}

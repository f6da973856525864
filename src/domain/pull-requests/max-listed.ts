/** Most pull requests that one list of a forge has: what GitHub, GitLab and Azure DevOps give at a time. */
export const MAX_LISTED = 100;

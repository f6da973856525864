/**
 * Image references (grammar: distribution/reference; `docker.io` defaults as in Docker).
 */

/** A canonical repository: `docker.io/library/nginx` for `nginx`. */
export interface Repository {
  /** Host, with port where one is given; `docker.io` for Docker Hub's aliases. */
  readonly registry: string;
  /** Path below the host; `library/` added for Docker Hub's official images. */
  readonly path: string;
}

/** A reference as written: `name` keeps the user's spelling. */
export interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

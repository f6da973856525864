/** A user name with its password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Content of a Docker `config.json`, such as a `kubernetes.io/dockerconfigjson` Secret holds. */
export interface DockerConfig {
  readonly json: string;
  /** Where it is from, for messages: `Secret apps/ghcr`. */
  readonly source: string;
}

/** What a client shows of itself in TLS. Both are PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What SSH needs to log in to a server that is the right one. */
export interface SshLogin {
  /** Private key, as `ssh-keygen` writes it, or PEM. */
  readonly identity: string;
  /** Opens the identity where it is locked. */
  readonly passphrase?: string;
  readonly knownHosts: string;
}

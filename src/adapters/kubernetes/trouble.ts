import type { AppError } from '../../domain/errors.ts';

/** Told how the connection to the cluster is, for the log. */
export interface ClusterObserver {
  /** Something fails and will be tried again; told once per message until it works again. */
  trouble(what: string, error: AppError): void;
  /** What was in trouble works again. */
  recovered(what: string): void;
}

/** Tells an observer of changes only, so that an hour without API server is two lines of log. */
export class Trouble {
  readonly #what: string;
  readonly #observer: ClusterObserver;
  #told: string | undefined;

  constructor(what: string, observer: ClusterObserver) {
    this.#what = what;
    this.#observer = observer;
  }

  failed(error: AppError): void {
    if (this.#told === error.message) return;
    this.#told = error.message;
    this.#observer.trouble(this.#what, error);
  }

  worked(): void {
    if (this.#told === undefined) return;
    this.#told = undefined;
    this.#observer.recovered(this.#what);
  }
}

/** What must never be written, and under which forms it would be recognised. */
export class PlantedSecrets {
  readonly #forms = new Map<string, string>();
  #count = 0;

  /** A fresh secret text. @param user with whom it makes a Basic login */
  plant(what: string, user = 'ana'): string {
    this.#count += 1;
    const secret = `planted/${what.replaceAll(/\W+/g, '-')}+${this.#count}@pass"word`;
    this.add(what, secret, user);
    return secret;
  }

  /** A secret whose text others have chosen, such as a key. */
  add(what: string, secret: string, user = 'ana'): void {
    // JSON is how logs, states and events are written; base64 without its last bits, which depend on what follows.
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      base64(secret),
      base64(`${user}:${secret}`),
    ];
    for (const form of forms) this.#forms.set(form, what);
  }

  /** What of it a text holds, by name. */
  in(text: string): readonly string[] {
    const found = [...this.#forms].filter(([form]) => text.includes(form));
    return [...new Set(found.map(([, what]) => what))];
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/..=*$/, '');
}

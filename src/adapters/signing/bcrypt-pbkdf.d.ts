declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** Bytes that one hash has. */
    readonly HASHSIZE: number;
    /** One hash of two SHA-512 digests, into `out`. */
    hash(passphraseDigest: Uint8Array, saltDigest: Uint8Array, out: Uint8Array): void;
  };
  export default bcrypt;
}

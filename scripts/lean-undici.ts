import type { Plugin } from 'rolldown';

/** Parts of undici that nobody here uses: `fetch` and its kin, mocks, caches. They are half of it, and all are run when it is loaded. */
const UNUSED = /^\.\/lib\/(?:web|mock|cache|interceptor|handler)\//;
const STAND_IN = '\0unused-part-of-undici';

/**
 * Leaves out of undici what its main file loads and nobody here uses. Each name of such a part stands for an
 * empty class; the parts that are used load what they need of the others themselves.
 */
export function leanUndici(): Plugin {
  return {
    name: 'lean-undici',
    resolveId: (source, importer) =>
      importer?.endsWith('/undici/index.js') === true && UNUSED.test(source) ? STAND_IN : undefined,
    load: (id) =>
      id === STAND_IN ? 'module.exports = new Proxy({}, { get: () => class {} });' : undefined,
  };
}

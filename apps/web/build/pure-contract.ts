import type { Plugin } from "vite";

const makers = /(?<![\w.$"'`/-])(?:Type\.\w+|Literals|Nullable|Maybe|described|extend|listOf|route|e)(?=\()/g;

/**
 * A constant of the contract brings no schemas along: making a schema, a route or an error does nothing else, which the bundler cannot see by itself.
 * So the schema library stays out of pages that only need a number.
 */
export function pureContract(): Plugin {
  const isContract = (id: string) => /\/packages\/contract\/src\/[^?]+\.ts$/.test(id);
  return {
    name: "tesslate:pure-contract",
    apply: "build",
    enforce: "pre",
    transform: (code, id) =>
      isContract(id) ? { code: code.replaceAll(makers, "/* @__PURE__ */ $&"), map: null, moduleSideEffects: false } : undefined,
  };
}

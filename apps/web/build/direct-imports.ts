import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Plugin } from "vite";

const features = join(import.meta.dirname, "../src/features");
const statement = /^import \{([^}]*)\} from "([^"]+\/index\.ts)";/gm;
const names = (list: string): string[] =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

/** Where each name of an `index.ts` is defined. Those files only re-export (scripts/architecture.test.ts). */
function sourcesOf(index: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const [, list = "", from = ""] of readFileSync(index, "utf8").matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g))
    for (const name of names(list)) sources.set(name.replace(/^type /, ""), join(dirname(index), from));
  return sources;
}

/**
 * Imports from the `index.ts` of a feature become imports from the modules that define the names: a page loads what it uses, not all that a feature
 * offers, and the bundler need not prove that the rest has no side effects.
 */
export function directImports(): Plugin {
  return {
    name: "tesslate:direct-imports",
    enforce: "pre",
    transform(code, id) {
      if (!/\/apps\/web\/src\/[^?]+\.tsx?$/.test(id) || !code.includes("/index.ts")) return undefined;
      const direct = code.replace(statement, (whole, list: string, from: string) => {
        const index = join(dirname(id), from);
        if (dirname(dirname(index)) !== features) return whole;
        this.addWatchFile(index);
        const sources = sourcesOf(index);
        const used = new Map<string, string[]>();
        for (const name of names(list)) {
          // A type is gone from the output; an import of types alone would still run their module.
          if (name.startsWith("type ")) continue;
          const plain = name.split(" as ")[0] ?? "";
          const source = sources.get(plain);
          if (source === undefined) throw new Error(`${relative(features, index)} exports no ${plain}, which ${id} imports.`);
          used.set(source, [...(used.get(source) ?? []), name]);
        }
        const path = (source: string) => relative(dirname(id), source).replace(/^(?!\.)/, "./");
        // On as many lines as before, so that places in the source stay right.
        const lines = "\n".repeat(whole.split("\n").length - 1);
        return [...used].map(([source, list]) => `import { ${list.join(", ")} } from "${path(source)}";`).join(" ") + lines;
      });
      return direct === code ? undefined : { code: direct, map: null };
    },
  };
}

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { ThemeCategory, ThemeId, ThemeMode, themeSections } from "@tesslate/contract";

/** `themes/<id>.json`: a complete theme with its catalog entry. */
const ThemeFile = Type.Object(
  {
    id: ThemeId,
    name: Type.String({ minLength: 1, maxLength: 100 }),
    mode: ThemeMode,
    author: Type.String(),
    version: Type.String({ pattern: "^\\d+\\.\\d+\\.\\d+$" }),
    description: Type.String(),
    category: ThemeCategory,
    icon: Type.String(),
    tags: Type.Array(Type.String()),
    is_default: Type.Boolean(),
    is_featured: Type.Boolean(),
    sort_order: Type.Integer(),
    ...themeSections,
  },
  { additionalProperties: false },
);
export type BundledTheme = Static<typeof ThemeFile>;

// Source and bundle are at different depths below the repository root.
const dir =
  ["../../../themes", "../../../../../../themes", "../themes"]
    .map((p) => fileURLToPath(new URL(p, import.meta.url)))
    .find((p) => existsSync(join(p, "default-dark.json"))) ?? "themes";

/** Loads the bundled themes. Throws with the file name when one is malformed, so that startup fails instead of the first use. */
export async function loadThemes(): Promise<BundledTheme[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(
    names.map(async (name) => {
      const content: unknown = JSON.parse(await readFile(join(dir, name), "utf8"));
      const problem = Value.Errors(ThemeFile, content)[0];
      if (problem) throw new Error(`${name} is malformed: ${problem.instancePath} ${problem.message}`);
      const theme = content as BundledTheme;
      if (`${theme.id}.json` !== name) throw new Error(`${name} is malformed: its id must be the file's name`);
      return theme;
    }),
  );
}

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const templates = join(import.meta.dirname, "../../templates");
/** The first has the originals. Each template is complete, so that it can be opened and run as it is; that is why these are copies. */
const [original = "", ...copies] = ["react-vite/files/src", "fastapi-react/files/src", "full-stack/files/src", "nextjs/files"];
const shared = [
  "components/ui/*.tsx",
  "components/{data-table,theme-provider,theme-toggle,providers}.tsx",
  "hooks/use-mobile.ts",
  "lib/utils.ts",
];

test("the templates with React have the same components", () => {
  const files = globSync(shared, { cwd: join(templates, original) });
  expect(files.length).toBeGreaterThan(35);
  const read = (folder: string, file: string) =>
    existsSync(join(templates, folder, file)) ? readFileSync(join(templates, folder, file), "utf8") : undefined;
  const different = copies.flatMap((folder) =>
    [...new Set([...files, ...globSync(shared, { cwd: join(templates, folder) })])]
      .filter((file) => read(folder, file) !== read(original, file))
      .map((file) => `templates/${folder}/${file}`),
  );
  expect(different, `change them in templates/${original}, then copy them`).toEqual([]);
});

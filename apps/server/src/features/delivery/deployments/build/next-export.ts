import type { Tree } from "@tesslate/runtime";
import { readTextFile, joinPath } from "./framework.ts";

const configs = ["next.config.ts", "next.config.mjs", "next.config.js", "next.config.cjs"];
const whole = `export default { output: "export", images: { unoptimized: true } };\n`;
const isHandler = /(?:^|\/)app\/(?:.*\/)?route\.(?:ts|js|mjs|tsx|jsx)$/;

/** Makes a Next.js app build as a static export, in the build sandbox's copy of the tree. Returns log lines that describe the changes. */
export async function makeStaticExport(tree: Tree, directory: string): Promise<string[]> {
  const done: string[] = [];
  const name = (await Promise.all(configs.map(async (file) => ((await tree.stat(joinPath(directory, file))) ? file : undefined)))).find(
    (file) => file !== undefined,
  );
  const path = joinPath(directory, name ?? "next.config.mjs");
  await tree.write(path, name === undefined ? whole : exported((await readTextFile(tree, path)) ?? "", name));
  done.push(`Enabled static export in ${name ?? "a new next.config.mjs"} (build copy only)`);
  for (const file of await tree.walk({
    skip: new Set(["node_modules", ".next", ".git"]),
    ...(directory !== "." && { under: directory }),
  })) {
    if (file.isDirectory || !isHandler.test(file.path)) continue;
    const text = await readTextFile(tree, file.path);
    if (text === undefined || /\bdynamic\b/.test(text)) continue;
    // Appended at the end because directives and imports must come first.
    await tree.write(file.path, `${text}\nexport const dynamic = "force-static";\n`);
    done.push(`${file.path} is rendered once, at build time`);
  }
  return done;
}

/** Sets `output` in the config. A config that is not an object literal is replaced. */
export function exported(text: string, name: string): string {
  const images = /\bimages\s*:/.test(text) ? "" : " images: { unoptimized: true },";
  if (/\boutput\s*:\s*(["'`])[^"'`]*\1/.test(text)) {
    const set = text.replace(/\boutput\s*:\s*(["'`])[^"'`]*\1/, 'output: "export"');
    return images === "" ? set : set.replace('output: "export"', `output: "export",${images.slice(0, -1)}`);
  }
  const configPatterns = [
    /(?:const|let|var)\s+\w*config\w*\s*(?::\s*[\w.]+)?\s*=\s*\{/i,
    /export\s+default\s*\{/,
    /module\.exports\s*=\s*\{/,
    /return\s*\{/,
    /\(\s*\{(?=[^)]*\}\s*(?:satisfies\s+\w+\s*)?\)\s*;?\s*$)/,
  ];
  for (const pattern of configPatterns) {
    const found = pattern.exec(text);
    if (found) {
      const end = found.index + found[0].length;
      return `${text.slice(0, end)} output: "export",${images}${text.slice(end)}`;
    }
  }
  return name.endsWith(".cjs") || /module\.exports/.test(text)
    ? `module.exports = { output: "export", images: { unoptimized: true } };\n`
    : whole;
}

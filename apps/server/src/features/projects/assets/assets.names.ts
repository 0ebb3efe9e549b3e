import { assetTypes } from "@tesslate/contract";
import { normalisePath, writablePath } from "../files/index.ts";

/** A directory as assets spell it: `/` for the project itself, else `/a/b`. Throws as the path rule does, and `git_directory`. */
export function directoryOf(given: string): string {
  const path = normalisePath(given.trim() === "" ? "." : given);
  return path === "" ? "/" : `/${writablePath(path)}`;
}
/** In the tree's terms: no slash in front. */
export const pathOf = ({ directory, filename }: { directory: string; filename: string }): string =>
  directory === "/" ? filename : `${directory.slice(1)}/${filename}`;
/** The reverse of `pathOf`. */
export function placeOf(path: string): { directory: string; filename: string } {
  const cut = path.lastIndexOf("/");
  return { directory: cut < 0 ? "/" : `/${path.slice(0, cut)}`, filename: path.slice(cut + 1) };
}

const maxStem = 150;
const knownExtensions: ReadonlySet<string> = new Set(assetTypes.flatMap((t) => t.extensions));
/** What stands after the last dot; nothing when only dots stand before it. */
const extensionOf = (name: string): string => {
  const cut = name.lastIndexOf(".");
  return /[^.]/.test(name.slice(0, Math.max(cut, 0))) ? name.slice(cut + 1) : "";
};

/** The type a name promises; `undefined` when no asset ends like that. */
export const typeByExtension = (name: string): string | undefined => {
  const extension = extensionOf(name).toLowerCase();
  return assetTypes.find((t) => t.extensions.includes(extension))?.mime;
};

/**
 * The name rule of accounts-projects 4.4: the last part of the path, a space becomes `-`, what is not a letter, digit, `_`, `.`, `-` becomes `_`,
 * and so do dots before the ending. A name without an ending of an asset gets the usual one of its type: a name must not promise something else.
 */
export function assetName(given: string, mimeType: string): string {
  const base = given.trim().replaceAll("\\", "/").split("/").at(-1) ?? "";
  const clean = base.replaceAll(" ", "-").replace(/[^A-Za-z0-9_.-]/g, "_");
  const known = knownExtensions.has(extensionOf(clean).toLowerCase());
  const extension = known ? extensionOf(clean) : (assetTypes.find((t) => t.mime === mimeType)?.extensions[0] ?? "bin");
  const stem = known ? clean.slice(0, -extension.length - 1) : clean;
  return `${stem.replaceAll(".", "_").slice(0, maxStem) || "file"}.${extension}`;
}

/** `logo.png`, `logo-1.png`, `logo-2.png` … without an end. */
export function* numbered(filename: string): Generator<string> {
  yield filename;
  const cut = filename.lastIndexOf(".");
  for (let n = 1; ; n++) yield `${filename.slice(0, cut)}-${n}${filename.slice(cut)}`;
}

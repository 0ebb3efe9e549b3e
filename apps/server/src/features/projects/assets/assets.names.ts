import { assetTypes } from "@tesslate/contract";
import { normalisePath, writablePath } from "../files/index.ts";

/** The directory format of assets: `/` for the project root, else `/a/b`. Throws `bad_path`, `path_traversal` or `git_directory`. */
export function directoryOf(given: string): string {
  const path = normalisePath(given.trim() === "" ? "." : given);
  return path === "" ? "/" : `/${writablePath(path)}`;
}
/** Path in the file tree, without a leading slash. */
export const assetPath = ({ directory, filename }: { directory: string; filename: string }): string =>
  directory === "/" ? filename : `${directory.slice(1)}/${filename}`;
/** The reverse of `assetPath`. */
export function splitAssetPath(path: string): { directory: string; filename: string } {
  const cut = path.lastIndexOf("/");
  return { directory: cut < 0 ? "/" : `/${path.slice(0, cut)}`, filename: path.slice(cut + 1) };
}

const maxStem = 150;
const knownExtensions: ReadonlySet<string> = new Set(assetTypes.flatMap((t) => t.extensions));
/** The file extension; empty for dotfiles. */
const extensionOf = (name: string): string => {
  const cut = name.lastIndexOf(".");
  return /[^.]/.test(name.slice(0, Math.max(cut, 0))) ? name.slice(cut + 1) : "";
};

/** The type of a file extension; `undefined` when no asset type has it. */
export const typeByExtension = (name: string): string | undefined => {
  const extension = extensionOf(name).toLowerCase();
  return assetTypes.find((t) => t.extensions.includes(extension))?.mime;
};

/**
 * Normalizes an asset's file name: the last path segment, spaces become `-`, characters other than letters, digits, `_`, `.` and `-` become `_`,
 * and so do dots before the extension. A name without the extension of an asset type gets the default one of its type.
 */
export function assetName(given: string, mimeType: string): string {
  const base = given.trim().replaceAll("\\", "/").split("/").at(-1) ?? "";
  const clean = base.replaceAll(" ", "-").replace(/[^A-Za-z0-9_.-]/g, "_");
  const known = knownExtensions.has(extensionOf(clean).toLowerCase());
  const extension = known ? extensionOf(clean) : (assetTypes.find((t) => t.mime === mimeType)?.extensions[0] ?? "bin");
  const stem = known ? clean.slice(0, -extension.length - 1) : clean;
  return `${stem.replaceAll(".", "_").slice(0, maxStem) || "file"}.${extension}`;
}

/** `logo.png`, `logo-1.png`, `logo-2.png` …, endless. */
export function* numbered(filename: string): Generator<string> {
  yield filename;
  const cut = filename.lastIndexOf(".");
  for (let n = 1; ; n++) yield `${filename.slice(0, cut)}-${n}${filename.slice(cut)}`;
}

import { fileNameOf } from "../../lib/file-tree.ts";

/** The project name to suggest: from the file name or the last part of the URL. */
export const nameFromFile = (name: string): string =>
  fileNameOf(name)
    .replace(/\.zip$/i, "")
    .slice(0, 100);
export function nameFromAddress(address: string): string {
  const path = URL.parse(address.trim())?.pathname ?? "";
  const last = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return decodeName(last.replace(/\.git$/i, "")).slice(0, 100);
}
const decodeName = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Why a text is not the URL of a repository; undefined if it can be one. The server validates it too. */
export function addressProblem(address: string): string | undefined {
  const text = address.trim();
  if (text === "") return "Enter a repository URL.";
  if (/^(git@|ssh:)/i.test(text)) return "Enter an HTTPS URL. SSH isn't supported.";
  const url = URL.parse(text);
  // The server decides which hosts are allowed over http.
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return "Must start with https:// or http://.";
  if (url.username || url.password) return "The URL must not contain a username or password.";
  return undefined;
}

export const isZip = (file: Pick<File, "name" | "type">): boolean =>
  /\.zip$/i.test(file.name) || /^application\/(x-)?zip(-compressed)?$/.test(file.type);

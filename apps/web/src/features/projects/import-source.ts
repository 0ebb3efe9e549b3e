import { nameOf } from "../../lib/file-tree.ts";

/** A file's name, or the last part of an address, as a first name for the project. */
export const nameFromFile = (name: string): string =>
  nameOf(name)
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

/** Why an address cannot be one of a repository; undefined when it can. The server has the last word. */
export function addressProblem(address: string): string | undefined {
  const text = address.trim();
  if (text === "") return "Give the address of a repository.";
  if (/^(git@|ssh:)/i.test(text)) return "Give the https:// address; this one is for SSH.";
  const url = URL.parse(text);
  // Whether a host may be reached by http is the server's to say.
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return "Enter an address that begins with https:// or http://.";
  if (url.username || url.password) return "URL must not contain a user name or password.";
  return undefined;
}

export const isZip = (file: Pick<File, "name" | "type">): boolean =>
  /\.zip$/i.test(file.name) || /^application\/(x-)?zip(-compressed)?$/.test(file.type);

export const sizeOf = (bytes: number): string =>
  bytes < 1000
    ? `${bytes} bytes`
    : bytes < 999_500
      ? `${Math.round(bytes / 1000)} kB`
      : bytes < 9_950_000
        ? `${(bytes / 1e6).toFixed(1)} MB`
        : `${Math.round(bytes / 1e6)} MB`;

/**
 * The address of a project's file on its page: files of `public` are at the root, others only where pages are served as files. Undefined if
 * the page cannot load it.
 */
export function addressOf(path: string, directory: string, isHtml: boolean): string | undefined {
  const folder = directory === "." || directory === "" ? "" : `${directory}/`;
  if (!path.startsWith(folder)) return undefined;
  const inside = path.slice(folder.length);
  const encoded = (text: string) => text.split("/").map(encodeURIComponent).join("/");
  if (inside.startsWith("public/")) return `/${encoded(inside.slice("public/".length))}`;
  return isHtml ? encoded(inside) : undefined;
}

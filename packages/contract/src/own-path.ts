/** The origin of nobody: what leads away from it leads to another site. */
const here = "http://app.invalid";

/**
 * Where in the app an address leads that came with a link, as a browser reads it: path, query and fragment. `undefined` for whatever could lead to
 * another site, backslashes, tabs and dots that make a second slash included.
 */
export function ownPath(address: string | null | undefined): string | undefined {
  if (!address?.startsWith("/")) return undefined;
  const url = URL.parse(address, here);
  if (url?.origin !== here || /^\/[/\\]/.test(url.pathname)) return undefined;
  return url.pathname + url.search + url.hash;
}

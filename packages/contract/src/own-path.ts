/** An origin that does not exist: a URL that resolves outside it leads to another site. */
const appOrigin = "http://app.invalid";

/**
 * Path, query and fragment of a link into the app, as a browser reads it. `undefined` for everything that could lead to another site,
 * including backslashes, tabs and dots that produce a second slash.
 */
export function ownPath(address: string | null | undefined): string | undefined {
  if (!address?.startsWith("/")) return undefined;
  const url = URL.parse(address, appOrigin);
  if (url?.origin !== appOrigin || /^\/[/\\]/.test(url.pathname)) return undefined;
  return url.pathname + url.search + url.hash;
}

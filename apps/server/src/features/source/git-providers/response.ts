import type { Static, TSchema } from "typebox";
import type { ProviderApi } from "./provider.ts";

/** Page limit per list. */
export const maxPages = 50;
export const perPage = 100;

/** ISO 8601 from any format; null when it is not a time. */
export function timeOf(text: string | null | undefined): string | null {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** A safe http(s) URL without credentials, otherwise the fallback. */
export function addressOf(text: string | null | undefined, usual: string): string {
  const url = URL.parse(text ?? "");
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return usual;
  url.username = "";
  url.password = "";
  return url.href;
}
/** The same for clone URLs, which must be https. */
export const cloneAddressOf = (text: string | null | undefined, usual: string): string =>
  text?.startsWith("https://") ? addressOf(text, usual) : usual;

/** Third-party text, shortened for lists. */
export const shortOf = (text: string | null | undefined): string | null => (text ? text.slice(0, 1000) : null);

/** Follows the `Link` header to the end. */
export async function* linkedPages<S extends TSchema>(api: ProviderApi, first: string, schema: S): AsyncGenerator<Static<S>> {
  let next: string | undefined = first;
  for (let i = 0; next !== undefined && i < maxPages; i++) {
    const page: { body: Static<S>; headers: Headers } = await api.get(next, schema);
    yield page.body;
    next = /<([^>]+)>;\s*rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
  }
}

/** Owner, including all groups, and name. */
export function splitName(fullName: string): { owner: string; name: string } {
  const cut = fullName.lastIndexOf("/");
  return { owner: fullName.slice(0, Math.max(cut, 0)), name: fullName.slice(cut + 1) };
}
export const encodePath = (...segments: string[]): string => segments.map((segment) => encodeURIComponent(segment)).join("/");

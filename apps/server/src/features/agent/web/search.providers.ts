import { Type, type Static, type TSchema } from "typebox";
import { Value } from "typebox/value";
import type { SecretValue } from "../../../platform/secret.ts";

export interface SearchResult {
  title: string;
  url: string;
  snippet: string;
}
/** A web search service. Rejects with errors of `fetch`, or with an `Error` whose message is for people. */
export interface SearchProvider {
  name: string;
  search(query: string, count: number, signal: AbortSignal): Promise<SearchResult[]>;
}
export interface SearchConfig {
  provider: "brave" | "tavily" | "searxng";
  baseUrl: string;
  key: SecretValue | undefined;
}

const Hit = Type.Object({
  title: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  url: Type.String(),
  description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  content: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const Brave = Type.Object({ web: Type.Optional(Type.Object({ results: Type.Array(Hit) })) });
const Results = Type.Object({ results: Type.Array(Hit) });

/** Brave Search, Tavily or SearXNG, as configured. `fetch` must be limited. */
export function createSearchProvider({ provider, baseUrl, key }: SearchConfig, fetch: typeof globalThis.fetch): SearchProvider {
  const fetchResults = async <S extends TSchema>(schema: S, url: URL, init: RequestInit): Promise<Static<S>> => {
    const response = await fetch(url, { ...init, redirect: "error" });
    if (!response.ok) {
      await response.body?.cancel();
      const why: Record<number, string> = { 401: "the key is wrong", 403: "the key is not allowed to", 429: "too many searches for now" };
      throw new SearchRefused(`The search service answered ${response.status}${why[response.status] ? `: ${why[response.status]}` : ""}.`);
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (!Value.Check(schema, body)) throw new SearchRefused("The search service answered something that is no list of results.");
    return body;
  };
  const at = (path: string, query: Record<string, string> = {}) => {
    const url = new URL(`${baseUrl.replace(/\/+$/, "")}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  };
  const search: Record<SearchConfig["provider"], SearchProvider["search"]> = {
    brave: async (query, count, signal) => {
      const url = at("/res/v1/web/search", { q: query, count: String(count) });
      const { web } = await fetchResults(Brave, url, {
        signal,
        headers: { accept: "application/json", "x-subscription-token": key?.reveal() ?? "" },
      });
      return (web?.results ?? []).map(resultOf);
    },
    tavily: async (query, count, signal) => {
      const { results } = await fetchResults(Results, at("/search"), {
        method: "POST",
        signal,
        headers: { "content-type": "application/json", authorization: `Bearer ${key?.reveal() ?? ""}` },
        body: JSON.stringify({ query, max_results: count, search_depth: "basic" }),
      });
      return results.map(resultOf);
    },
    searxng: async (query, _count, signal) => {
      const headers = { accept: "application/json", ...(key && { authorization: `Bearer ${key.reveal()}` }) };
      const { results } = await fetchResults(Results, at("/search", { q: query, format: "json" }), { signal, headers });
      return results.map(resultOf);
    },
  };
  return {
    name: provider,
    search: async (query, count, signal) =>
      (await search[provider](query, count, signal)).filter(({ url }) => /^https?:$/.test(URL.parse(url)?.protocol ?? "")).slice(0, count),
  };
}

export class SearchRefused extends Error {}

const resultOf = ({ title, url, description, content }: Static<typeof Hit>): SearchResult => ({
  title: plain(title ?? "").slice(0, 200) || url,
  url,
  snippet: plain(description ?? content ?? "").slice(0, 600),
});

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", nbsp: " " };
/** Removes tags with which providers mark matches. */
const plain = (text: string): string =>
  text
    .replace(/<[^>]{0,200}>/g, "")
    .replace(/&(amp|lt|gt|quot|#39|#x27|nbsp);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, " ")
    .trim();

import type { Outbound } from "../../../platform/outbound.ts";
import type { FeatureTools } from "../runs/index.ts";
import { createSearchProvider, type SearchConfig } from "./search.providers.ts";
import { createWebFetch } from "./web-fetch.ts";
import { createWebSearch } from "./web-search.ts";

const searchMs = 10_000;
const maxSearchBytes = 2 ** 20;

/**
 * Provides `web_fetch`, and `web_search` if a provider is configured. `outbound` must not reach the operator's own services such as model servers, because
 * its URLs come from the model. `searchOutbound` is used for the search provider only.
 */
export function createWebTools({
  outbound,
  searchOutbound,
  search,
}: {
  outbound: Outbound;
  searchOutbound: Outbound;
  search: SearchConfig | undefined;
}): FeatureTools {
  const tools = [
    createWebFetch({ outbound }),
    ...(search
      ? [
          createWebSearch({
            provider: createSearchProvider(search, searchOutbound.limited({ timeoutMs: searchMs, maxBytes: maxSearchBytes })),
          }),
        ]
      : []),
  ];
  return { provideTools: async () => ({ tools: [...tools] }), tools };
}

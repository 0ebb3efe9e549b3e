import { ApiError } from "@tesslate/client/core";
import { QueryClient, type InvalidateOptions, type InvalidateQueryFilters } from "@tanstack/react-query";

const retryable = new Set(["network", "unavailable", "bad_gateway", "gateway_timeout", "runtime_unavailable"]);
const retries = 2;

/**
 * TanStack Query restarts a fetch that is in flight when its query is invalidated, except the first one of a query without data. Its answer
 * may be older than the event that invalidated it, and no second event would come, so it is fetched again.
 */
class EventQueryClient extends QueryClient {
  override async invalidateQueries(filters: InvalidateQueryFilters = {}, options: InvalidateOptions = {}): Promise<void> {
    const first = this.getQueryCache()
      .findAll(filters)
      .filter((query) => query.state.data === undefined && query.state.fetchStatus === "fetching");
    const invalidated = super.invalidateQueries(filters, options);
    await Promise.all([
      invalidated,
      ...first.map(async (query) => {
        await query.promise?.catch(() => undefined);
        if (query.state.data !== undefined) await super.invalidateQueries({ queryKey: query.queryKey, exact: true }, options);
      }),
    ]);
  }
}

/** Nothing polls: a list is fetched on mount, on focus after half a minute, and when an event or a mutation says so. */
export function createQueryClient(): QueryClient {
  return new EventQueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < retries && error instanceof ApiError && retryable.has(error.code),
        retryDelay: (failures) => 400 * 2 ** failures,
      },
      mutations: { retry: false },
    },
  });
}

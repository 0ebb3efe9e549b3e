import { ApiError } from "@tesslate/client/core";
import { QueryClient } from "@tanstack/react-query";

const retryable = new Set(["network", "unavailable", "bad_gateway", "gateway_timeout", "runtime_unavailable"]);
const retries = 2;

/** Nothing polls: a list is fetched on mount, on focus after half a minute, and when an event or a mutation says so. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
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

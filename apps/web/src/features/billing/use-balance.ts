import { reopen } from "@tesslate/client/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { CreditBalance } from "@tesslate/contract";
import { api } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";
import { configQuery } from "../auth/index.ts";
import { balanceQuery } from "./billing.queries.ts";

/** The balance; undefined where runs cost nothing, and until it is loaded. `useLiveBalance` keeps it current. */
export function useBalance(): CreditBalance | undefined {
  const { data: config } = useQuery(configQuery);
  const isBilled = config?.features.billing ?? false;
  const { data } = useQuery({ ...balanceQuery, enabled: isBilled });
  return isBilled ? data : undefined;
}

const onVisibility = (notify: () => void) => {
  document.addEventListener("visibilitychange", notify);
  return () => document.removeEventListener("visibilitychange", notify);
};
const isPageVisible = () => document.visibilityState === "visible";

/** The balance, kept current by events while the page is visible: browsers allow few open connections to a server. */
export function useLiveBalance(): CreditBalance | undefined {
  const queryClient = useQueryClient();
  const balance = useBalance();
  const isFollowed = useSyncExternalStore(onVisibility, isPageVisible) && balance !== undefined;
  useEffect(() => {
    if (!isFollowed) return;
    const abort = new AbortController();
    const listen = async () => {
      const events = reopen({
        open: (connection) => api.billing.creditEvents(undefined, { signal: connection }),
        signal: abort.signal,
        hints: browserHints,
      });
      for await (const { data } of events) queryClient.setQueryData(balanceQuery.queryKey, data);
    };
    // Refused: what was loaded stays, and the next visit loads it again.
    listen().catch(() => undefined);
    return () => abort.abort();
  }, [isFollowed, queryClient]);
  return balance;
}

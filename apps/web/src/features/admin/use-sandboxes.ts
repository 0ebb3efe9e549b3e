import { useEffect, useState } from "react";
import { ApiError } from "@tesslate/contract/client";
import type { AdminSandbox } from "@tesslate/contract";
import { api } from "../../api.ts";

interface Seen {
  sandboxes: AdminSandbox[] | undefined;
  error: unknown;
  /** The stream broke and is asked for again; what is shown is from before. */
  isReconnecting: boolean;
}
const retryMs = [500, 1_000, 2_000, 5_000];

/** What runs, told by the server whenever it changes. `again` begins anew after an error that does not pass by itself. */
export function useSandboxes(): Seen & { again: () => void } {
  const [seen, setSeen] = useState<Seen>({ sandboxes: undefined, error: undefined, isReconnecting: false });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const follow = async () => {
      for (let failures = 0; !signal.aborted;) {
        try {
          for await (const { data } of api.adminSandboxes.events(undefined, { signal })) {
            failures = 0;
            setSeen({ sandboxes: data, error: undefined, isReconnecting: false });
          }
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
            setSeen((before) => ({ ...before, error, isReconnecting: false }));
            return;
          }
        }
        if (signal.aborted) return;
        setSeen((before) => ({ ...before, isReconnecting: true }));
        await new Promise((resolve) => setTimeout(resolve, retryMs[Math.min(failures++, retryMs.length - 1)]));
      }
    };
    void follow();
    return () => abort.abort();
  }, [round]);
  return {
    ...seen,
    again: () => {
      setSeen((before) => ({ ...before, error: undefined, isReconnecting: true }));
      setRound((before) => before + 1);
    },
  };
}

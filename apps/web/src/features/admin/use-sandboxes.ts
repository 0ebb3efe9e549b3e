import { useEffect, useState } from "react";
import { reopen } from "@tesslate/client/core";
import type { AdminSandbox } from "@tesslate/contract";
import { api } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";

interface Seen {
  sandboxes: AdminSandbox[] | undefined;
  error: unknown;
  /** The stream broke, or never began, and is asked for again; what is shown is from before. */
  isReconnecting: boolean;
}

/** What runs, told by the server whenever it changes. `again` begins anew after an error that does not pass by itself. */
export function useSandboxes(): Seen & { again: () => void } {
  const [seen, setSeen] = useState<Seen>({ sandboxes: undefined, error: undefined, isReconnecting: false });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const listen = async () => {
      const events = reopen({
        open: (connection) => api.adminSandboxes.events(undefined, { signal: connection }),
        signal,
        hints: browserHints,
        onBroken: (error) => setSeen((before) => ({ ...before, error, isReconnecting: true })),
      });
      for await (const { data } of events) setSeen({ sandboxes: data, error: undefined, isReconnecting: false });
    };
    listen().catch((error: unknown) => setSeen((before) => ({ ...before, error, isReconnecting: false })));
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

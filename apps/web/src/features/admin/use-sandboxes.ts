import { useEffect, useState } from "react";
import { reopen } from "@tesslate/client/core";
import type { AdminSandbox } from "@tesslate/contract";
import { api } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";

interface Seen {
  sandboxes: AdminSandbox[] | undefined;
  error: unknown;
  /** The stream failed and is being reopened; the shown list may be out of date. */
  isReconnecting: boolean;
}

/** Streams the running sandboxes. `again` restarts the stream after an error that is not retried automatically. */
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

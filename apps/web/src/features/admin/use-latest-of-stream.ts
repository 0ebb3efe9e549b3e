import { useEffect, useState } from "react";
import { reopen } from "@tesslate/client/core";
import { browserHints } from "../../lib/browser-hints.ts";

interface Seen<T> {
  data: T | undefined;
  error: unknown;
  /** The stream failed and is being reopened; what is shown may be out of date. */
  isReconnecting: boolean;
}
type Open<T> = (signal: AbortSignal) => ReturnType<Parameters<typeof reopen<{ data: T }>>[0]["open"]>;

/**
 * The last event of a stream that sends the whole state each time. `again` restarts it after an error that is not retried automatically.
 * `open` must stay the same function.
 */
export function useLatestOfStream<T>(open: Open<T>): Seen<T> & { again: () => void } {
  const [seen, setSeen] = useState<Seen<T>>({ data: undefined, error: undefined, isReconnecting: false });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const listen = async () => {
      const events = reopen<{ data: T }>({
        open,
        signal,
        hints: browserHints,
        onBroken: (error) => setSeen((before) => ({ ...before, error, isReconnecting: true })),
      });
      for await (const { data } of events) setSeen({ data, error: undefined, isReconnecting: false });
    };
    listen().catch((error: unknown) => setSeen((before) => ({ ...before, error, isReconnecting: false })));
    return () => abort.abort();
  }, [open, round]);
  return {
    ...seen,
    again: () => {
      setSeen((before) => ({ ...before, error: undefined, isReconnecting: true }));
      setRound((before) => before + 1);
    },
  };
}

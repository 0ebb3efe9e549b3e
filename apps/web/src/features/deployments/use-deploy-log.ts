import { useEffect, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { follow } from "../../lib/follow.ts";
import { useServices } from "../workbench/services.ts";
import { lineOf, type DeployLine } from "./deploy-log.ts";

/** What the page keeps; the server keeps as many (agent-git-deploy 7.7). */
const keptLines = 2000;
const paintMs = 50;

export interface DeployLog {
  lines: readonly DeployLine[];
  /** `reconnecting`: the line broke and is tried again by itself. `gone`: it is refused. */
  state: "connecting" | "live" | "reconnecting" | "over" | "gone";
  /** Why it is `gone`. */
  refusal?: string;
}
const nothing: DeployLog = { lines: [], state: "connecting" };

/** The lines of one deployment: what was said before, then live ones. A stream that breaks is opened again and said anew from its beginning. */
export function useDeployLog(id: string): DeployLog {
  const { api } = useServices();
  const [log, setLog] = useState<DeployLog & { of: string }>({ ...nothing, of: id });
  useEffect(() => {
    const abort = new AbortController();
    let frame: ReturnType<typeof setTimeout> | undefined;
    let lines: DeployLine[] = [];
    let count = 0;
    /** What was heard so far, at once. */
    const paint = (state: DeployLog["state"], refusal?: string) => {
      clearTimeout(frame);
      frame = undefined;
      const heard = [...lines];
      setLog((known) => ({
        of: id,
        // Said anew, it has to catch up with what is shown already.
        lines: heard.length === 0 && known.of === id ? known.lines : heard,
        state,
        ...(refusal !== undefined && { refusal }),
      }));
    };
    const listen = async () => {
      const told = follow({
        open: (signal) => {
          lines = [];
          count = 0;
          return api.deployments.stream({ params: { deployment_id: id } }, { signal });
        },
        isOver: (event) => event.type === "done",
        signal: abort.signal,
        onBroken: () => paint("reconnecting"),
      });
      for await (const event of told) {
        if (event.type === "log") lines.push(lineOf(event.data.line, ++count));
        if (lines.length > keptLines * 1.5) lines = lines.slice(-keptLines);
        frame ??= setTimeout(() => paint("live"), paintMs);
      }
      if (!abort.signal.aborted) paint("over");
    };
    listen().catch((error: unknown) => paint("gone", sentenceOf(error)));
    return () => {
      abort.abort();
      clearTimeout(frame);
    };
  }, [api, id]);
  return log.of === id ? log : nothing;
}

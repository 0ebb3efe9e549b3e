import { useEffect, useState } from "react";
import { browserHints } from "../../lib/browser-hints.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { parseLogLine, type DeployLine } from "./deploy-log.ts";

/** What the page keeps; the server keeps as many. */
const keptLines = 2000;
const paintMs = 50;

export interface DeployLog {
  lines: readonly DeployLine[];
  /** `reconnecting`: the connection broke and is retried. `gone`: the server rejects the request. */
  state: "connecting" | "live" | "reconnecting" | "over" | "gone";
  /** Why it is `gone`. */
  refusal?: string;
}
const nothing: DeployLog = { lines: [], state: "connecting" };

/** The lines of one deployment: the earlier ones, then live ones. */
export function useDeployLog(id: string): DeployLog {
  const { api } = useServices();
  const [log, setLog] = useState<DeployLog & { of: string }>({ ...nothing, of: id });
  useEffect(() => {
    const abort = new AbortController();
    let frame: ReturnType<typeof setTimeout> | undefined;
    let lines: DeployLine[] = [];
    let count = 0;
    /** Shows what has arrived. */
    const paint = (state: DeployLog["state"], refusal?: string) => {
      clearTimeout(frame);
      frame = undefined;
      setLog({ of: id, lines: [...lines], state, ...(refusal !== undefined && { refusal }) });
    };
    const listen = async () => {
      const events = api.deployments.stream(
        { params: { deployment_id: id } },
        { signal: abort.signal, hints: browserHints, onBroken: () => paint("reconnecting") },
      );
      for await (const event of events) {
        if (event.type === "log") lines.push(parseLogLine(event.data.line, ++count, event.data.step_key));
        if (lines.length > keptLines * 1.5) lines = lines.slice(-keptLines);
        if (event.type === "done") break;
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

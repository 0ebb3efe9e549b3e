import { useEffect, useState } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { backoffMs } from "../../lib/project-stream.ts";
import { useServices } from "../workbench/services.ts";
import { lineOf, type DeployLine } from "./deploy-log.ts";

/** What the page keeps; the server keeps as many (agent-git-deploy 7.7). */
const keptLines = 2000;
const paintMs = 50;

export interface DeployLog {
  lines: readonly DeployLine[];
  /** `reconnecting`: the line broke and is tried again by itself. */
  state: "connecting" | "live" | "reconnecting" | "over" | "gone";
  failure: string | undefined;
}
const nothing: DeployLog = { lines: [], state: "connecting", failure: undefined };

/** The lines of one deployment: what was said before, then live ones. A stream that breaks is opened again and said anew from its beginning. */
export function useDeployLog(id: string): DeployLog {
  const { api } = useServices();
  const [log, setLog] = useState<DeployLog & { of: string }>({ ...nothing, of: id });
  useEffect(() => {
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    let frame: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const follow = async () => {
      let lines: DeployLine[] = [];
      let count = 0;
      let isOver = false;
      const paint = () => {
        frame = undefined;
        setLog({ of: id, lines: [...lines], state: isOver ? "over" : "live", failure: undefined });
      };
      const soon = () => void (frame ??= setTimeout(paint, paintMs));
      try {
        for await (const event of api.deployments.stream({ params: { deployment_id: id } }, { signal: abort.signal })) {
          failures = 0;
          if (event.type === "log") lines.push(lineOf(event.data.line, ++count));
          if (event.type === "done") isOver = true;
          if (lines.length > keptLines * 1.5) lines = lines.slice(-keptLines);
          soon();
        }
        if (!isOver) throw new Error("The log ended too early.");
        clearTimeout(frame);
        paint();
      } catch (error) {
        clearTimeout(frame);
        frame = undefined;
        if (abort.signal.aborted) return;
        if (hasCode(error, "not_found")) return setLog({ of: id, lines, state: "gone", failure: sentenceOf(error) });
        setLog((known) => ({
          of: id,
          lines: lines.length > 0 || known.of !== id ? [...lines] : known.lines,
          state: "reconnecting",
          failure: sentenceOf(error),
        }));
        retry = setTimeout(() => void follow(), backoffMs(failures++, Math.random()));
      }
    };
    void follow();
    return () => {
      abort.abort();
      clearTimeout(retry);
      clearTimeout(frame);
    };
  }, [api, id]);
  return log.of === id ? log : nothing;
}

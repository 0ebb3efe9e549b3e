import type { IncomingMessage } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { PreviewReport } from "@tesslate/contract";
import type { EventLog } from "../../../platform/events.ts";
import type { Redactions } from "../../projects/secrets/index.ts";

const maxBodyBytes = 64 * 1024;
const maxPerWindow = 50;
const windowMs = 10_000;

const Text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
/** Report format of the bridge, with limits. Untrusted: written by project code. */
const Reports = Type.Array(
  Type.Object({
    kind: PreviewReport.properties.kind,
    url: Text(2048),
    level: Type.Optional(PreviewReport.properties.level),
    message: Text(4096),
    stack: Text(8192),
    source: Text(2048),
    line: Type.Optional(Type.Integer()),
    column: Type.Optional(Type.Integer()),
    method: Text(16),
    status: Type.Optional(Type.Integer()),
    duration_ms: Type.Optional(Type.Integer()),
  }),
  { minItems: 1, maxItems: maxPerWindow },
);

/** Emits the bridge's reports as project events: at most 50 per 10 s and container. */
export type Reporting = ReturnType<typeof createReporting>;
export function createReporting({
  events,
  redactions,
  onErrors = () => undefined,
}: {
  events: EventLog;
  redactions: Redactions;
  /** Called after errors were stored. */
  onErrors?: (projectId: string) => void;
}) {
  const windows = new Map<string, { count: number; endsAt: number }>();

  /** How many of `wanted` are within the limit. */
  const admit = (containerId: string, wanted: number): number => {
    const now = Date.now();
    let window = windows.get(containerId);
    if (!window || window.endsAt <= now) {
      for (const [id, old] of windows) if (old.endsAt <= now) windows.delete(id);
      window = { count: 0, endsAt: now + windowMs };
      windows.set(containerId, window);
    }
    const admitted = Math.max(0, Math.min(wanted, maxPerWindow - window.count));
    window.count += admitted;
    return admitted;
  };

  return {
    /** Reads one request of the bridge. Returns the response status: 204, 413, 422, or 429 when reports were dropped. */
    accept: async (request: IncomingMessage, projectId: string, containerId: string): Promise<204 | 413 | 422 | 429> => {
      const text = await readText(request);
      if (text === undefined) return 413;
      let body: unknown;
      try {
        body = JSON.parse(text);
      } catch {
        return 422;
      }
      if (!Value.Check(Reports, body)) return 422;
      const admitted = body.slice(0, admit(containerId, body.length));
      if (admitted.length > 0) {
        const { redactIn } = await redactions.of(projectId);
        await events.append(
          projectId,
          admitted.map((report) => ({ type: "preview_report" as const, data: { ...redactIn(known(report)), container_id: containerId } })),
        );
        if (admitted.some(({ kind, level }) => kind === "error" || level === "error")) onErrors(projectId);
      }
      return admitted.length < body.length ? 429 : 204;
    },
  };
}

/** Drops unknown fields. */
const known = (report: unknown) => Value.Clean(Reports.items, structuredClone(report)) as Omit<PreviewReport, "container_id">;

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

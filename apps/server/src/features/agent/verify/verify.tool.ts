import { Type } from "typebox";
import { defineTool, done, failed, ToolFailure, type Tool } from "@tesslate/agent";
import type { Evidence, VerifyReport } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { wrapUntrusted } from "../../../platform/untrusted-text.ts";
import type { PreviewSite } from "../../../http/preview-site.ts";
import type { RunDetails } from "../runs/index.ts";
import { previewOrigin, type PreviewAddress } from "../../runtime/containers/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { PreviewedContainer } from "../../runtime/previews/index.ts";
import { BrowsersBusy, type Browsers } from "./browsers.ts";
import type { EvidenceLog } from "./evidence.service.ts";
import { looksOnly, VerifyStepInput } from "./steps.ts";
import { visitPreview } from "./visit.ts";

const limitMs = 150_000;
/** A visitor's cookie is valid for one visit. */
const passMs = 5 * 60_000;

export interface VerifyOptions {
  browsers: Browsers;
  config: Pick<Config["verify"], "stepMs">;
  evidence: EvidenceLog;
  previews: VisitedPreviews;
  listContainers(projectId: string): Promise<ContainerRow[]>;
}
/** The previews as the agent's browser visits them. */
export interface VisitedPreviews {
  site: PreviewSite;
  address: PreviewAddress;
  /** The owner's Cookie header for a preview. */
  passFor(previewed: PreviewedContainer, lifetimeMs: number): string;
}

const verifyParameters = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 120, description: "What is proved" }),
  path: Type.Optional(Type.String({ maxLength: 1000, description: "Where to begin, default /" })),
  steps: Type.Array(VerifyStepInput, { minItems: 1, maxItems: 30 }),
  container: Type.Optional(Type.String({ maxLength: 100, description: "Name, in a project of several" })),
  accessibility: Type.Optional(Type.Boolean({ description: "Default true" })),
});
/** The tool without its implementation, for the tool catalogue. */
export const verifySummary: Omit<Tool<typeof verifyParameters>, "run"> = {
  name: "verify",
  category: "browser",
  description:
    "Opens the running app in a real browser and does the steps in order, up to the first that fails. Answers what passed, console errors, failed requests and accessibility findings, and the screenshots, which are shown to the person as proof.",
  parameters: verifyParameters,
  gate: { approval: true, plan_blocked: true, read_only: false },
  gateOf: ({ steps }) => ({ approval: !looksOnly(steps), plan_blocked: !looksOnly(steps), read_only: false }),
  timeLimitMs: () => limitMs,
};

/** Tests the project's preview in a headless browser and stores the result as evidence. */
export function createVerify({ browsers, config, evidence, previews, listContainers }: VerifyOptions, run: RunDetails): Tool {
  const { site, address, passFor } = previews;
  return defineTool({
    ...verifySummary,
    async run({ title, path = "/", steps, container: name, accessibility = true }, { signal }) {
      const apps = (await listContainers(run.project.id)).filter((row) => row.container_type === "base");
      const container = choose(apps, name, run.container_id);
      const hostOf = (row: ContainerRow) => `${row.host_label}.${address.domain}:${address.port || "80"}`;
      const hosts = new Map(apps.map((row) => [hostOf(row), passFor({ container: row, project: run.project }, passMs)]));
      const { report, pictures } = await visitPreview(
        {
          browsers,
          site,
          hosts,
          // No TLS inside this process.
          origin: new URL(previewOrigin({ ...address, scheme: "http" }, container.host_label)).origin,
          path,
          steps,
          withAccessibility: accessibility,
          stepMs: config.stepMs,
        },
        signal,
      ).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof BrowsersBusy) throw new ToolFailure(error.message);
        run.log.warn({ err: error }, "no browser");
        throw new ToolFailure("The browser could not be started. Check with get_preview_state instead.");
      });
      const kept = await evidence.add(run, { verify: { report: { ...report, title, container: container.name }, pictures } });
      const bad = kept.verify?.steps.find(({ status }) => status === "failed");
      const fields = {
        content: wrapUntrusted("what the app showed", messageText(kept)),
        details: { evidence_id: kept.id, screenshots: pictures.length },
        images: (kept.verify?.pictures ?? []).map(({ label }, index) => ({ name: label, data: pictures[index]!.data })),
      };
      return bad ? failed(`${title}: failed at "${bad.what}".`, fields) : done(`${title}: ${report.steps.length} steps passed.`, fields);
    },
  });
}

function choose(apps: readonly ContainerRow[], name: string | undefined, scope: string | null): ContainerRow {
  const found = name
    ? apps.find((row) => row.name.toLowerCase() === name.toLowerCase() || row.service_key === name)
    : (apps.find((row) => row.id === scope) ?? apps.find((row) => row.status === "running") ?? apps[0]);
  if (found) return found;
  throw new ToolFailure(
    name ? `There is no app "${name}". There are: ${apps.map((row) => row.name).join(", ")}.` : "The project has no app to open.",
  );
}

/** The report for the model. Its content comes from the app and is untrusted. */
function messageText({ verify }: Evidence): string {
  if (!verify) return "";
  const marks: Record<VerifyReport["steps"][number]["status"], string> = { passed: "ok", failed: "FAILED", skipped: "skipped" };
  const list = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `- ${line}`)]);
  return [
    ...verify.steps.map(({ what, status, detail }) => `${marks[status]} ${what}${detail ? `: ${detail}` : ""}`),
    ...list("Console errors", verify.console_errors),
    ...list("Failed requests", verify.failed_requests),
    ...list(
      "Blocked, since only the app itself can be reached",
      verify.blocked.map(({ host, count }) => `${host} (${count})`),
    ),
    ...list(
      "Accessibility",
      (verify.accessibility ?? []).map(
        ({ id, impact, help, count, places }) => `${impact} ${id}, ${count}×: ${help} (${places.join(" | ")})`,
      ),
    ),
  ].join("\n");
}

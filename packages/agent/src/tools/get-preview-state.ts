import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import { reads } from "./gates.ts";

const maxLines = 30;

export const getPreviewState = defineTool({
  name: "get_preview_state",
  category: "project_management",
  description:
    "What the preview shows: URL, status, console errors, failed requests, the dev server's last log lines. Look here after a change.",
  parameters: Type.Object({}),
  gate: reads,
  async run(_params, context) {
    const state = await context.getPreviewState();
    const sections = [
      section("Console errors", state.console_errors),
      section("Failed requests", state.failed_requests ?? []),
      section("Last log lines", state.last_logs),
    ].filter((one) => one !== "");
    const problems = state.console_errors.length + (state.failed_requests?.length ?? 0);
    return done(
      `Preview ${state.url ?? "(no address)"} is ${state.status}; ${problems === 0 ? "no problems reported" : `${problems} problems`}.`,
      {
        url: state.url,
        status: state.status,
        content: sections.join("\n\n"),
        details: { console_errors: state.console_errors.length, failed_requests: state.failed_requests?.length ?? 0 },
      },
    );
  },
});

function section(title: string, lines: string[]): string {
  if (lines.length === 0) return "";
  const left = lines.length - maxLines;
  return [`${title}:`, ...(left > 0 ? [`… ${left} earlier`] : []), ...lines.slice(-maxLines)].join("\n");
}

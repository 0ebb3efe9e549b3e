import { Type } from "typebox";
import { defineTool, failed } from "../tool.ts";
import { startsOthers } from "./gates.ts";

/** The run's own time limit ends it. */
const timeLimitMs = 24 * 3_600_000;

export const invokeSubagent = defineTool({
  name: "invoke_subagent",
  category: "agents",
  description:
    "Give a task to a sub-agent with its own context; it answers with a report. general-purpose, Explore and Plan (read-only), or the project's. Calls in one turn run in parallel.",
  parameters: Type.Object({
    name: Type.String({ minLength: 1 }),
    task: Type.String({ minLength: 1, description: "Self-contained: it does not see this chat" }),
    context: Type.Optional(Type.String()),
    resume_id: Type.Optional(Type.String({ description: "agent_id to go on with" })),
  }),
  gate: startsOthers,
  timeLimitMs: () => timeLimitMs,
  async run({ name, task, context: preamble, resume_id }, context) {
    if (!context.subagents) return failed("Sub-agents cannot start sub-agents.");
    return context.subagents.invoke(
      { name, task, ...(preamble === undefined ? {} : { context: preamble }), ...(resume_id ? { resume_id } : {}) },
      context,
    );
  },
});

import { recordRun } from "../cassette/record.ts";
import type { CassetteLine } from "../cassette/cassette.ts";
import { runAgent } from "../loop.ts";
import { defaultSystemPrompt } from "../prompt.ts";
import type { ModelClient } from "../model-client.ts";
import type { AgentEvent, AgentStep, ApprovalDecision, RunResult } from "../events.ts";
import type { PreviewState } from "../project-info.ts";
import type { RunLimits, RunOptions } from "../run-options.ts";
import type { Todo } from "../todos.ts";
import type { EditMode } from "../tool.ts";
import type { Workspace } from "../workspace.ts";

export interface PromptRun {
  title: string;
  message: string;
  workspace: Workspace;
  client: ModelClient;
  /** Tokens. Default 128 000. */
  context_window?: number;
  edit_mode?: EditMode;
  /** Answers to approvals, in order; further calls are allowed. */
  approvals?: readonly { decision: ApprovalDecision; note?: string }[];
  limits?: Partial<RunLimits>;
  /** Default: an app that is stopped. */
  getPreviewState?: () => Promise<PreviewState>;
  signal?: AbortSignal;
  /** Receives the lines of the run's cassette, in order. */
  record?: (line: CassetteLine) => void;
}

export interface PromptResult {
  result: RunResult;
  steps: AgentStep[];
  /** Milliseconds. */
  ms: number;
}

/** Runs the agent with its own system prompt and all tools on a workspace, without a server or a person. Never rejects because of the model. */
export async function runPrompt(run: PromptRun): Promise<PromptResult> {
  const steps: AgentStep[] = [];
  const answers = [...(run.approvals ?? [])];
  let todos: Todo[] = [];
  const given: RunOptions = {
    agent: { system_prompt: defaultSystemPrompt, tools: null },
    model: { client: run.client, ...(run.context_window === undefined ? {} : { context_window: run.context_window }) },
    message: run.message,
    conversation: [],
    editMode: run.edit_mode ?? "allow",
    limits: { ...run.limits },
    workspace: run.workspace,
    signal: run.signal ?? new AbortController().signal,
    deps: {
      emit: async (event: AgentEvent) => {
        if (event.type === "agent_step") steps.push(event.data);
      },
      approve: async () => answers.shift() ?? { decision: "allow_once" },
      afterModelCall: async () => ({ ok: true }),
      todos: {
        read: async () => todos,
        write: async (next) => {
          todos = next;
        },
      },
      getProjectInfo: async () => ({
        id: "eval",
        name: run.title,
        description: "",
        owner_id: "eval",
        created_at: "2026-01-01T00:00:00.000Z",
        updated_at: "2026-01-01T00:00:00.000Z",
        containers: [],
      }),
      getPreviewState: run.getPreviewState ?? (async () => ({ url: null, status: "stopped", console_errors: [], last_logs: [] })),
    },
  };
  const recording = run.record && recordRun(given, { write: run.record, recordedAt: new Date() });
  const started = performance.now();
  const result = await runAgent(recording?.options ?? given);
  const ms = performance.now() - started;
  recording?.finish(result);
  return { result, steps, ms };
}

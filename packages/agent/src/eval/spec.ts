/**
 * Task specs: a message, a project, and what must be true afterwards. With a scripted model they are a regression suite of the loop and its tools; with a
 * real one they measure the model.
 */
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";

const closed = { additionalProperties: false };
/** One answer of a scripted model. */
export const ScriptedTurn = Type.Object(
  {
    text: Type.Optional(Type.String()),
    calls: Type.Optional(
      Type.Array(
        Type.Object(
          { tool: Type.String(), args: Type.Optional(Type.Record(Type.String(), Type.Unknown())), raw: Type.Optional(Type.String()) },
          { ...closed, description: "`raw` is JSON text as a careless model writes it" },
        ),
      ),
    ),
    finish: Type.Optional(Type.Union((["stop", "tool_calls", "length", "content_filter"] as const).map((one) => Type.Literal(one)))),
    /** The provider fails after this output. */
    error: Type.Optional(
      Type.Object({ code: Type.String(), message: Type.Optional(Type.String()), retryable: Type.Optional(Type.Boolean()) }, closed),
    ),
    /** The stream ends within the last call's arguments. */
    breaks_off: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ScriptedTurn = Static<typeof ScriptedTurn>;

const FileCheck = Type.Object(
  {
    equals: Type.Optional(Type.String()),
    contains: Type.Optional(Type.Array(Type.String())),
    lacks: Type.Optional(Type.Array(Type.String())),
    absent: Type.Optional(Type.Boolean()),
  },
  closed,
);

export const TaskSpec = Type.Object(
  {
    title: Type.String(),
    /** Path to text. `\r\n` and the like are kept. */
    files: Type.Record(Type.String(), Type.String()),
    message: Type.String(),
    edit_mode: Type.Optional(Type.Union((["allow", "ask", "plan"] as const).map((one) => Type.Literal(one)))),
    /** Answers to approvals, in order; further calls are allowed. */
    approvals: Type.Optional(
      Type.Array(
        Type.Object(
          {
            decision: Type.Union((["allow_once", "allow_all", "deny", "stop"] as const).map((one) => Type.Literal(one))),
            note: Type.Optional(Type.String()),
          },
          closed,
        ),
      ),
    ),
    limits: Type.Optional(Type.Object({ max_iterations: Type.Optional(Type.Number()), max_tokens: Type.Optional(Type.Number()) }, closed)),
    /** The scripted model's answers, one per model call. */
    turns: Type.Array(ScriptedTurn),
    checks: Type.Object(
      {
        /** How the run ends. Default `no_more_actions`. */
        ends: Type.Optional(Type.String()),
        error_code: Type.Optional(Type.String()),
        answer: Type.Optional(Type.Array(Type.String(), { description: "the final answer contains each" })),
        files: Type.Optional(Type.Record(Type.String(), FileCheck)),
        /** Paths that may change; `[]`: none. Default: any. */
        only: Type.Optional(Type.Array(Type.String())),
        commands: Type.Optional(
          Type.Array(Type.Object({ run: Type.String(), exit: Type.Optional(Type.Number()), prints: Type.Optional(Type.String()) }, closed)),
        ),
        /** Success of each call that was made, in order: for scripted models only. */
        results: Type.Optional(Type.Array(Type.Boolean())),
        /** Texts that tool results must contain: for scripted models only. */
        results_contain: Type.Optional(Type.Array(Type.String())),
        max_steps: Type.Optional(Type.Number()),
        /** Input and output of the whole run. */
        max_tokens: Type.Optional(Type.Number()),
      },
      closed,
    ),
  },
  closed,
);
export type TaskSpec = Static<typeof TaskSpec>;

export class SpecError extends Error {
  override readonly name = "SpecError";
}

/** Throws {@link SpecError} with the invalid field. */
export function readSpec(text: string): TaskSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SpecError(`not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
  }
  if (Value.Check(TaskSpec, value)) return value;
  const [first] = Value.Errors(TaskSpec, value);
  throw new SpecError(`${first?.instancePath || "the spec"} ${first?.message ?? "is wrong"}`);
}

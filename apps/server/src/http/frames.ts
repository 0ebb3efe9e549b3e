import { closedFrame, type TSchema } from "@tesslate/contract";
import type { FrameSocket } from "./sockets.ts";
import { issuesOf, type ValidatorIssue } from "./errors.ts";
import { createValidatorCompiler } from "./schemas.ts";

/** The `data` of an error frame for an invalid frame. */
export interface FrameProblem {
  message: string;
  code: "bad_frame";
  /** The first invalid field. */
  field?: string;
}

export const frameProblem = (message: string, field?: string): FrameProblem => ({
  message,
  code: "bad_frame",
  ...(field !== undefined && { field }),
});

/** Turns the first issue into a frame problem; `loc` starts with the container of the field. */
export function problemOf([issue]: readonly { loc: readonly (string | number)[]; msg: string }[]): FrameProblem {
  const field = issue?.loc.slice(1).join(".") ?? "";
  const sentence = `${(issue?.msg ?? "Invalid frame").replace(/\.$/, "")}.`;
  return field === "" ? frameProblem(sentence) : frameProblem(`${field}: ${sentence}`, field);
}

/** Calls `handle` with each frame of a client, one after the other, until the socket closes or `ended` aborts. */
export async function readFrames(socket: FrameSocket, ended: AbortSignal, handle: (frame: unknown) => unknown): Promise<void> {
  const frames = socket.frames[Symbol.asyncIterator]();
  const over = new Promise<{ done: true; value: undefined }>((resolve) => {
    if (ended.aborted) resolve({ done: true, value: undefined });
    else ended.addEventListener("abort", () => resolve({ done: true, value: undefined }), { once: true });
  });
  for (;;) {
    const next = await Promise.race([frames.next(), over]);
    if (next.done) return;
    await handle(next.value);
  }
}

/** Validates frames from clients: an object whose `type` selects one of the schemas, without fields that it does not name. */
export function createFrameCheck<Name extends string>(schemas: Readonly<Record<Name, TSchema>>) {
  const compile = createValidatorCompiler();
  const names = Object.keys(schemas) as Name[];
  const validators = new Map<unknown, { name: Name; validate: ReturnType<typeof compile> & { errors?: unknown } }>(
    names.map((name) => [
      name,
      { name, validate: compile({ schema: closedFrame(schemas[name]), httpPart: "body", method: "WS", url: "" }) },
    ]),
  );
  return (frame: unknown): { name: Name } | { problem: FrameProblem } => {
    if (typeof frame !== "object" || frame === null || Array.isArray(frame))
      return { problem: frameProblem("A frame must be a JSON object.") };
    const found = validators.get((frame as { type?: unknown }).type);
    if (!found) return { problem: frameProblem(`\`type\` must be one of: ${names.join(", ")}.`, "type") };
    if (found.validate(frame) === true) return { name: found.name };
    return { problem: problemOf(issuesOf((found.validate.errors ?? []) as ValidatorIssue[], found.name)) };
  };
}

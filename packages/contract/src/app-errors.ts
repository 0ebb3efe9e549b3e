import { createProblemFinder, withoutColors } from "./problem-finder.ts";

/** How often an error of the running app is sent to the agent automatically, per message of the person. */
export const maxAutoFixes = 2;

/**
 * Whether a report of the preview means that the app does not work: an uncaught error, or an error logged with its stack. Other lines of the
 * console and failed requests do not.
 */
export const isFailureReport = ({ kind, message = "" }: { kind: string; message?: string | undefined }): boolean =>
  kind === "error"
    ? !message.startsWith("ResizeObserver loop")
    : kind === "console" && /\n\s+at /.test(message) && !message.startsWith("Warning:");

/** An error of a running app. Its texts are written by the app. */
export interface AppError {
  message: string;
  /** `src/App.tsx:12:5`, if known. */
  place?: string | undefined;
  /** The stack, or the last lines of the output. */
  stack?: string | undefined;
  /** The page on which it happened. */
  url?: string | undefined;
  /** The container in whose output it is. */
  container?: string | undefined;
  count?: number;
}

const maxLines = 40;
const maxErrors = 5;
const maxDetails = 9_000;

/** Why a container stopped: the last error in its output, or the reason that the runtime gives. `directory`: the container's, within the project. */
export function crashError({
  container,
  directory,
  reason,
  lastLines,
}: {
  container: string;
  directory: string;
  reason: string;
  lastLines: readonly string[];
}): AppError {
  const finder = createProblemFinder(directory);
  const found = [...lastLines.flatMap((line) => finder.push(line)), ...finder.flush()];
  const cause = found.findLast(({ place }) => place !== undefined) ?? found.at(-1);
  const lines = lastLines.slice(-maxLines).map(withoutColors);
  return { message: cause?.message ?? reason, place: cause?.place, stack: lines.join("\n"), container };
}

/** The first line of an error, shortened. */
export const headline = (message: string): string => {
  const line = message.trim().split("\n")[0] ?? "";
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
};

/** Replaces URLs in a stack trace by project paths, which the agent can open. */
const shortened = (stack: string): string => stack.replace(/https?:\/\/[^/\s]+\//g, "").replace(/\?[\w=&.-]+(?=:\d)/g, "");

/** The message that asks the agent to fix errors, and the `details` that go with it. `note` precedes the details. */
export function fixRequest(errors: readonly AppError[], note?: string): { message: string; details: string } {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const described = errors.slice(0, maxErrors).map(({ message, place, stack, url, container, count = 1 }) => {
    const where = [container && `in the output of ${container}`, place && `at ${place}`, url && `on ${url}`].filter(Boolean).join(", ");
    const times = count > 1 ? `, ${count} times` : "";
    return `- ${message.slice(0, 500)}${where ? ` (${where})` : ""}${times}${stack ? `\n\`\`\`\n${shortened(stack).slice(0, 4000)}\n\`\`\`` : ""}`;
  });
  return {
    message: `Fix the error: ${headline(first?.message ?? "")}${first?.place ? ` at ${first.place}` : ""}${more}`,
    details: [...(note ? [note] : []), ...described].join("\n\n").slice(0, maxDetails),
  };
}

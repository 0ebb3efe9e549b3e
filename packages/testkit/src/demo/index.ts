import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseScript } from "../script-text.ts";
import type { Script } from "../script.ts";

/** In order of precedence. */
const files = ["counter.script", "todos.script", "otherwise.script"];

// The relative path differs between source and server bundle (`apps/server/dist`).
const folder = [import.meta.dirname, join(import.meta.dirname, "../../../packages/testkit/src/demo")].find((candidate) =>
  existsSync(join(candidate, "counter.script")),
);

/**
 * The scripted demo, for a project from the `react-vite` template: a to-do app in three messages, a counter in two,
 * and an honest answer to anything else.
 */
export const demoScript = (): Script => parseScript(files.map((file) => readFileSync(join(folder ?? ".", file), "utf8")).join("\n"));

/** A readable pace: code at about 1300 characters a second. */
export const demoTokenDelayMs = 12;

/** The demo's only model. */
export const demoModel = "scripted";

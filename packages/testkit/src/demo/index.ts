import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseScript } from "../script-text.ts";
import type { Script } from "../script.ts";

/** In the order in which they are tried. */
const files = ["counter.script", "todos.script", "otherwise.script"];

/**
 * The scripted demo, for a project from the `react-vite` template: a to-do app in three messages, a counter in two,
 * and an honest answer to anything else.
 */
export const demoScript = (): Script => parseScript(files.map((file) => readFileSync(join(import.meta.dirname, file), "utf8")).join("\n"));

/** A pace that one can watch: code at about 1300 characters a second. */
export const demoTokenDelayMs = 12;

/** The one model that the demo offers. */
export const demoModel = "scripted-demo";

import { loadWithRetry } from "../../lib/chunks.ts";
import type { CodeToken } from "./code-tokens.ts";

/** `codeTokens`, loaded when it is first needed. Undefined also if loading fails. */
export async function loadCodeTokens(path: string, lines: readonly string[]): Promise<CodeToken[][] | undefined> {
  const loaded = await loadWithRetry(() => import("./code-tokens.ts")).catch(() => undefined);
  return loaded?.codeTokens(path, lines);
}

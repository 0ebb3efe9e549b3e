import type { Page } from "playwright-core";
import { withTimeout } from "../../../platform/with-timeout.ts";

/**
 * Evaluates expressions in an isolated world: the same document, but with built-in objects that the page cannot modify. Rejects on a timeout (the page hangs)
 * or when the expression throws.
 */
export async function isolated(
  page: Page,
  timeoutMs: number,
): Promise<{ evaluate(expression: string, timeoutMs: number): Promise<unknown> }> {
  const session = await withTimeout(timeoutMs, page.context().newCDPSession(page));
  const { frameTree } = await withTimeout(timeoutMs, session.send("Page.getFrameTree"));
  const { executionContextId } = await withTimeout(timeoutMs, session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id }));
  return {
    evaluate: async (expression, ms) => {
      const { result, exceptionDetails } = await withTimeout(
        ms,
        session.send("Runtime.evaluate", { expression, contextId: executionContextId, returnByValue: true, awaitPromise: true }),
      );
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description?.slice(0, 300) ?? exceptionDetails.text);
      return result.value as unknown;
    },
  };
}

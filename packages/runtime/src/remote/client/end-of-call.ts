import type { EventOf, MethodName, Result } from "../methods.ts";
import type { OpenCall } from "./calls.ts";

/**
 * The result of a command for which something is sent. When sending fails the command is aborted, and the reason is thrown; when the command
 * fails, its own error.
 */
export async function endOf<M extends MethodName>(
  call: OpenCall<M>,
  sending: Promise<void>,
  onEvent?: (event: EventOf<M>) => void,
): Promise<Result<M>> {
  let failure: { error: unknown } | undefined;
  let isOver = false;
  sending.catch((error: unknown) => {
    if (isOver) return;
    failure = { error };
    call.abort();
  });
  try {
    for (;;) {
      const part = await call.next();
      if (part.kind === "result") return part.result;
      if (part.kind === "event") onEvent?.(part.event);
    }
  } catch (error) {
    throw failure ? failure.error : error;
  } finally {
    isOver = true;
  }
}

import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { JSONRPCMessageSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Sandbox } from "@tesslate/runtime";

/** Limits per message and per connection. */
const maxLineChars = 4 * 2 ** 20;
const maxTotalChars = 64 * 2 ** 20;
const maxErrorChars = 1_000;

/** Runs a program in the sandbox with the protocol on its standard streams, one message per line. Stops it when it exceeds the limits. */
export function createStdioTransport(
  sandbox: Pick<Sandbox, "exec">,
  { command, env, isReadOnly }: { command: string[]; env: Record<string, string>; isReadOnly: boolean },
): Transport & {
  /** Why the connection has ended; empty before. */
  errorOutput(): string;
} {
  const abort = new AbortController();
  const waiting: string[] = [];
  let wake = () => {};
  let isOver = false;
  let line = "";
  let total = 0;
  let errors = "";

  const input = async function* () {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift() ?? "";
      if (isOver) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const end = () => {
    if (isOver) return;
    isOver = true;
    wake();
    self.onclose?.();
  };
  /** The connection ends at once, however long the program takes to stop: the next call starts it again. */
  const fail = (why: string) => {
    errors = why;
    self.onerror?.(new Error(why));
    abort.abort();
    end();
  };
  const receive = (text: string) => {
    total += text.length;
    if (total > maxTotalChars) return fail("The server sent too much data.");
    const lines = (line + text).split("\n");
    line = lines.pop() ?? "";
    if (line.length > maxLineChars || lines.some((one) => one.length > maxLineChars))
      return fail("The server sent a message that is too large.");
    for (const one of lines) {
      if (abort.signal.aborted) return;
      const message = parseMessage(one);
      if (message) self.onmessage?.(message);
    }
  };

  const self: Transport & { errorOutput(): string } = {
    start: async () => {
      void sandbox
        .exec(command, {
          env,
          input: input(),
          signal: abort.signal,
          readOnly: isReadOnly,
          maxOutputBytes: 4_096,
          onOutput: (text, stream) => {
            if (abort.signal.aborted) return;
            if (stream === "stdout") receive(text);
            else errors = (errors + text).slice(-maxErrorChars);
          },
        })
        .then(
          ({ exitCode }) => {
            if (!abort.signal.aborted && exitCode !== 0) errors = `The server exited with code ${exitCode}. ${errors}`.trim();
          },
          (error: unknown) => {
            errors = error instanceof Error && error.name === "RuntimeError" ? error.message : "The server could not be started.";
          },
        )
        .finally(end);
    },
    send: async (message) => {
      if (isOver || abort.signal.aborted) throw new Error("The server has exited.");
      waiting.push(`${JSON.stringify(message)}\n`);
      wake();
    },
    close: async () => {
      abort.abort();
      end();
    },
    errorOutput: () => (isOver ? errors : ""),
  };
  return self;
}

/** Other output of the program is ignored. */
function parseMessage(line: string): JSONRPCMessage | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSONRPCMessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { JSONRPCMessageSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Sandbox } from "@tesslate/runtime";

/** One message, and everything that one connection may say. */
const maxLineChars = 4 * 2 ** 20;
const maxTotalChars = 64 * 2 ** 20;
const keptErrorChars = 1_000;

/** A program inside the sandbox that speaks the protocol on its standard streams, a message a line. Whoever floods is ended. */
export function createStdioTransport(
  sandbox: Pick<Sandbox, "exec">,
  { command, env, isReadOnly }: { command: string[]; env: Record<string, string>; isReadOnly: boolean },
): Transport & { lastWords(): string } {
  const abort = new AbortController();
  const waiting: string[] = [];
  let ring = () => {};
  let isOver = false;
  let line = "";
  let total = 0;
  let words = "";

  const input = async function* () {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift() ?? "";
      if (isOver) return;
      await new Promise<void>((resolve) => (ring = resolve));
    }
  };
  const quit = (why: string) => {
    words = why;
    self.onerror?.(new Error(why));
    abort.abort();
  };
  const hear = (text: string) => {
    total += text.length;
    if (total > maxTotalChars) return quit("It said too much.");
    const lines = (line + text).split("\n");
    line = lines.pop() ?? "";
    if (line.length > maxLineChars || lines.some((one) => one.length > maxLineChars)) return quit("It sent a message that is too large.");
    for (const one of lines) {
      if (abort.signal.aborted) return;
      const message = parseMessage(one);
      if (message) self.onmessage?.(message);
    }
  };

  const self: Transport & { lastWords(): string } = {
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
            if (stream === "stdout") hear(text);
            else words = (words + text).slice(-keptErrorChars);
          },
        })
        .then(
          ({ exitCode }) => {
            if (!abort.signal.aborted && exitCode !== 0) words = `It ended with exit code ${exitCode}. ${words}`.trim();
          },
          (error: unknown) => {
            words = error instanceof Error && error.name === "RuntimeError" ? error.message : "It could not be started.";
          },
        )
        .finally(() => {
          isOver = true;
          ring();
          self.onclose?.();
        });
    },
    send: async (message) => {
      if (isOver || abort.signal.aborted) throw new Error("The program has ended.");
      waiting.push(`${JSON.stringify(message)}\n`);
      ring();
    },
    close: async () => {
      isOver = true;
      ring();
      abort.abort();
    },
    lastWords: () => words,
  };
  return self;
}

/** Anything else on the line is chatter of the program. */
function parseMessage(line: string): JSONRPCMessage | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSONRPCMessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

import { StringDecoder } from "node:string_decoder";
import type { LiveRedactor } from "./redactions.ts";
import type { Redactor } from "./redactor.ts";

/** Output up to this length (an echoed key) is emitted at once, because no value is this short. */
const echoLength = 8;
const shortestHeld = 4;

/** Redacts a project's secret values in the output of a process. */
export interface OutputFilter {
  push(chunk: Uint8Array | string): void;
  /** Emits what is still held back. */
  end(): void;
}

/**
 * Decodes a byte stream into redacted text, cut at character boundaries, with the current secret values. Text that could be the start of a
 * value is held back for at most `holdMs`, so that the output of a process that stops there is still shown.
 */
export function createOutputFilter({
  redactor,
  emit,
  keepsWidth = false,
  holdMs = 25,
}: {
  redactor: LiveRedactor;
  emit: (text: string) => void;
  /** For terminal screens: masks have the length of the value. */
  keepsWidth?: boolean;
  holdMs?: number;
}): OutputFilter {
  const decoder = new StringDecoder("utf8");
  let mine: Redactor = redactor.current;
  let stream = mine.stream({ keepsWidth });
  let timer: NodeJS.Timeout | undefined;

  const say = (text: string) => {
    if (text !== "") emit(text);
  };
  const letGo = () => {
    clearTimeout(timer);
    timer = undefined;
    const rest = stream.flush();
    say(keepsWidth ? mine.redactScreen(rest) : mine.redact(rest));
  };
  return {
    push(chunk) {
      const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (mine !== redactor.current) {
        letGo();
        mine = redactor.current;
        stream = mine.stream({ keepsWidth });
      }
      say(stream.push(text));
      if (stream.held === 0) clearTimeout(timer);
      if (stream.held === 0) timer = undefined;
      else if (text.length <= echoLength && stream.held < shortestHeld) letGo();
      else timer ??= setTimeout(letGo, holdMs);
    },
    end() {
      say(stream.push(decoder.end()));
      letGo();
    },
  };
}

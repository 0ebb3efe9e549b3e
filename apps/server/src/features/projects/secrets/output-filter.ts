import { StringDecoder } from "node:string_decoder";
import type { LiveRedactor } from "./redactions.ts";
import type { Redactor } from "./redactor.ts";

/** A key's echo: shorter than any value, it does not wait to see whether one follows. */
const echoLength = 8;
const shortestHeld = 4;

/** Hides a project's values in what a program writes. */
export interface OutputFilter {
  push(chunk: Uint8Array | string): void;
  /** Lets out what still waits. */
  end(): void;
}

/**
 * Bytes in, readable pieces out: whole characters only, without the project's values, following changes of them. What could be the beginning of
 * a value waits for its rest, at most `holdMs`: a program that stops in the middle of one is still seen.
 */
export function createOutputFilter({
  redactor,
  emit,
  keepsWidth = false,
  holdMs = 25,
}: {
  redactor: LiveRedactor;
  emit: (text: string) => void;
  /** For screens: masks are as long as what they hide. */
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

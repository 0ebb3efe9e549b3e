/** What a model streams that people see. */
export type StreamedType = "text" | "reasoning";

/** Sends text in order, one `send` at a time; text of the same type that arrives during one is merged into the next. */
export interface TextPump {
  push(type: StreamedType, text: string): void;
  /** Resolves when everything pushed was sent; rejects when a `send` did. */
  flush(): Promise<void>;
}

export function createTextPump(send: Record<StreamedType, (text: string) => Promise<void>>): TextPump {
  const waiting: { type: StreamedType; text: string }[] = [];
  let running: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  const drain = async (): Promise<void> => {
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) await send[next.type](next.text);
    } catch (error) {
      failure = { error };
    } finally {
      running = undefined;
    }
  };
  return {
    push(type, text) {
      if (failure) throw failure.error;
      const last = waiting.at(-1);
      if (last?.type === type) last.text += text;
      else waiting.push({ type, text });
      running ??= drain();
    },
    async flush() {
      while (running) await running;
      if (failure) throw failure.error;
    },
  };
}

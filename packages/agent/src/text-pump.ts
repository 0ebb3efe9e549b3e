/** Sends text in order, one `send` at a time; text that arrives during one is merged into the next. */
export interface TextPump {
  push(text: string): void;
  /** Resolves when everything pushed was sent; rejects when a `send` did. */
  flush(): Promise<void>;
}

export function createTextPump(send: (text: string) => Promise<void>): TextPump {
  let waiting = "";
  let running: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  const drain = async (): Promise<void> => {
    try {
      while (waiting !== "") {
        const text = waiting;
        waiting = "";
        await send(text);
      }
    } catch (error) {
      failure = { error };
    } finally {
      running = undefined;
    }
  };
  return {
    push(text) {
      if (failure) throw failure.error;
      waiting += text;
      running ??= drain();
    },
    async flush() {
      while (running) await running;
      if (failure) throw failure.error;
    },
  };
}

import type { CompletionReason, RunError } from "./events.ts";

/** How a run ends. */
export interface Ending {
  reason: CompletionReason;
  /** The final answer, or a short notice of why there is none. */
  text: string;
  error?: RunError;
}

/** Thrown inside the loop to end the run from any depth; `runAgent` turns it into events. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
  readonly ending: Ending;
  constructor(ending: Ending) {
    super(ending.text);
    this.ending = ending;
  }
}

import type { Message } from "./model-client.ts";

/** What a person said while a run went on, and the model call (by its iteration) that heard it first. */
export interface SteeredText {
  iteration: number;
  text: string;
}

/** The person's own words, in the middle of the work. */
export const steeringTurn = (text: string): Message => ({ role: "user", content: text });

/**
 * Turns of steps, each with its iteration, with what was said between them put back where it was heard:
 * before the step of that iteration, or at the end when that step was never finished.
 */
export function withSteering(groups: readonly { iteration: number; messages: Message[] }[], steered: readonly SteeredText[]): Message[] {
  const left = steered.toSorted((a, b) => a.iteration - b.iteration);
  const heardBefore = (iteration: number): Message[] => {
    const end = left.findIndex((one) => one.iteration > iteration);
    return left.splice(0, end === -1 ? left.length : end).map((one) => steeringTurn(one.text));
  };
  const turns = groups.flatMap(({ iteration, messages }) => [...heardBefore(iteration), ...messages]);
  return [...turns, ...left.map((one) => steeringTurn(one.text))];
}

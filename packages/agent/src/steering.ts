import type { Message } from "./model-client.ts";

/** A steering message, and the iteration of the model call that got it first. */
export interface SteeredText {
  iteration: number;
  text: string;
}

export const steeringTurn = (text: string): Message => ({ role: "user", content: text });

/**
 * Inserts steering messages into the turns of steps: each before the step of its iteration, or at the end when that step was not finished.
 */
export function withSteering(groups: readonly { iteration: number; messages: Message[] }[], steered: readonly SteeredText[]): Message[] {
  const left = steered.toSorted((a, b) => a.iteration - b.iteration);
  const steeringBefore = (iteration: number): Message[] => {
    const end = left.findIndex((one) => one.iteration > iteration);
    return left.splice(0, end === -1 ? left.length : end).map((one) => steeringTurn(one.text));
  };
  const turns = groups.flatMap(({ iteration, messages }) => [...steeringBefore(iteration), ...messages]);
  return [...turns, ...left.map((one) => steeringTurn(one.text))];
}

import type { Template } from "@tesslate/contract";

export interface Example {
  prompt: string;
  /** Name of the template that it belongs to. */
  template: string;
  base_id: string;
}
const count = 6;

/** Six starter prompts: the first of each template, then the second of each, and so on. */
export function examplesOf(templates: readonly Template[]): Example[] {
  const longest = Math.max(0, ...templates.map(({ starter_prompts }) => starter_prompts.length));
  const rounds = Array.from({ length: longest }, (_, round) =>
    templates.flatMap(({ name, slug, starter_prompts }) => {
      const prompt = starter_prompts[round];
      return prompt === undefined ? [] : [{ prompt, template: name, base_id: slug }];
    }),
  );
  return rounds.flat().slice(0, count);
}

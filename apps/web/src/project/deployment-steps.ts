/** Steps as a person counts them; the server's finer ones lie within. */
export const shownSteps = ["prepare", "build", "gate", "upload", "live"] as const;
export type ShownStep = (typeof shownSteps)[number];

const shownStepOf: Record<string, ShownStep> = {
  prepare: "prepare",
  install: "build",
  build: "build",
  collect: "build",
  smoke: "gate",
  start: "gate",
  gate: "gate",
  check: "gate",
  upload: "upload",
  provider: "live",
  publish: "live",
};
/** Which of the shown steps the server means by a word of its own; undefined for words that are none. */
export const shownStep = (word: string | undefined): ShownStep | undefined => (word ? shownStepOf[word.trim().toLowerCase()] : undefined);

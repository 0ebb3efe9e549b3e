const maxWarnings = 20;
/** Bundlers begin a warning with "(!)" or "⚠", package managers with their name, linters with the place in the file. */
const warning = /^(?:\(!\)|⚠|\[?(?:(?:npm|pnpm|yarn|bun)\s+)?warn(?:ing)?\b|\d+:\d+\s+warning\b)/i;
// oxlint-disable-next-line no-control-regex -- colors of a terminal
const colors = /\u001b\[[0-9;]*m/g;

/** The lines of a build log that are warnings, each once. */
export const warningsIn = (output: string): string[] =>
  [
    ...new Set(
      output
        .replace(colors, "")
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => warning.test(line)),
    ),
  ].slice(0, maxWarnings);

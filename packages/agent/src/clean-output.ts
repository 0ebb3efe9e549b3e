import { stripVTControlCharacters } from "node:util";

/** Terminal output as text: no colour codes, and of lines redrawn with carriage returns only the last state. */
export function cleanOutput(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r+\n/g, "\n")
    .split("\n")
    .map((line) => (line.includes("\r") ? (line.split("\r").findLast((part) => part !== "") ?? "") : line))
    .join("\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "");
}

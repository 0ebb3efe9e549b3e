/** Notes of the agent and the person for later chats, in a file of the project. */
export const memoryPath = ".tesslate/memory.md";
/** Larger files are truncated in the prompt and not extended. */
export const maxMemoryBytes = 16 * 1024;

const heading = "# Memory\n";

/** The file with one more note, or undefined when it contains the note. */
export function withNote(text: string, note: string): string | undefined {
  const line = `- ${note.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()}`;
  if (text.split("\n").some((one) => one.trim() === line)) return undefined;
  if (text.trim() === "") return `${heading}\n${line}\n`;
  return `${text.replace(/\n*$/, "\n")}${line}\n`;
}

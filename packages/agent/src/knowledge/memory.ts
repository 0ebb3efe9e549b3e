/** What the agent and the person keep about a project for later chats; a file of the project like any other. */
export const memoryPath = ".tesslate/memory.md";
/** Larger ones are cut in the prompt, and not added to. */
export const maxMemoryBytes = 16 * 1024;

const heading = "# Memory\n";

/** The file with one more note, or `undefined` when it says that already. */
export function withNote(text: string, note: string): string | undefined {
  const line = `- ${note.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()}`;
  if (text.split("\n").some((one) => one.trim() === line)) return undefined;
  if (text.trim() === "") return `${heading}\n${line}\n`;
  return `${text.replace(/\n*$/, "\n")}${line}\n`;
}

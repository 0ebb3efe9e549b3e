const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeHtml = (text: unknown): string => String(text).replace(/[&<>"]/g, (char) => escapes[char] ?? char);

/** Words of the document with their code and their emphasis, the only Markdown in them. */
export const wordsToHtml = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>");

/** Headings of the second level, and paragraphs: every line is one. */
export const paragraphsToHtml = (markdown: string): string =>
  markdown
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => (line.startsWith("## ") ? `<h2>${wordsToHtml(line.slice(3))}</h2>` : `<p>${wordsToHtml(line)}</p>`))
    .join("\n");

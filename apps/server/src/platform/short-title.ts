/** The first line of a text without Markdown marks at its start, truncated at a word. Has at most `maxLength` characters; empty if the text is. */
export function shortTitle(text: string, maxLength: number): string {
  const line =
    text
      .trim()
      .split("\n")[0]
      ?.replace(/\s+/g, " ")
      .replace(/^[#>*\s-]+/, "")
      .trim() ?? "";
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  const word = cut.lastIndexOf(" ");
  return `${(word > maxLength / 2 ? cut.slice(0, word) : cut).replace(/[\s.,;:]+$/, "")}…`;
}

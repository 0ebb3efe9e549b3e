const maxTitle = 60;

/** A session's title from its first message: its first line, cut at a word. */
export function titleFrom(message: string): string {
  const line =
    message
      .trim()
      .split("\n")[0]
      ?.replace(/\s+/g, " ")
      .replace(/^[#>*\s-]+/, "")
      .trim() ?? "";
  if (line.length <= maxTitle) return line || "New chat";
  const cut = line.slice(0, maxTitle);
  const word = cut.lastIndexOf(" ");
  return `${(word > maxTitle / 2 ? cut.slice(0, word) : cut).replace(/[\s.,;:]+$/, "")}…`;
}

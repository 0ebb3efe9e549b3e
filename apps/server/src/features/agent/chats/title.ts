const maxTitle = 60;

const unmarked = (text: string): string => text.replace(/^[\s"'“„«*_`#]+|[\s"'”“»*_`.]+$/g, "");

/** What a model said when it was asked for a name: its first line without the marks around it. `undefined`: nothing that could be one. */
export function titleOf(said: string): string | undefined {
  const line =
    said
      .split("\n")
      .map((text) => text.trim())
      .find((text) => text !== "") ?? "";
  const bare = unmarked(unmarked(line).replace(/^(?:title|name)\s*:\s*/i, ""));
  return /\p{L}|\p{N}/u.test(bare) ? titleFrom(bare) : undefined;
}

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

const longest = 48;
const opener =
  /^(?:please\s+|can you\s+|could you\s+|i(?:'d| would)? (?:want|need|like)(?: you)?(?: to)?\s+|let'?s\s+)*(?:(?:build|make|create|write|develop|design|generate|code|set up|start)\s+(?:me\s+|us\s+)?)?(?:an?\s+|the\s+|my\s+|some\s+)?/i;

/** A project's first name, from what was asked: the first clause without "build me a", at most 48 characters, whole words. */
export function projectNameOf(prompt: string): string {
  const line = prompt.trim().split(/\n/)[0]?.trim() ?? "";
  const bare = line.replace(opener, "") || line;
  const clause = bare.split(/[.!?:;,](?:\s|$)|\s+(?:that|which|who|where|with|using|so that|for people|and then)\s+/i)[0]?.trim() || bare;
  let name = clause.replace(/\s+/g, " ").replace(/^["'“‘`]+|["'”’`.,;:!?]+$/g, "");
  if ([...name].length > longest) {
    const cut = [...name].slice(0, longest + 1).join("");
    name = cut.includes(" ") ? cut.slice(0, cut.lastIndexOf(" ")) : [...cut].slice(0, longest).join("");
  }
  const [first = "", ...rest] = [...name];
  return (first.toLocaleUpperCase() + rest.join("")).trim() || "New project";
}

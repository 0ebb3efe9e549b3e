/** A command like `/plan`. */
export interface SlashCommand {
  name: string;
  hint: string;
  run: () => void;
}

/** The commands that match the draft; undefined if the draft is a message. */
export function matchingCommands(draft: string, commands: readonly SlashCommand[]): SlashCommand[] | undefined {
  const typed = /^\/([a-z]*)$/i.exec(draft)?.[1]?.toLowerCase();
  if (typed === undefined) return undefined;
  const found = commands.filter((command) => command.name.startsWith(typed));
  return found.length > 0 ? found : undefined;
}

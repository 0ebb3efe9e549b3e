import type { Tree } from "@tesslate/runtime";
import { fromGuide, guessService, readText } from "./detect-services.ts";

/**
 * A container's start command: from its folder's TESSLATE.md, otherwise its stored command, otherwise detected from its files. Null when
 * unknown.
 */
export async function startCommandOf(
  tree: Tree,
  { directory, start_command }: { directory: string; start_command: string[] | null },
): Promise<string[] | null> {
  const made = start_command?.length ? start_command : null;
  const { line, command } = fromGuide((await readText(tree, directory, "TESSLATE.md")) ?? "");
  // Prefer the stored argv when it is the same command.
  if (command && line !== made?.join(" ")) return command;
  return made ?? (await guessService(tree, directory)).command;
}

/** Whether a container is started only once the containers it is connected to run: unless its TESSLATE.md says "Waits for connections: no". */
export const waitsForSources = async (tree: Tree, directory: string): Promise<boolean> =>
  fromGuide((await readText(tree, directory, "TESSLATE.md")) ?? "").waitsForSources;

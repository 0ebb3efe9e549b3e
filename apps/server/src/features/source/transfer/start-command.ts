import type { Tree } from "@tesslate/runtime";
import { fromGuide, guessService, readText } from "./detect-services.ts";

/**
 * What a container is started with (accounts-projects 4.2): its folder's TESSLATE.md, else what it was made with, else what its files look
 * like by now. Null when none of them says anything.
 */
export async function startCommandOf(
  tree: Tree,
  { directory, start_command }: { directory: string; start_command: string[] | null },
): Promise<string[] | null> {
  const made = start_command?.length ? start_command : null;
  const { line, command } = fromGuide((await readText(tree, directory, "TESSLATE.md")) ?? "");
  // The same without a shell around it is the same.
  if (command && line !== made?.join(" ")) return command;
  return made ?? (await guessService(tree, directory)).command;
}

import { countSources, repoMap, worthMapping } from "@tesslate/agent";
import type { RunToolSource } from "./tool-sources.ts";

/** Lends `repo_map` to runs over projects that are large enough for it; the map itself is built when the agent asks. */
export const lendRepoMap: RunToolSource = async ({ workspace }) => ({
  tools: (await countSources(workspace.files, ".")) >= worthMapping ? [repoMap] : [],
});

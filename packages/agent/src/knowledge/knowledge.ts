import { builtinSubagents, listSubagents, type LibrarySubagent } from "../subagents/definitions.ts";
import { failureMessage } from "../tool.ts";
import { truncateMiddle } from "../truncate.ts";
import type { Workspace } from "../workspace.ts";
import { maxMemoryBytes, memoryPath } from "./memory.ts";
import { listSkills } from "./skills.ts";

/** What a run loaded from the project. Sizes in characters; `is_cut`: only its beginning and end. */
export interface LoadedContext {
  rules: { path: string; chars: number; is_cut: boolean }[];
  memory: { path: string; chars: number; is_cut: boolean } | null;
  /** `path` null: built in. */
  skills: { name: string; description: string; path: string | null }[];
  subagents: { name: string; description: string; path: string | null }[];
}

/** Rule files of a project, in order of precedence. */
export const ruleNames = ["AGENTS.md", "TESSLATE.md"] as const;
const maxRuleChars = 8_000;
const maxRuleBytes = 1024 * 1024;

/** Rules, memory, skills and sub-agents of a project. */
export interface Knowledge {
  rules: { path: string; name: string; text: string }[];
  memory: string | null;
  loaded: LoadedContext;
}

/** Never rejects. `root` is the scoped container's directory, whose rules precede the project's. */
export async function readKnowledge(workspace: Workspace, root: string, library: readonly LibrarySubagent[] = []): Promise<Knowledge> {
  const [rules, memory, skills, subagents] = await Promise.all([
    readRules(workspace, root),
    readText(workspace, memoryPath),
    listSkills(workspace),
    listSubagents(workspace, library),
  ]);
  const cut = memory === undefined ? undefined : truncateMiddle(memory, maxMemoryBytes);
  return {
    rules: rules.map(({ path, name, text }) => ({ path, name, text: truncateMiddle(text, maxRuleChars) })),
    memory: cut ?? null,
    loaded: {
      rules: rules.map(({ path, text }) => ({ path, chars: text.length, is_cut: text.length > maxRuleChars })),
      memory: memory === undefined ? null : { path: memoryPath, chars: memory.length, is_cut: cut !== memory },
      skills: skills.map(({ name, description, path }) => ({ name, description, path })),
      subagents: subagents.map(({ name, description, path }) => ({ name, description, path })),
    },
  };
}

/** The sections of the context block. Lists of skills and sub-agents are included only when the run has the tool for them. */
export function knowledgeSections(knowledge: Knowledge, has: (tool: string) => boolean): string[] {
  const { skills, subagents } = knowledge.loaded;
  const builtinNames = new Set(builtinSubagents.map((one) => one.name));
  const own = subagents.filter((one) => one.path !== null || !builtinNames.has(one.name));
  return [
    ...knowledge.rules.map(({ name, text }) => `Conventions of this project, from its ${name}:\n${text}`),
    knowledge.memory === null ? "" : `What was kept about this project in earlier chats (${memoryPath}):\n${knowledge.memory}`,
    has("load_skill") && skills.length > 0 ? `Skills (load_skill, before you do such work):\n${skills.map(listed).join("\n")}` : "",
    has("invoke_subagent") && own.length > 0 ? `Further sub-agents:\n${own.map(listed).join("\n")}` : "",
  ].filter((section) => section !== "");
}

const listed = ({ name, description }: { name: string; description: string }): string => `- ${name}: ${description}`;

async function readRules(workspace: Workspace, root: string): Promise<{ path: string; name: string; text: string }[]> {
  const folders = root === "." ? [""] : [`${root}/`, ""];
  const found: { path: string; name: string; text: string }[] = [];
  for (const name of ruleNames) {
    for (const folder of folders) {
      const path = `${folder}${name}`;
      const text = await readText(workspace, path);
      if (text === undefined) continue;
      found.push({ path, name, text });
      break;
    }
  }
  return found;
}

/** Undefined for a missing file; an unreadable one is mentioned. */
async function readText(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    const entry = await workspace.files.stat(path);
    if (!entry || entry.isDirectory) return undefined;
    const { data } = await workspace.files.read(path, { maxBytes: maxRuleBytes });
    return new TextDecoder().decode(data).trim() || undefined;
  } catch (error) {
    return `(could not be read: ${failureMessage(error)})`;
  }
}

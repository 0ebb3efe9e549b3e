import { listSkills, listSubagents, maxMemoryBytes, memoryPath, ruleNames } from "@tesslate/agent";
import { maxFileBytes, type AgentContext, type RouteInput, type agentContextRoutes } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import { invalid } from "../../../platform/errors.ts";
import type { Files } from "../../projects/files/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

export interface AgentContextOptions {
  projects: { require(userId: string, ref: string): Promise<ProjectRow>; sandboxOf(project: ProjectRow): Promise<Sandbox> };
  files: Pick<Files, "write">;
}
type Change = RouteInput<typeof agentContextRoutes.put>["body"];

export type AgentContexts = ReturnType<typeof createAgentContexts>;
/** Rules, memory, skills and sub-agents of a project for its owner to read and edit. Stored in the project's files. */
export function createAgentContexts({ projects, files }: AgentContextOptions) {
  const read = async (sandbox: Sandbox): Promise<AgentContext> => {
    const [rules, memory, skills, subagents] = await Promise.all([
      readFirst(sandbox, ruleNames),
      readFirst(sandbox, [memoryPath]),
      listSkills(sandbox),
      listSubagents(sandbox),
    ]);
    return {
      rules,
      memory,
      skills,
      subagents: subagents.map(({ name, description, path, tools, model }) => ({ name, description, path, tools, model })),
    };
  };

  return {
    /** Throws 404. */
    get: async (userId: string, ref: string): Promise<AgentContext> => read(await projects.sandboxOf(await projects.require(userId, ref))),
    /** Writes what is given, the rules first. Throws 404, `etag_mismatch` and `precondition_failed` when the file has changed. */
    put: async (userId: string, ref: string, { rules, memory }: Change): Promise<AgentContext> => {
      const project = await projects.require(userId, ref);
      const sandbox = await projects.sandboxOf(project);
      if (memory && Buffer.byteLength(memory.content) > maxMemoryBytes)
        throw invalid(["body", "memory", "content"], `The memory can have at most ${maxMemoryBytes} bytes`, "too_long");
      const write = async (names: readonly string[], change: Change["rules"]) => {
        if (!change) return;
        const { path } = await readFirst(sandbox, names);
        const when = change.etag === null ? { ifNoneMatch: "*" as const } : { ifMatch: change.etag };
        await files.write(userId, project.id, path, { content: change.content }, when);
      };
      await write(ruleNames, rules);
      await write([memoryPath], memory);
      return read(sandbox);
    },
  };
}

/** The first file that exists; else an empty one with the first path. */
async function readFirst({ files }: Sandbox, names: readonly string[]): Promise<AgentContext["rules"]> {
  for (const path of names) {
    const entry = await files.stat(path).catch(() => undefined);
    if (!entry || entry.isDirectory) continue;
    const { data, entry: now } = await files.read(path, { maxBytes: maxFileBytes });
    return { path, content: new TextDecoder().decode(data), etag: now.etag };
  }
  return { path: names[0] ?? "", content: "", etag: null };
}

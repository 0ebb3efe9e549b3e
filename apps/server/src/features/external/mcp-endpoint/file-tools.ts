import { ProjectRef, Type, type File, type SearchEvent, type SearchMatch, type SearchQuery, type TreeEntry } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import { platformTool, type PlatformTool } from "./platform-tool.ts";

export interface FileToolsOptions {
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  files: {
    tree(userId: string, ref: string): Promise<{ entries: TreeEntry[] }>;
    read(userId: string, ref: string, path: string): Promise<File>;
    write(
      userId: string,
      ref: string,
      path: string,
      body: { content: string },
      when: { ifMatch?: string },
    ): Promise<{ file: File; created: boolean }>;
  };
  search(userId: string, ref: string, query: SearchQuery, signal: AbortSignal): Promise<AsyncIterable<SearchEvent>>;
  redactions: Pick<Redactions, "of">;
}

const project_id = ProjectRef;
const path = Type.String({ minLength: 1, maxLength: 1024, description: "Relative to the project's root" });
const maxEntries = 2_000;
const maxChars = 100_000;
const maxMatches = 100;

/** MCP tools for files. The reader is usually a model, so secrets are shown as `[secret:NAME]`, and restored when such a text is written. */
export const fileTools = ({ projects, files, search, redactions }: FileToolsOptions): PlatformTool[] => [
  platformTool({
    name: "list_files",
    title: "List files",
    description: "Lists the files and folders of a project (folders end in /), without dependencies and build output.",
    scope: "read",
    isReadOnly: true,
    parameters: Type.Object({ project_id, under: Type.Optional(Type.String({ maxLength: 1024, description: "A folder" })) }),
    run: async ({ user }, { project_id: ref, under = "" }) => {
      const folder = under.replace(/^\.?\/+|^\.$|\/+$/g, "");
      const { entries } = await files.tree(user.id, ref);
      const wanted = entries.filter((entry) => folder === "" || entry.path.startsWith(`${folder}/`));
      return {
        files: wanted.slice(0, maxEntries).map(({ path: at, size }) => ({ path: at, size })),
        total: wanted.length,
        is_complete: wanted.length <= maxEntries,
      };
    },
  }),
  platformTool({
    name: "read_file",
    title: "Read a file",
    description: "Reads a text file, or a range of its lines.",
    scope: "read",
    isReadOnly: true,
    parameters: Type.Object({
      project_id,
      path,
      first_line: Type.Optional(Type.Integer({ minimum: 1 })),
      lines: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
    run: async ({ user }, { project_id: ref, path: at, first_line = 1, lines }) => {
      const file = await files.read(user.id, ref, at);
      if (file.content === null || file.is_binary) throw badRequest("This file is not a text file.");
      const all = (await redactions.of(file.project_id)).redact(file.content).split("\n");
      const text = all.slice(first_line - 1, lines === undefined ? undefined : first_line - 1 + lines).join("\n");
      return {
        path: file.path,
        content: text.slice(0, maxChars),
        etag: file.etag,
        total_lines: all.length,
        is_cut: text.length > maxChars,
      };
    },
  }),
  platformTool({
    name: "write_file",
    title: "Write a file",
    description: "Writes a whole text file. With the etag from read_file, the write fails if the file has changed since.",
    scope: "write",
    isReadOnly: false,
    isDestructive: true,
    parameters: Type.Object({ project_id, path, content: Type.String(), etag: Type.Optional(Type.String({ maxLength: 200 })) }),
    run: async ({ user }, { project_id: ref, path: at, content, etag }) => {
      const project = await projects.require(user.id, ref);
      const hidden = await redactions.of(project.id);
      const original = content.includes("[secret:") ? await files.read(user.id, project.id, at).catch(() => undefined) : undefined;
      const text = hidden.isEmpty ? content : hidden.restore(content, original?.content ?? "");
      const { file, created } = await files.write(user.id, project.id, at, { content: text }, etag === undefined ? {} : { ifMatch: etag });
      return { path: file.path, size: file.size, etag: file.etag, created };
    },
  }),
  platformTool({
    name: "search_files",
    title: "Search in files",
    description: "Finds lines in the project's files that contain a text or match a regular expression.",
    scope: "read",
    isReadOnly: true,
    parameters: Type.Object({
      project_id,
      query: Type.String({ minLength: 1, maxLength: 1000, pattern: "^[^\\n\\r\\u0000]+$" }),
      is_regex: Type.Optional(Type.Boolean()),
      glob: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated globs, such as src/**, *.css" })),
    }),
    run: async ({ user, signal }, { project_id: ref, query, is_regex, glob }) => {
      const project = await projects.require(user.id, ref);
      const { redact } = await redactions.of(project.id);
      const enough = new AbortController();
      const matches: Pick<SearchMatch, "path" | "line" | "text">[] = [];
      let isComplete = false;
      const found = await search(
        user.id,
        project.id,
        { q: query, regex: is_regex === true, ...(glob !== undefined && { glob }) },
        AbortSignal.any([signal, enough.signal]),
      );
      for await (const event of found) {
        if (event.type === "done") isComplete = event.data.is_complete;
        else matches.push({ path: event.data.path, line: event.data.line, text: redact(event.data.text) });
        if (matches.length === maxMatches) break;
      }
      enough.abort();
      return { matches, is_complete: isComplete };
    },
  }),
];

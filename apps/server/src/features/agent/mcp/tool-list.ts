import { createHash } from "node:crypto";
import { ToolSchema, type CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { ToolImage } from "@tesslate/agent";
import type { McpToolInfo } from "../../../db/schema/agent/mcp.ts";
import { sanitizeSchema } from "./tool-schema.ts";

const maxDescription = 1_000;
const maxNameLength = 64;
export const maxToolsPerServer = 40;
const maxResultChars = 20_000;

/** A server's valid tools. */
export interface McpToolList {
  tools: McpToolInfo[];
  /** Names the tools that were skipped as invalid. */
  problem: string | null;
}

/** At most `maxToolsPerServer`, each name once. */
export function readToolList(given: readonly unknown[]): McpToolList {
  const byName = new Map<string, McpToolInfo>();
  const leftOut: string[] = [];
  for (const one of given) {
    const { data: tool } = ToolSchema.safeParse(one);
    if (!tool) {
      leftOut.push(nameOf(one));
      continue;
    }
    if (byName.size === maxToolsPerServer) break;
    if (tool.name === "" || tool.name.length > 200 || byName.has(tool.name)) continue;
    byName.set(tool.name, {
      name: tool.name,
      title: (tool.title ?? tool.annotations?.title ?? null)?.slice(0, 100) ?? null,
      description: oneLine(tool.description ?? "").slice(0, maxDescription),
      is_read_only: tool.annotations?.readOnlyHint === true,
      schema: sanitizeSchema(tool.inputSchema),
    });
  }
  const names = [...new Set(leftOut)].slice(0, 5).join(", ");
  return {
    tools: [...byName.values()],
    problem: leftOut.length === 0 ? null : `Skipped invalid tools: ${names}.`,
  };
}
const nameOf = (tool: unknown): string =>
  typeof tool === "object" && tool !== null && "name" in tool && typeof tool.name === "string" && tool.name !== ""
    ? oneLine(tool.name).slice(0, 60)
    : "(unnamed)";
/** Control characters could hide text from the reader. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();

/** `mcp__{server}__{tool}`, limited to what all providers accept as a function name. */
export function mcpToolName(slug: string, tool: string): string {
  const name = `mcp__${slug}__${tool.replace(/[^A-Za-z0-9_-]/g, "_")}`;
  if (name.length <= maxNameLength && /^[A-Za-z0-9_-]+$/.test(tool)) return name;
  const mark = createHash("sha256").update(tool).digest("hex").slice(0, 6);
  return `${name.slice(0, maxNameLength - mark.length - 1)}_${mark}`;
}

/** A tool's result as text of limited length, and its images. Images are numbered in the text, audio is only named. */
export function readResult({ content, structuredContent }: CallToolResult, toolName: string): { text: string; images: ToolImage[] } {
  const images: ToolImage[] = [];
  const addImage = (base64: string): string => {
    const name = `image ${images.length + 1} of ${toolName}`;
    images.push({ name, data: Buffer.from(base64, "base64") });
    return `[${name}]`;
  };
  const parts = content.map((block) => {
    switch (block.type) {
      case "text":
        return block.text;
      case "image":
        return addImage(block.data);
      case "audio":
        return `[audio ${block.mimeType.slice(0, 50)}, ${Math.round((block.data.length * 3) / 4 / 1024)} kB, not shown]`;
      case "resource_link":
        return `[resource ${block.uri.slice(0, 500)}]`;
      case "resource":
        if ("text" in block.resource) return block.resource.text;
        return block.resource.mimeType?.startsWith("image/")
          ? addImage(block.resource.blob)
          : `[resource ${block.resource.uri.slice(0, 500)}, not shown]`;
      default:
        return "[unsupported content]";
    }
  });
  return { text: bounded(parts.length > 0 ? parts.join("\n") : structuredContent ? JSON.stringify(structuredContent) : ""), images };
}

function bounded(text: string): string {
  if (text.length <= maxResultChars) return text;
  const half = maxResultChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - maxResultChars} characters left out …]\n${text.slice(-half)}`;
}

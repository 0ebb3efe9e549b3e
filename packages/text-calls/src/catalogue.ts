import type { CallableTool } from "./tool.ts";

/** The prompt section that describes tools to models without function calling. */
export function textRules(tools: readonly CallableTool[], isReAct: boolean): string {
  const reasoning = isReAct
    ? 'Begin every reply with a line "THOUGHT:" that says in one to three sentences what you know, what is missing and what you do next. Then act.'
    : 'You may begin a reply with a line "THOUGHT:" and your reasoning in a sentence or two.';
  return `# Tools
You act only by tools. To call one, write a JSON object in your reply, exactly like this:

\`\`\`json
{"tool_name": "read_file", "parameters": {"file_path": "src/App.tsx"}}
\`\`\`

Rules:
- ${reasoning}
- Code that you only show changes nothing: every file is written by a call.
- The JSON must be valid: double quotes, \\n for line breaks inside strings, \\" for quotes inside strings, no comments, no trailing commas.
- Several independent calls: a JSON array of such objects. Large files: one call per reply.
- After the calls stop writing. The results come in the next message, which begins with "[tool results]"; never write results yourself.
- When everything is done and checked, answer in a few sentences and end with TASK_COMPLETE on its own line. A question is answered without calls, ending the same way.

The tools (* = required):
${tools.map(lineOf).join("\n")}`;
}

function lineOf(tool: CallableTool): string {
  return `- ${tool.name}(${signature(tool.parameters)}): ${tool.description}`;
}

function signature(schema: Record<string, unknown>): string {
  const properties = (schema.properties ?? {}) as Record<string, Record<string, unknown>>;
  const required = new Set((schema.required ?? []) as string[]);
  return Object.entries(properties)
    .map(([name, property]) => {
      const hint = typeof property.description === "string" ? ` "${property.description}"` : "";
      return `${name}${required.has(name) ? "*" : ""}: ${typeOf(property)}${hint}`;
    })
    .join(", ");
}

function typeOf(schema: Record<string, unknown>, depth = 0): string {
  const options = (schema.enum ?? (schema.anyOf as { const?: unknown }[] | undefined)?.map((one) => one.const)) as unknown[] | undefined;
  if (options && options.length > 0 && options.every((option) => typeof option === "string"))
    return options.map((option) => JSON.stringify(option)).join("|");
  if (schema.type === "array") return `[${typeOf((schema.items ?? {}) as Record<string, unknown>, depth + 1)}]`;
  if (schema.type === "object" && depth < 3 && schema.properties) return `{${signature(schema)}}`;
  return typeof schema.type === "string" ? schema.type : "any";
}

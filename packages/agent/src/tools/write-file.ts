import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import { unifiedDiff } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { findText } from "./text-file.ts";

export const writeFile = defineTool({
  name: "write_file",
  category: "file_operations",
  description: "Create a file, or replace a whole file. To change part of a file use patch_file.",
  parameters: Type.Object({ file_path: Type.String(), content: Type.String() }),
  gate: mutates,
  async run({ file_path, content }, context) {
    const path = resolveWritablePath(context.root, file_path);
    const { exists, file } = await findText(context, path);
    const lines = content === "" ? [] : content.replace(/\n$/, "").split("\n");
    const fields = {
      file_path,
      preview: lines.length <= 10 ? lines.join("\n") : [...lines.slice(0, 5), "…", ...lines.slice(-5)].join("\n"),
      details: { size_bytes: Buffer.byteLength(content), line_count: lines.length },
    };
    if (file?.text === content) return done(`${file_path} already has this content; nothing changed.`, fields);
    const { entry } = await context.workspace.files.write(path, content);
    const before = exists ? file?.text : "";
    const diff = before === undefined ? undefined : unifiedDiff(path, before, content, { isNew: !exists });
    await context.fileChanged({ path, op: exists ? "update" : "add", ...(diff === undefined ? {} : { diff }), size: entry.size });
    return done(`${exists ? "Replaced" : "Created"} ${file_path} (${lines.length} lines).`, fields);
  },
});

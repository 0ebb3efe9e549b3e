import { Type } from "typebox";
import { imageTypeOf } from "../images.ts";
import { isLongLine, readMessage, shownLine } from "../read-result.ts";
import { sawLines } from "../seen-files.ts";
import { defineTool, done, failed, ToolFailure } from "../tool.ts";
import { resolvePath, shownPath } from "../workspace-path.ts";
import { reads } from "./gates.ts";

const maxBytes = 20 * 1024 * 1024;

export const readFile = defineTool({
  name: "read_file",
  category: "file_operations",
  description:
    "Read a text file, or look at an image (PNG, JPEG, WebP, GIF). Long files come in pages: the answer says which offset continues.",
  parameters: Type.Object({
    file_path: Type.String(),
    offset: Type.Optional(Type.Integer({ minimum: 1, description: "First line, 1-based" })),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  gate: reads,
  async run({ file_path, offset = 1, limit }, context) {
    const path = resolvePath(context.root, file_path);
    const entry = await context.workspace.files.stat(path);
    if (!entry) return failed(`${file_path} does not exist.`, { file_path, exists: false, suggestion: "Use glob or list_dir to find it." });
    if (entry.isDirectory) throw new ToolFailure(`${file_path} is a folder.`, { suggestion: "Use list_dir." });
    const { data, entry: read } = await context.workspace.files.read(path, { maxBytes });
    const imageType = context.images && imageTypeOf(data);
    if (imageType) {
      const message = `${file_path} is an image (${imageType.slice("image/".length).toUpperCase()}, ${data.length} bytes).`;
      return done(message, { file_path, images: [{ name: shownPath(context.root, path), data }] });
    }
    if (data.subarray(0, 8_192).includes(0))
      return failed(`${file_path} is a binary file of ${data.length} bytes.`, { file_path, details: { size_bytes: data.length } });
    const lines = new TextDecoder().decode(data).split("\n");
    if (lines[lines.length - 1] === "") lines.pop();
    const details = { size_bytes: data.length, lines: lines.length };
    sawLines(context, path, read.etag, { shown: [], all: lines });
    if (lines.length === 0) return done(`${file_path} is empty.`, { file_path, content: "", details });
    if (offset > lines.length) throw new ToolFailure(`${file_path} has only ${lines.length} lines.`, { details });
    const page: string[] = [];
    let used = 0;
    const most = Math.min(limit ?? Infinity, context.textLimits.lines);
    for (const line of lines.slice(offset - 1, offset - 1 + most)) {
      const shown = shownLine(line);
      if (page.length > 0 && used + shown.length + 1 > context.textLimits.chars) break;
      page.push(shown);
      used += shown.length + 1;
    }
    const last = offset + page.length - 1;
    sawLines(context, path, read.etag, { shown: lines.slice(offset - 1, last).filter((line) => !isLongLine(line)), all: lines });
    const message = readMessage(file_path, { first: offset, last, total: lines.length });
    return done(message, { file_path, content: page.join("\n"), details });
  },
});

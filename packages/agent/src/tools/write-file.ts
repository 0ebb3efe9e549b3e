import { Type } from "typebox";
import { hasNewElision } from "../patch/quotation.ts";
import { changedSince, refuseUnread, sawText } from "../seen-files.ts";
import { defineTool, done, ToolFailure, workspaceCode } from "../tool.ts";
import { describeChange, noChange, shownChange } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { findText } from "./text-file.ts";

export const writeFile = defineTool({
  name: "write_file",
  category: "file_operations",
  description: "Create a file, or replace a whole file that you have read. To change a part, edit it instead.",
  parameters: Type.Object({ file_path: Type.String(), content: Type.String() }),
  gate: mutates,
  async run({ file_path, content }, context) {
    const path = resolveWritablePath(context.root, file_path);
    const found = await findText(context, path);
    const { exists, file } = found;
    const lines = content === "" ? [] : content.replace(/\n$/, "").split("\n");
    const fields = {
      file_path,
      preview: lines.length <= 10 ? lines.join("\n") : [...lines.slice(0, 5), "…", ...lines.slice(-5)].join("\n"),
      details: { size_bytes: Buffer.byteLength(content), line_count: lines.length },
    };
    if (file?.text === content) {
      sawText(context, path, file.etag);
      return done(`${file_path} already has this content; nothing changed.`, { ...fields, ...noChange });
    }
    // An empty file has no content to lose.
    if (found.exists && file?.text !== "") refuseUnread(context, path, found.etag, file?.text);
    if (file && lines.length < file.text.split("\n").length && hasNewElision(file.text, content)) {
      const suggestion = "Edit a part of the file, or write all of it.";
      throw new ToolFailure(`content has a line like "..." that stands for code left out, which would be lost. Nothing was changed.`, {
        file_path,
        suggestion,
      });
    }
    const { entry } = await context.workspace.files
      .write(path, content, found.exists ? { ifMatch: found.etag } : { ifNoneMatch: "*" })
      .catch((error: unknown) => {
        // Another writer changed it since the check.
        throw ["etag_mismatch", "exists"].includes(workspaceCode(error) ?? "") ? changedSince(context, path) : error;
      });
    sawText(context, path, entry.etag);
    const before = exists ? file?.text : "";
    const change = before === undefined ? undefined : describeChange(path, before, content, { isNew: !exists });
    await context.fileChanged({
      path,
      op: exists ? "update" : "add",
      ...(change?.diff === undefined ? {} : { diff: change.diff }),
      size: entry.size,
    });
    return done(`${exists ? "Replaced" : "Created"} ${file_path} (${lines.length} lines).`, {
      ...fields,
      ...(change && shownChange(change)),
    });
  },
});

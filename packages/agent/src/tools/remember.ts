import { Type } from "typebox";
import { maxMemoryBytes, memoryPath, withNote } from "../knowledge/memory.ts";
import { sawText } from "../seen-files.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { describeChange } from "../unified-diff.ts";
import { mutates } from "./gates.ts";
import { findText } from "./text-file.ts";

export const remember = defineTool({
  name: "remember",
  category: "project_management",
  description: "Keep a fact for later chats: a preference of the user, or what was hard to find out.",
  parameters: Type.Object({ note: Type.String({ minLength: 1, maxLength: 1_000 }) }),
  gate: mutates,
  async run({ note }, context) {
    const found = await findText(context, memoryPath);
    if (found.exists && !found.file) throw new ToolFailure(`${memoryPath} is not a text file.`);
    const before = found.file?.text ?? "";
    const after = withNote(before, note);
    if (after === undefined) return done("That is kept already.", { note });
    if (Buffer.byteLength(after) > maxMemoryBytes)
      throw new ToolFailure(`The memory is full (${maxMemoryBytes} bytes).`, { suggestion: `Shorten ${memoryPath} first.` });
    // Conditional, so that a concurrent change is not lost.
    const { entry } = await context.workspace.files.write(
      memoryPath,
      after,
      found.file ? { ifMatch: found.file.etag } : { ifNoneMatch: "*" },
    );
    sawText(context, memoryPath, entry.etag);
    const { diff } = describeChange(memoryPath, before, after, { isNew: !found.exists });
    await context.fileChanged({
      path: memoryPath,
      op: found.exists ? "update" : "add",
      ...(diff === undefined ? {} : { diff }),
      size: entry.size,
    });
    return done("Kept.", { note, file_path: memoryPath, ...(diff === undefined ? {} : { diff }) });
  },
});

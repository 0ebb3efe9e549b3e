import { Type } from "typebox";
import { replaceOnce } from "../patch/match.ts";
import { defineTool, done } from "../tool.ts";
import { briefDiff } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { replacementFailure } from "./patch-file.ts";
import { loadText, saveText } from "./text-file.ts";

export const multiEdit = defineTool({
  name: "multi_edit",
  category: "file_operations",
  description: "Several patch_file edits of one file, one after another, all or nothing.",
  parameters: Type.Object({
    file_path: Type.String(),
    edits: Type.Array(Type.Object({ search: Type.String(), replace: Type.String() }), { minItems: 1 }),
  }),
  gate: mutates,
  async run({ file_path, edits }, context) {
    const file = await loadText(context, resolveWritablePath(context.root, file_path));
    let text = file.text;
    const applied: { index: number; match_method: string }[] = [];
    for (const [index, edit] of edits.entries()) {
      const found = replaceOnce(text, edit.search, edit.replace);
      if (!found.ok) throw replacementFailure(file_path, found, `Edit ${index + 1} of ${edits.length}: `);
      text = found.text;
      applied.push({ index, match_method: found.method });
    }
    const { sizeBytes } = await saveText(context, file, text);
    return done(text === file.text ? `${file_path}: the edits change nothing.` : `Made ${edits.length} edits in ${file_path}.`, {
      file_path,
      diff: briefDiff(file.text, text),
      details: { edit_count: edits.length, applied_edits: applied, size_bytes: sizeBytes },
    });
  },
});

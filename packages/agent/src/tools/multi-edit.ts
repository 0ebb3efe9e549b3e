import { Type } from "typebox";
import { applyEdits } from "../patch/edits.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { briefDiff } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { replacementFailure } from "./patch-file.ts";
import { loadText, saveText } from "./text-file.ts";

/** Total characters searched (file size times edits), because the search blocks the event loop. */
const mostWork = 50_000_000;

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
    if (file.text.length * edits.length > mostWork)
      throw new ToolFailure(`${edits.length} edits at once are too many for a file of ${file.text.length} characters.`, {
        suggestion: "Make them in parts.",
      });
    const made = applyEdits(file.text, edits);
    if (!made.ok) throw replacementFailure(file_path, made.found, `Edit ${made.index + 1} of ${edits.length}: `);
    const { text } = made;
    const applied = made.applied.map(({ index, method }) => ({ index, match_method: method }));
    const { sizeBytes, shown } = await saveText(context, file, text);
    return done(text === file.text ? `${file_path}: the edits change nothing.` : `Made ${edits.length} edits in ${file_path}.`, {
      file_path,
      diff: briefDiff(file.text, text),
      ...shown,
      details: { edit_count: edits.length, applied_edits: applied, size_bytes: sizeBytes },
    });
  },
});

import { Type } from "typebox";
import { defineTool, done, failed } from "../tool.ts";
import { pageOf } from "../truncate.ts";
import { reads } from "./gates.ts";

export const readOutput = defineTool({
  name: "read_output",
  category: "shell_commands",
  description: "Read on in a tool output of this run that was cut.",
  parameters: Type.Object({ output_id: Type.String(), offset: Type.Optional(Type.Integer({ minimum: 0, description: "Character" })) }),
  gate: reads,
  async run({ output_id, offset = 0 }, context) {
    const text = context.outputs.read(output_id);
    if (text === undefined) return failed(`There is no output ${output_id} any more. Run the tool again, with less output.`);
    if (offset >= text.length) return failed(`${output_id} has only ${text.length} characters.`);
    const page = pageOf(text, offset, context.textLimits);
    const end = offset + page.length;
    const more = end < text.length ? ` Continue with offset ${end}.` : "";
    return done(`${output_id}: characters ${offset}-${end} of ${text.length}.${more}`, { output: page });
  },
});

import { Type } from "typebox";
import { defineTool, done, failed } from "../tool.ts";
import { reads } from "./gates.ts";

/** With the message, a page stays within the 10 000 characters of a result. */
const pageChars = 9_000;

export const readOutput = defineTool({
  name: "read_output",
  category: "shell_commands",
  description: "Read on in a tool output of this run that was cut.",
  parameters: Type.Object({ output_id: Type.String(), offset: Type.Optional(Type.Integer({ minimum: 0, description: "Character" })) }),
  gate: reads,
  async run({ output_id, offset = 0 }, context) {
    const page = context.outputs.read(output_id, offset, pageChars);
    if (!page) return failed(`There is no output ${output_id} any more. Run the tool again, with less output.`);
    if (offset >= page.total) return failed(`${output_id} has only ${page.total} characters.`);
    const end = offset + page.text.length;
    const more = end < page.total ? ` Continue with offset ${end}.` : "";
    return done(`${output_id}: characters ${offset}-${end} of ${page.total}.${more}`, { output: page.text });
  },
});

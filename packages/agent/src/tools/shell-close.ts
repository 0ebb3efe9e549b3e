import { Type } from "typebox";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { free } from "./gates.ts";

export const shellClose = defineTool({
  name: "shell_close",
  category: "shell_commands",
  description: "Close a terminal.",
  parameters: Type.Object({ session_id: Type.String() }),
  gate: free,
  async run({ session_id }, context) {
    if (!(await context.shells.close(session_id))) throw new ToolFailure(`No terminal ${session_id} is open.`);
    return done(`Closed terminal ${session_id}.`, { session_id });
  },
});

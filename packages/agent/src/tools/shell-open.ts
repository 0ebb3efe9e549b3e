import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import { mutates } from "./gates.ts";

export const shellOpen = defineTool({
  name: "shell_open",
  category: "shell_commands",
  description: "Open a terminal for an interactive program. It ends with this run.",
  parameters: Type.Object({ command: Type.Optional(Type.String({ description: "Default /bin/sh" })) }),
  gate: mutates,
  async run({ command = "/bin/sh" }, context) {
    const sessionId = await context.shells.open(command, context.root);
    return done(`Opened terminal ${sessionId}.`, { session_id: sessionId, details: { command } });
  },
});

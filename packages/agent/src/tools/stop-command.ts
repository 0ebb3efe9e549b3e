import { Type } from "typebox";
import { cleanOutput } from "../clean-output.ts";
import { defineTool, done } from "../tool.ts";
import { shorten } from "../truncate.ts";
import { unknownCommand } from "./command-output.ts";
import { free } from "./gates.ts";

export const stopCommand = defineTool({
  name: "stop_command",
  aliases: [{ name: "shell_close" }],
  category: "shell_commands",
  description: "Stop a background command.",
  parameters: Type.Object({ command_id: Type.String() }),
  gate: free,
  async run({ command_id }, context) {
    const command = context.commands.get(command_id);
    if (!command) throw unknownCommand(command_id, context);
    const wasRunning = await context.commands.stop(command_id, "agent");
    const output = shorten(cleanOutput(command.read().text), context.textLimits, context.outputs);
    return done(wasRunning ? `Stopped command ${command_id}.` : `Command ${command_id} had ended already.`, { output, command_id });
  },
});

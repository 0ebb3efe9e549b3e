import { Type } from "typebox";
import { cleanOutput } from "../clean-output.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { mutates } from "./gates.ts";

const maxSeconds = 60;

export const shellExec = defineTool({
  name: "shell_exec",
  category: "shell_commands",
  description: "Type a line into an open terminal and read what it prints.",
  parameters: Type.Object({
    session_id: Type.String(),
    command: Type.String({ description: "Empty: only read" }),
    wait_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: maxSeconds, description: "Default 2" })),
  }),
  gate: mutates,
  async run({ session_id, command, wait_seconds = 2 }, context) {
    const session = context.shells.get(session_id);
    if (!session) {
      const open = context.shells.list();
      throw new ToolFailure(`No terminal ${session_id} is open.`, {
        suggestion:
          open.length === 0 ? "Open one with shell_open." : `Open: ${open.map((one) => `${one.session_id} (${one.command})`).join(", ")}.`,
      });
    }
    if (command !== "") {
      if (session.isEof())
        throw new ToolFailure(`The program in terminal ${session_id} has ended.`, { output: cleanOutput(session.drain()) });
      session.write(`${command}\n`);
    }
    await session.settle(wait_seconds * 1_000, context.signal);
    const output = cleanOutput(session.drain());
    const isEof = session.isEof();
    return done(isEof ? "The program has ended." : `Read ${output.length} characters.`, {
      output,
      session_id,
      details: { bytes: Buffer.byteLength(output), is_eof: isEof },
    });
  },
});

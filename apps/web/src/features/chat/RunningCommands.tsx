import { SquareTerminal } from "lucide-react";
import type { CommandView } from "./chat.types.ts";
import { CommandState } from "./tools/CommandRow.tsx";
import { StopCommandButton } from "./tools/StopCommandButton.tsx";

/** The background commands of the active run. */
export const RunningCommands = ({ commands }: { commands: readonly CommandView[] }) => (
  <ul role="list" aria-label="Running commands" className="scroll-y flex max-h-24 flex-col text-xs">
    {commands.map((command) => (
      <li key={command.id} className="flex min-h-6.5 items-center gap-1.75 narrow:min-h-10">
        <SquareTerminal size={14} className="flex-none text-fg-3" aria-hidden="true" />
        <span title={command.command} className="min-w-0 flex-1 truncate font-mono text-xs text-fg-1">
          {command.command}
        </span>
        <span className="num inline-flex flex-none items-center gap-2 text-fg-3">
          <CommandState command={command} />
        </span>
        <StopCommandButton command={command} />
      </li>
    ))}
  </ul>
);

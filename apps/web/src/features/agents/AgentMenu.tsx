import { Bot } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Menu } from "../../ui/Menu.tsx";
import type { AgentChoice } from "./use-agent-choice.ts";

/** Selects the agent of the next message. Hidden if the library has only one. */
export function AgentMenu({ choice: { agents, picked, choose } }: { choice: AgentChoice }) {
  if (!picked || agents.length < 2) return null;
  return (
    <Menu
      label="Agent"
      side="top"
      choice={{
        value: picked.slug,
        onChange: choose,
        options: agents.map((agent) => ({ value: agent.slug, label: agent.name, hint: agent.description })),
      }}
      trigger={
        <Button size="sm" variant="ghost" aria-label={`Agent: ${picked.name}`} className="min-w-0 shrink-99999! text-fg-2">
          <Bot size={14} className="hidden flex-none narrow:block tight:block" />
          <span className="truncate narrow:hidden tight:hidden">{picked.name}</span>
        </Button>
      }
    />
  );
}

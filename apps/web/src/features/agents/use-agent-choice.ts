import { useQuery } from "@tanstack/react-query";
import type { LibraryAgent } from "@tesslate/contract";
import { useState } from "react";
import { useServices } from "../../project/services.ts";
import { keepAgentChoice, libraryQuery, pickAgent, readAgentChoice, usableAgents } from "./agents.queries.ts";

export interface AgentChoice {
  agents: LibraryAgent[];
  /** Undefined until the library is there: the server's own agent answers then. */
  picked: LibraryAgent | undefined;
  choose: (slug: string) => void;
}

/** Which of the caller's agents answers in this project; remembered by the browser. */
export function useAgentChoice(projectId: string): AgentChoice {
  const { api } = useServices();
  const library = useQuery(libraryQuery(api)).data;
  const [chosen, setChosen] = useState(() => ({ projectId, slug: readAgentChoice(projectId) }));
  if (chosen.projectId !== projectId) setChosen({ projectId, slug: readAgentChoice(projectId) });
  const agents = usableAgents(library?.items ?? []);
  return {
    agents,
    picked: pickAgent(agents, chosen.slug),
    choose: (slug) => {
      setChosen({ projectId, slug });
      keepAgentChoice(projectId, slug);
    },
  };
}

import { useQuery } from "@tanstack/react-query";
import type { LibraryAgent } from "@tesslate/contract";
import { useMemo, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { keepAgentChoice, libraryQuery, pickAgent, readAgentChoice, usableAgents } from "./agents.queries.ts";

export interface AgentChoice {
  agents: LibraryAgent[];
  /** Undefined until the library is loaded; the server's default agent answers then. */
  picked: LibraryAgent | undefined;
  choose: (slug: string) => void;
}

/** The agent that answers in this project, stored in the browser. */
export function useAgentChoice(projectId: string): AgentChoice {
  const { api } = useServices();
  const library = useQuery(libraryQuery(api)).data;
  const [chosen, setChosen] = useState(() => ({ projectId, slug: readAgentChoice(projectId) }));
  if (chosen.projectId !== projectId) setChosen({ projectId, slug: readAgentChoice(projectId) });
  const agents = useMemo(() => usableAgents(library?.items ?? []), [library]);
  const choose = useHandler((slug: string) => {
    setChosen({ projectId, slug });
    keepAgentChoice(projectId, slug);
  });
  const { slug } = chosen;
  return useMemo(() => ({ agents, picked: pickAgent(agents, slug), choose }), [agents, slug, choose]);
}

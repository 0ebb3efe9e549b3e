import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { ServicesContext } from "../../../project/services.ts";
import { isView, type View } from "../../../project/views.ts";
import { createPaletteRegistry, PaletteContext } from "../../../ui/page/palette.ts";
import { modelSetupQuery, modelsQuery } from "../../models/index.ts";
import { Workbench } from "../Workbench.tsx";
import { modelList } from "./bakery.ts";
import { cannedServices, projectOf } from "./canned-services.ts";
import { scenarios, type Scenario } from "./scenarios.ts";

/** Every state of the workbench, from canned events through the real code; for eyes and screenshots. */
export function WorkbenchStatesPage() {
  const search = new URLSearchParams(location.search);
  const scenario = scenarios.find((candidate) => candidate.id === search.get("state"));
  if (scenario) return <ScenarioPage key={scenario.id} scenario={scenario} />;
  return (
    <main className="scroll-y h-full p-8">
      <h1 className="mb-4 text-xl">States of the workbench</h1>
      <ul role="list" className="grid max-w-xl gap-1">
        {scenarios.map((candidate) => (
          <li key={candidate.id}>
            <a className="link" href={`?state=${candidate.id}`}>
              {candidate.title}
            </a>
          </li>
        ))}
      </ul>
    </main>
  );
}

const nadia = { id: "0a000000-0000-4000-8000-0000000000ad", name: "Nadia" };

function ScenarioPage({ scenario }: { scenario: Scenario }) {
  const services = useMemo(() => cannedServices(scenario), [scenario]);
  const palette = useMemo(() => createPaletteRegistry(() => undefined), []);
  const [queries] = useState(() => {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } } });
    const isConnected = scenario.models === "connected";
    client.setQueryData(modelsQuery.queryKey, {
      items: isConnected ? modelList : [],
      total: isConnected ? modelList.length : 0,
      page: 1,
      total_pages: 1,
      default: isConnected ? (modelList[0]?.id ?? null) : null,
      external_providers: [],
    });
    client.setQueryData(modelSetupQuery.queryKey, {
      configured: isConnected,
      default_model: null,
      can_configure: true,
      demo: false,
      demo_available: true,
      ollama: null,
      providers: [],
    });
    return client;
  });
  const initial = new URLSearchParams(location.search).get("view");
  const [view, setView] = useState<View>(isView(initial) ? initial : "preview");
  return (
    <QueryClientProvider client={queries}>
      <ServicesContext value={services}>
        <PaletteContext value={palette}>
          <div className="flex h-full narrow:flex-col">
            <div className="w-12 flex-none narrow:hidden" aria-hidden="true" />
            <div className="flex min-h-0 min-w-0 flex-1 flex-col">
              <Workbench
                project={projectOf(scenario)}
                reader={nadia}
                view={view}
                hrefOf={(next) => `?state=${scenario.id}&view=${next}`}
                onView={setView}
                onDeployment={() => setView("deploys")}
                onReview={() => setView("review")}
              />
            </div>
          </div>
        </PaletteContext>
      </ServicesContext>
    </QueryClientProvider>
  );
}

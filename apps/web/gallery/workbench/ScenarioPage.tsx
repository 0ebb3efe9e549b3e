import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { ServicesContext } from "../../src/project/services.ts";
import { isView, type View } from "../../src/project/views.ts";
import { createPaletteRegistry, PaletteContext } from "../../src/ui/page/palette.ts";
import { modelSetupQuery, modelsQuery } from "../../src/features/models/index.ts";
import { Workbench } from "../../src/features/workbench/Workbench.tsx";
import { meQuery } from "../../src/features/users/index.ts";
import { person } from "../../src/testing/signed-in.ts";
import { modelList } from "./bakery.ts";
import { cannedServices, projectOf } from "./canned-services.ts";
import type { Scenario } from "./scenarios.ts";

const nadia = person({ id: "0a000000-0000-4000-8000-0000000000ad", name: "Nadia" });

/** The workbench in one of its states, from canned events through the real code. */
export function ScenarioPage({ scenario }: { scenario: Scenario }) {
  const services = useMemo(() => cannedServices(scenario), [scenario]);
  const palette = useMemo(() => createPaletteRegistry(() => undefined), []);
  const [queries] = useState(() => {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } } });
    client.setQueryData(meQuery.queryKey, nadia);
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

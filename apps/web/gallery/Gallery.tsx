import { ComponentsPage } from "./components/ComponentsPage.tsx";
import { ScenarioPage } from "./workbench/ScenarioPage.tsx";
import { scenarios } from "./workbench/scenarios.ts";

/**
 * Every component in every state; with `?state=` the workbench in one of its states. `./studio dev` serves it at `/gallery/`; no build contains it,
 * because only `gallery/index.html` leads to it.
 */
export function Gallery() {
  const state = new URLSearchParams(location.search).get("state");
  const scenario = scenarios.find(({ id }) => id === state);
  return scenario ? <ScenarioPage scenario={scenario} /> : <ComponentsPage scenarios={scenarios} />;
}

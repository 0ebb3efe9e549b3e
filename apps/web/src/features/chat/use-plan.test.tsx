import { Plan } from "@tesslate/contract";
import { expect, openPane, sample, sampleId, sampleTime, screen, test, waitFor } from "../../testing/index.ts";
import { usePlan } from "./use-plan.ts";

const plan = sample(Plan, { chat_id: sampleId, task: "A menu page" });

function Probe() {
  return <output>{usePlan(sampleId).plan?.task ?? "no plan"}</output>;
}

test("a plan that is written while the first answer is on its way is shown, whatever that answer says", async ({ api, show }) => {
  const answer = api.hang("plans.get");
  const pane = openPane(Probe);
  show(pane.element);
  await waitFor(() => expect(api.asked("plans.get")).toHaveLength(1));
  pane.emit({ seq: 1, ts: sampleTime, type: "plan_updated", data: { chat_id: sampleId, plan } });
  answer({ plan: null });
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("A menu page"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(screen.getByRole("status")).toHaveTextContent("A menu page");
});

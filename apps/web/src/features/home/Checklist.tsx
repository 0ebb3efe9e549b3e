import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Circle, CircleCheck, X } from "lucide-react";
import { Suspense, useState } from "react";
import { recentProjectsQuery } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { toastWithUndo } from "../../ui/toast.tsx";
import { configQuery } from "../auth/index.ts";
import { modelSetupQuery, type ModelSetup, ConnectModelDialog } from "../models/index.ts";
import { useSavePreferences, meQuery } from "../users/index.ts";
import { checklist, type Step } from "./checklist.ts";

/** The first steps, until all are done or the list is dismissed. Shows nothing while its data is loading or failed to load. */
export function Checklist() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const { data: setup } = useQuery(modelSetupQuery);
  const { data: recent } = useQuery(recentProjectsQuery);
  const { mutate: save } = useSavePreferences();
  if (user.preferences.hides_checklist || !config || !setup || !recent) return null;
  const steps = checklist({
    config: { ...config, demo: config.demo || setup.demo },
    isModelConfigured: setup.configured,
    hasProject: recent.total > 0,
    isAdministrator: user.is_superuser,
  });
  const done = steps.filter((step) => step.isDone).length;
  if (done === steps.length) return null;
  return (
    <section aria-labelledby="home-checklist" className="mt-8 rounded-3 border border-line-0">
      <div className="flex items-center gap-2 py-1.5 pr-1.5 pl-3">
        <h2 id="home-checklist" className="min-w-0 flex-1 text-sm">
          First steps{" "}
          <span className="num font-regular text-fg-2">
            {done} of {steps.length}
          </span>
        </h2>
        <IconButton
          size="sm"
          label="Dismiss checklist"
          onClick={() =>
            save(
              { hides_checklist: true },
              { onSuccess: () => toastWithUndo("Checklist dismissed.", () => save({ hides_checklist: false })) },
            )
          }
        >
          <X size={14} />
        </IconButton>
      </div>
      <ul role="list" className="divide-y divide-line-0 border-t border-line-0">
        {steps.map((step) => (
          <StepRow key={step.id} step={step} setup={setup} />
        ))}
      </ul>
    </section>
  );
}

function StepRow({ step, setup }: { step: Step; setup: ModelSetup }) {
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-3 py-2.5">
      {step.isDone ? (
        <CircleCheck size={16} role="img" aria-label="Done" className="mt-0.5 flex-none text-ok" />
      ) : (
        <Circle size={16} role="img" aria-label="Not done" className="mt-0.5 flex-none text-fg-3" />
      )}
      <div className="min-w-0 flex-1 basis-56">
        <p className="text-sm font-medium text-fg-0">{step.title}</p>
        <p className="text-xs text-fg-2">{step.why}</p>
      </div>
      {step.id === "model" && !step.isDone ? <ModelAction setup={setup} /> : null}
    </li>
  );
}

/** Administrators connect a model for everyone; other users add their own key. */
function ModelAction({ setup }: { setup: ModelSetup }) {
  const [isOpen, setIsOpen] = useState(false);
  if (!setup.can_configure)
    return (
      <Button asChild size="sm">
        <Link to="/settings/models">Add your own key</Link>
      </Button>
    );
  return (
    <>
      <Button size="sm" onClick={() => setIsOpen(true)}>
        Connect model
      </Button>
      {isOpen ? (
        <Suspense fallback={null}>
          <ConnectModelDialog setup={setup} isOpen onOpenChange={setIsOpen} />
        </Suspense>
      ) : null}
    </>
  );
}

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronRight, Circle, CircleCheck, X } from "lucide-react";
import { Suspense, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { recentProjectsQuery, useProjectHistories } from "../../project/projects.queries.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { toastWithUndo } from "../../ui/toast.tsx";
import { configQuery } from "../auth/index.ts";
import { modelSetupQuery, type ModelSetup, ConnectModelDialog } from "../models/index.ts";
import { referralQuery } from "../referrals/index.ts";
import { useSavePreferences, meQuery } from "../users/index.ts";
import { checklist, type Step } from "./checklist.ts";

const openKey = "tesslate.checklist.open";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

/**
 * The first steps, until all are done or the list is dismissed. One row once there are projects, unless it was opened in this browser. Shows nothing
 * while its data is loading or failed to load.
 */
export function Checklist() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const { data: setup } = useQuery(modelSetupQuery);
  const { data: recent } = useQuery(recentProjectsQuery);
  const { data: referral, isError: isReferralUnknown } = useQuery({ ...referralQuery, enabled: !user.preferences.hides_checklist });
  const histories = useProjectHistories(recent?.items ?? []);
  const { mutate: save } = useSavePreferences();
  const [chosen, setChosen] = useState(() => readStored(localStorage, openKey, isBoolean));
  if (user.preferences.hides_checklist || !config || !setup || !recent || (!referral && !isReferralUnknown)) return null;
  const steps = checklist({
    isModelConfigured: setup.configured,
    isDemo: config.demo || setup.demo,
    projects: recent.items,
    histories,
    inviteVisits: referral?.stats.landings ?? 0,
  });
  const done = steps.filter((step) => step.isDone).length;
  if (done === steps.length) return null;
  const next = steps.find((step) => !step.isDone);
  const isOpen = chosen ?? recent.total === 0;
  const toggle = () => {
    setChosen(!isOpen);
    writeStored(localStorage, openKey, !isOpen);
  };
  return (
    <section aria-labelledby="home-checklist" className="mt-8 rounded-3 border border-line-0">
      <div className="flex items-center gap-2 py-1.5 pr-1.5 pl-1.5">
        <h2 id="home-checklist" className="min-w-0 flex-1 text-sm">
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls="home-checklist-steps"
            className="flex h-6 w-full min-w-0 items-center gap-1.5 rounded-2 px-1 text-left narrow:h-11"
            onClick={toggle}
          >
            {isOpen ? (
              <ChevronDown size={14} className="flex-none text-fg-3" />
            ) : (
              <ChevronRight size={14} className="flex-none text-fg-3" />
            )}
            <span className="flex-none">First steps</span>{" "}
            <span className="num flex-none font-regular text-fg-2">
              {done} of {steps.length}
            </span>{" "}
            {!isOpen && next ? (
              // On a phone the button beside it says so.
              <span className={cx("min-w-0 truncate font-regular text-fg-2", next.id === "model" && "narrow:sr-only")}>
                Next: {next.title}
              </span>
            ) : null}
          </button>
        </h2>
        {!isOpen && next?.id === "model" ? <ModelAction setup={setup} /> : null}
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
      <ul id="home-checklist-steps" role="list" hidden={!isOpen} className="divide-y divide-line-0 border-t border-line-0">
        {steps.map((step) => (
          <StepRow key={step.id} step={step} setup={setup} project={recent.items[0]} />
        ))}
      </ul>
      {isOpen && user.is_superuser ? (
        <p className="border-t border-line-0 px-3 py-2 text-xs">
          <Link to="/admin/setup" className="text-fg-2 underline underline-offset-2 hover:text-fg-0">
            Set up this server
          </Link>
        </p>
      ) : null}
    </section>
  );
}

function StepRow({ step, setup, project }: { step: Step; setup: ModelSetup; project: Project | undefined }) {
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
      {step.isDone ? null : <StepLink id={step.id} project={project} />}
    </li>
  );
}

/** Where the step is done. */
function StepLink({ id, project }: { id: Step["id"]; project: Project | undefined }) {
  const look = buttonClass({ size: "sm" });
  if (id === "invite")
    return (
      <Link to="/settings/referrals" className={look}>
        Invite people
      </Link>
    );
  if (!project || (id !== "preview" && id !== "deploy")) return null;
  const view = id === "preview" ? "preview" : "deploys";
  return (
    <Link to="/p/$slug/{-$view}" params={{ slug: project.slug, view }} className={look}>
      {id === "preview" ? "Open preview" : "Open deployments"}
    </Link>
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

import { ArrowUpFromLine } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { useDeploys } from "./deploys-context.ts";
import { isUnderWay, versionName, stateOf } from "./deployments.ts";

/** Opens the deploy form; shows the progress of a running deployment instead. */
export function DeployButton({ isNextStep }: { isNextStep: boolean }) {
  const { list, currentStep, openForm, openDeployment } = useDeploys();
  const going = list?.find(isUnderWay);
  if (going) {
    const { word } = stateOf(going, currentStep(going.id));
    return (
      <button
        type="button"
        aria-live="polite"
        onClick={() => openDeployment(going.id)}
        className="relative inline-flex h-6 flex-none items-center gap-1.5 rounded-full bg-brand-soft pr-2.5 pl-2 text-2xs font-medium whitespace-nowrap text-brand-ink hover:bg-bg-3 narrow:h-8 narrow:before:absolute narrow:before:-inset-y-1.5"
      >
        <span className="spin size-2.25!" aria-hidden="true" />
        {versionName(going)} <span className="narrow:sr-only">{word.toLowerCase()}</span>
      </button>
    );
  }
  return (
    <Button
      variant={isNextStep ? "primary" : "plain"}
      size="sm"
      icon={<ArrowUpFromLine size={14} />}
      onClick={() => openForm()}
      className="h-7! narrow:h-8!"
    >
      Deploy
    </Button>
  );
}

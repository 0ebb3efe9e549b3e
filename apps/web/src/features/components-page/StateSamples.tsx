import { GitBranch, Moon, RotateCw, TriangleAlert, X } from "lucide-react";
import { Avatar } from "../../ui/Avatar.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { PauseBars } from "../../ui/icons.tsx";
import { MeterRing } from "../../ui/MeterRing.tsx";
import { Card } from "../../ui/Panel.tsx";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { Progress, StepProgress } from "../../ui/Progress.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { Pane, PaneBorder, Split } from "../../ui/Split.tsx";
import { Sample } from "./Sample.tsx";

export function StateSamples() {
  return (
    <>
      <Sample title="Status pill" note="shape and word, never colour alone">
        <div className="grid gap-2.5">
          <div className="flex flex-wrap gap-2">
            <Pill tone="live" isBusy>
              Working
            </Pill>
            <Pill tone="err" icon={<PauseBars />}>
              Asks you
            </Pill>
            <Pill tone="ok" icon={<Dot shape="filled" tone="ok" />}>
              Running
            </Pill>
            <Pill icon={<Moon />}>Asleep</Pill>
            <Pill tone="warn" icon={<TriangleAlert />}>
              Past due
            </Pill>
            <Pill tone="err" icon={<X />}>
              Crashed, exit 137
            </Pill>
            <Pill tone="info" icon={<RotateCw />}>
              Reconnecting
            </Pill>
          </div>
          <div className="flex flex-wrap gap-3">
            <Pill isBare tone="ok" icon={<Dot shape="filled" tone="ok" />}>
              Running
            </Pill>
            <Pill isBare tone="warn" icon={<Dot shape="half" tone="warn" />}>
              Restart needed
            </Pill>
            <Pill isBare icon={<Dot shape="ring" />}>
              Stopped
            </Pill>
            <Pill isBare tone="info" icon={<Dot shape="square" tone="info" />}>
              External
            </Pill>
          </div>
          <div className="flex flex-wrap items-center gap-3">
            <Avatar name="Nadia Brandt" />
            <Avatar name="Jonas" tone="info" />
            <Chip isMono icon={<GitBranch />}>
              main
            </Chip>
            <MeterRing percent={38} label="Context used" />
            <MeterRing percent={93} label="Context used" />
            <Spinner word="Attaching" />
            <StepProgress done={2} total={5} isRunning />
          </div>
          <Progress share={0.4} label="Installing" />
          <Progress share={undefined} label="Starting" />
        </div>
      </Sample>
      <Sample title="Empty, loading, error">
        <Card className="divide-y divide-line-0 rounded-4">
          <EmptyState title="No projects yet" action={<Button>Describe one</Button>}>
            Say what you want on Home. It shows up here.
          </EmptyState>
          <SkeletonRows count={4} label="Loading rows" className="p-6" />
          <ErrorState title="The projects could not be loaded" onRetry={() => undefined} details={"code: unavailable\nstatus: 503"}>
            The server does not answer.
          </ErrorState>
        </Card>
      </Sample>
      <Sample title="Banner and panes">
        <div className="grid gap-2">
          <Banner action={<Button size="sm">Read on</Button>}>Replies come from a script.</Banner>
          <Banner tone="warn">Sandboxes run without their own network here.</Banner>
          <Banner tone="err" action={<Button size="sm">Retry</Button>}>
            Could not save.
          </Banner>
          <Card className="flex h-32 overflow-hidden">
            <Split id="sample" paneIds={["left", "right"]}>
              <Pane id="left" defaultSize="40%" minSize={80} className="p-3">
                Left
              </Pane>
              <PaneBorder label="Resize the panes" isHairline />
              <Pane id="right" minSize={80} className="p-3">
                Right
              </Pane>
            </Split>
          </Card>
        </div>
      </Sample>
    </>
  );
}

import { Moon, RotateCw, TriangleAlert, X } from "lucide-react";
import { Avatar } from "../../src/ui/Avatar.tsx";
import { Banner } from "../../src/ui/Banner.tsx";
import { Button } from "../../src/ui/Button.tsx";
import { Chip } from "../../src/ui/Chip.tsx";
import { EmptyState } from "../../src/ui/EmptyState.tsx";
import { ErrorState } from "../../src/ui/ErrorState.tsx";
import { PauseBars } from "../../src/ui/icons.tsx";
import { MeterRing } from "../../src/ui/MeterRing.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { Dot, Pill } from "../../src/ui/Pill.tsx";
import { Progress, StepProgress } from "../../src/ui/Progress.tsx";
import { RelativeTime } from "../../src/ui/RelativeTime.tsx";
import { SkeletonRows } from "../../src/ui/Skeleton.tsx";
import { Spinner } from "../../src/ui/Spinner.tsx";
import { Sample } from "./Sample.tsx";

/** In the past, and one in the future. */
const moments = [1000, 150_000, 7_200_000, 3 * 86_400_000, 40 * 86_400_000, -86_400_000].map((ageMs) =>
  new Date(Date.now() - ageMs).toISOString(),
);

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
            <Pill icon={<Moon />}>Hibernated</Pill>
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
            <Chip isMono>main</Chip>
            <MeterRing percent={38} label="Context used" />
            <MeterRing percent={93} label="Context used" />
            <Spinner word="Attaching" />
            <StepProgress done={2} total={5} isRunning />
          </div>
          <Progress share={0.4} label="Installing" />
          <Progress share={undefined} label="Starting" />
        </div>
      </Sample>
      <Sample title="Relative time" note="the full moment is its title">
        <div className="flex flex-wrap gap-4 text-fg-2">
          {moments.map((at) => (
            <RelativeTime key={at} at={at} className="num" />
          ))}
        </div>
      </Sample>
      <Sample title="Empty, loading, error">
        <Card className="divide-y divide-line-0 rounded-4">
          <EmptyState title="No projects yet" action={<Button>Create project</Button>}>
            Describe an app on Home and the agent builds it. Your projects appear here.
          </EmptyState>
          <SkeletonRows count={4} label="Loading rows" className="p-6" />
          <ErrorState title="Couldn't load projects" onRetry={() => undefined} details={"code: unavailable\nstatus: 503"}>
            The server didn't respond. Try again later.
          </ErrorState>
        </Card>
      </Sample>
      <Sample title="Banner">
        <div className="grid gap-2">
          <Banner action={<Button size="sm">Connect model</Button>}>Replies come from a script.</Banner>
          <Banner tone="warn">Projects run with less isolation on this machine.</Banner>
          <Banner tone="err" action={<Button size="sm">Retry</Button>}>
            Couldn't save the notes.
          </Banner>
        </div>
      </Sample>
    </>
  );
}

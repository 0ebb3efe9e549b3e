import type { Container } from "@tesslate/contract";
import { Dot, type DotShape, type Tone } from "../../ui/Pill.tsx";

interface Look {
  word: string;
  tone: Tone;
  shape: DotShape;
  isBusy?: boolean;
}
const looks: Record<Container["status"], Look> = {
  running: { word: "Running", tone: "ok", shape: "filled" },
  starting: { word: "Starting", tone: "live", shape: "half", isBusy: true },
  stopped: { word: "Stopped", tone: "neutral", shape: "ring" },
  frozen: { word: "Frozen", tone: "neutral", shape: "ring" },
  failed: { word: "Crashed", tone: "err", shape: "ring" },
  connected: { word: "External", tone: "info", shape: "square" },
};

/** "Crashed", with the exit code if there is one. */
export const crashLabel = (exitCode: number | null | undefined): string =>
  exitCode === null || exitCode === undefined ? "Crashed" : `Crashed (exit ${exitCode})`;

export function containerLook(container: Pick<Container, "status"> & Partial<Pick<Container, "needs_restart" | "exit_code">>): Look {
  if (container.status === "running" && container.needs_restart) return { word: "Restart needed", tone: "warn", shape: "half" };
  const look = looks[container.status];
  return container.status === "failed" ? { ...look, word: crashLabel(container.exit_code) } : look;
}

export const ContainerDot = ({ status, needs_restart = false }: { status: Container["status"]; needs_restart?: boolean }) => {
  const look = containerLook({ status, needs_restart });
  return <Dot shape={look.shape} tone={look.tone} />;
};

import { SquareTerminal, TriangleAlert, X } from "lucide-react";
import type { Container, Project } from "@tesslate/contract";
import { IconButton } from "../../ui/IconButton.tsx";
import { TabPanel, Tabs } from "../../ui/Tabs.tsx";
import { ConsolePanel } from "../preview/ConsolePanel.tsx";
import { ProblemsPanel } from "../preview/ProblemsPanel.tsx";
import { currentProblems } from "../preview/problems.ts";
import type { Preview } from "../preview/use-preview.ts";
import { AutoFixSwitch } from "../projects/settings/AutoFixSwitch.tsx";
import { LogsPanel } from "../shell/LogsPanel.tsx";
import { TerminalPanel } from "../shell/TerminalPanel.tsx";
import type { DockTab } from "../../project/dock-tabs.ts";

export interface DockProps {
  project: Project;
  tab: DockTab;
  onTab: (tab: DockTab) => void;
  onClose: () => void;
  containers: readonly Container[];
  /** Whose logs are shown; undefined is the first container's. */
  logsOf: string | undefined;
  onLogsOf: (containerId: string) => void;
  preview: Preview;
  isAgentBusy: boolean;
  onStart: () => void;
  onFix: (message: string) => void;
  onOpenFile: (place: string) => void;
  /** Puts text into the composer. */
  onCompose: (text: string) => void;
}

/** Below the work: shells, what went wrong, what was written where. Shells stay attached while the dock is open. */
export function Dock({
  project,
  tab,
  onTab,
  onClose,
  containers,
  logsOf,
  onLogsOf,
  preview,
  isAgentBusy,
  onStart,
  onFix,
  onOpenFile,
  onCompose,
}: DockProps) {
  const { reports, report } = preview;
  return (
    <Tabs
      size="dock"
      label="Dock"
      value={tab}
      onChange={(value) => onTab(value as DockTab)}
      className="h-full"
      tabs={[
        { value: "terminal", label: "Terminal", icon: <SquareTerminal size={14} /> },
        {
          value: "problems",
          label: "Problems",
          icon: <TriangleAlert size={14} />,
          count: currentProblems(reports).length,
          isCountError: true,
        },
        { value: "console", label: "Console", count: reports.console.length },
        { value: "logs", label: "Logs" },
      ]}
      end={
        <IconButton size="sm" label="Close the dock" onClick={onClose}>
          <X size={14} />
        </IconButton>
      }
    >
      <TabPanel value="terminal" isKept className="overflow-hidden">
        <TerminalPanel
          projectId={project.id}
          containers={containers}
          isVisible={tab === "terminal"}
          onStart={onStart}
          onOpenFile={onOpenFile}
          onCompose={onCompose}
        />
      </TabPanel>
      <TabPanel value="problems" className="scroll-y">
        <ProblemsPanel
          problems={reports.problems}
          isBusy={isAgentBusy}
          onFix={onFix}
          autoFix={<AutoFixSwitch project={project} />}
          onClear={() => report({ type: "clear-problems" })}
          onOpenFile={onOpenFile}
        />
      </TabPanel>
      <TabPanel value="console" className="overflow-hidden">
        <ConsolePanel lines={reports.console} onClear={() => report({ type: "clear-console" })} />
      </TabPanel>
      <TabPanel value="logs" className="overflow-hidden">
        <LogsPanel projectId={project.id} containers={containers} chosen={logsOf} onChoose={onLogsOf} isVisible={tab === "logs"} />
      </TabPanel>
    </Tabs>
  );
}

import { SquareTerminal, TriangleAlert, X } from "lucide-react";
import { useProject, useContainers, useRuntime } from "../../project/project-context.ts";
import type { DockTab } from "../../project/views.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { TabPanel, Tabs } from "../../ui/Tabs.tsx";
import { isRunActive, useConversation } from "../chat/index.ts";
import { ConsolePanel, ProblemsPanel, currentProblems, useOpenPreview } from "../preview/index.ts";
import { AutoFixSwitch } from "../projects/index.ts";
import { LogsPanel, TerminalPanel } from "../shell/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";

/** The bottom panel: terminals, problems, console and logs. Terminals stay attached while it is open. */
export function Dock() {
  const project = useProject();
  const containers = useContainers();
  const runtime = useRuntime();
  const isRunning = useConversation(isRunActive);
  const { preview } = useOpenPreview();
  const { openFile, compose, ask } = useWorkbenchActions();
  const { view, phoneView, choosePhoneView, layout, setLayout, logsOf, setLogsOf } = useWorkbenchLayout();
  const tab = layout.dockTab;
  const close = () => {
    setLayout({ isDockOpen: false });
    if (phoneView === "dock") choosePhoneView(view);
  };
  const { reports, report } = preview;
  return (
    <Tabs
      size="dock"
      label="Bottom panel"
      value={tab}
      onChange={(value) => setLayout({ dockTab: value as DockTab })}
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
        <IconButton size="sm" label="Close bottom panel" onClick={close}>
          <X size={14} />
        </IconButton>
      }
    >
      <TabPanel value="terminal" isKept className="overflow-hidden">
        <TerminalPanel
          projectId={project.id}
          containers={containers}
          isVisible={tab === "terminal"}
          onStart={() => void runtime.start()}
          onOpenFile={openFile}
          onCompose={compose}
        />
      </TabPanel>
      <TabPanel value="problems" className="scroll-y">
        <ProblemsPanel
          problems={reports.problems}
          isBusy={isRunning}
          onFix={({ message, details }) => ask(message, details)}
          autoFix={<AutoFixSwitch project={project} />}
          onClear={() => report({ type: "clear-problems" })}
          onOpenFile={openFile}
        />
      </TabPanel>
      <TabPanel value="console" className="overflow-hidden">
        <ConsolePanel lines={reports.console} onClear={() => report({ type: "clear-console" })} />
      </TabPanel>
      <TabPanel value="logs" className="overflow-hidden">
        <LogsPanel projectId={project.id} containers={containers} chosen={logsOf} onChoose={setLogsOf} isVisible={tab === "logs"} />
      </TabPanel>
    </Tabs>
  );
}

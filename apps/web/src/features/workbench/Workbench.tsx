import { useQuery } from "@tanstack/react-query";
import type { EditMode, Project } from "@tesslate/contract";
import { Activity, Suspense, useDeferredValue, useEffect, useMemo, useRef, useState, type CSSProperties } from "react";
import { lazily, preload } from "../../lib/chunks.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { whenIdle } from "../../lib/idle.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { useDesktopNotices } from "./use-desktop-notices.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useAgentChoice } from "../agents/use-agent-choice.ts";
import { ChatColumn, cardPreloads } from "../chat/ChatColumn.tsx";
import { liveRun, shownRuns } from "../chat/chat.reducer.ts";
import type { ComposerHandle } from "../chat/Composer.tsx";
import { keepEditMode, readEditMode } from "../../lib/edit-modes.ts";
import { partsOf } from "../chat/run-events.ts";
import { RunActsContext } from "../chat/run-acts.ts";
import { SetupFailedRow, SetupRow } from "../chat/SetupRow.tsx";
import { openApprovals, openQuestions, transcriptRows } from "../chat/transcript-rows.ts";
import type { Reader } from "../chat/TranscriptRows.tsx";
import { useChat } from "../chat/use-chat.ts";
import { useRunActs } from "../chat/use-run-acts.ts";
import { useFirstMessage } from "../chat/use-first-message.ts";
import { StatusBar } from "./StatusBar.tsx";
import { useRuntimeActs } from "../containers/use-runtime-acts.ts";
import { isUnshipped } from "../deployments/deployments.ts";
import { DeploysContext } from "../deployments/deploys-context.ts";
import { useProjectDeploys } from "../deployments/use-deploys.ts";
import type { CodeLeft } from "../files/CodePane.tsx";
import type { FileMark } from "../files/TreeRowView.tsx";
import { useOpenFiles } from "../files/use-open-files.ts";
import { GitFacts } from "../git/GitFacts.tsx";
import { useGit } from "../git/use-git.ts";
import { useModelChoice } from "../models/use-model-choice.ts";
import { modelSetupQuery, modelsQuery } from "../models/models.queries.ts";
import { previewPhase, servingContainer } from "../preview/preview-phase.ts";
import type { PickedElement } from "../preview/bridge.ts";
import { elementFiles } from "../chat/attach/element-files.ts";
import { PreviewPane } from "../preview/PreviewPane.tsx";
import { SharePreviewButton } from "../preview/SharePreviewButton.tsx";
import { currentProblems, fixCrashMessage } from "../preview/problems.ts";
import { useContainerNews, useLastLines, usePreview } from "../preview/use-preview.ts";
import { useProjectOutPalette } from "../projects/use-project-out.tsx";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import type { DockTab } from "../../project/dock-tabs.ts";
import { ResizeEdge } from "./ResizeEdge.tsx";
import { FoldedThread, Scrubber } from "./Scrubber.tsx";
import { useServices } from "../../project/services.ts";
import { useActivity } from "./use-activity.ts";
import { chatWidth, dockHeight, useLayout } from "./use-layout.ts";
import { useProjectStream } from "../../project/use-project-stream.ts";
import { useViewportHeight } from "./use-viewport-height.ts";
import { useWorkbenchCommands } from "./use-workbench-commands.tsx";
import { PhoneViews, ViewTabs, type PhoneView } from "./ViewTabs.tsx";
import { lookOf, renderPane, type View } from "./views.tsx";
import { containersQuery, tasksQuery, treeQuery } from "../../project/project.queries.ts";
import { WorkbenchTop } from "./WorkbenchTop.tsx";
import "./workbench.css";

const loadCodePane = async () => (await import("../files/CodePane.tsx")).CodePane;
const CodePane = lazily(loadCodePane);
const Dock = lazily(async () => (await import("./Dock.tsx")).Dock);
const QuickOpen = lazily(async () => (await import("../files/QuickOpen.tsx")).QuickOpen);
const DeployDrawer = lazily(async () => (await import("../deployments/DeployDrawer.tsx")).DeployDrawer);
const GoBackDialog = lazily(async () => (await import("../chat/GoBackDialog.tsx")).GoBackDialog);
const ModelNotice = lazily(async () => (await import("../models/ModelNotice.tsx")).ModelNotice);

/** Fetch what a run asks by, and the editor, before they are asked for. */
const preloads = [...cardPreloads, () => preload(loadCodePane), () => preload(() => import("../files/EditorPane.tsx"))];

const suggestions = [
  "Explain what this app does and how it is built.",
  "Check that it starts without errors, and fix what you find.",
  "Make it look good on a phone.",
];

export interface WorkbenchProps {
  project: Project;
  /** Who is signed in. */
  reader: Reader;
  view: View;
  /** What a phone shows first: the view that the address names, otherwise the chat. */
  opensOn?: PhoneView;
  hrefOf: (view: View) => string;
  onView: (view: View) => void;
  /** The deploys with one of them open; undefined is none. */
  onDeployment: (deploymentId: string | undefined) => void;
  /** The review of one run. */
  onReview: (taskId: string) => void;
}

/** One project open: conversation, app, code, shells. Composes; every part fetches and decides for itself. */
export function Workbench({ project, reader, view, opensOn = "chat", hrefOf, onView, onDeployment, onReview }: WorkbenchProps) {
  const { api } = useServices();
  const events = useProjectStream(project);
  const isSettled = events.isSettled;
  const [layout, setLayout] = useLayout();
  const [phoneView, setPhoneView] = useState<PhoneView>(opensOn);
  // Back, Forward and links change the address without a tap on the bar.
  const [lastView, setLastView] = useState(view);
  if (lastView !== view) {
    setLastView(view);
    if (phoneView !== "chat" && phoneView !== "dock") setPhoneView(view);
  }
  const [isQuickOpen, setIsQuickOpen] = useState(false);
  /** Once opened, the code stays as it is beside the other views. */
  const [isCodeOpened, setIsCodeOpened] = useState(view === "code");
  if (view === "code" && !isCodeOpened) setIsCodeOpened(true);
  const [codeLeft, setCodeLeft] = useState<CodeLeft>({ side: "files", asked: 0 });
  const composer = useRef<ComposerHandle>(null);
  // The conversation is drawn first, the app beside it right after: in one piece they are one long task.
  const isWhole = useDeferredValue(true, false);
  const frameRef = useRef<HTMLIFrameElement>(null);
  useViewportHeight();
  useProjectOutPalette(project);
  useActivity(project.id);

  const containers = useQuery({ ...containersQuery(api, project.id, events.during), enabled: isSettled }).data ?? [];
  const tasks = useQuery({ ...tasksQuery(api, project.id, events.during), enabled: isSettled }).data ?? [];
  const tree = useQuery({
    ...treeQuery(api, project.id, events.during),
    enabled: isSettled && project.environment_status !== "provisioning",
  });
  const setup = useQuery(modelSetupQuery);
  const models = useQuery(modelsQuery);

  const chat = useChat(project.id, events, reader.name);
  const rows = useMemo(() => transcriptRows(chat.state), [chat.state]);
  const approvals = useMemo(() => [...openApprovals(chat.state), ...openQuestions(chat.state)], [chat.state]);
  const runs = shownRuns(chat.state);
  const live = liveRun(chat.state);
  const lastRun = runs.at(-1);
  usePageTitle(project.name, approvals.length > 0);
  useDesktopNotices(project.name, { isAsking: approvals.length > 0, isRunning: live !== undefined });

  const [mode, setMode] = useState<EditMode>(() => readEditMode(project.id));
  const chooseMode = useHandler((next: EditMode) => {
    setMode(next);
    keepEditMode(project.id, next);
  });
  const agents = useAgentChoice(project.id);
  const {
    picked: model,
    defaultModel,
    choose: chooseModel,
  } = useModelChoice({
    project,
    agent: agents.picked,
    models: models.data?.items ?? [],
    serverDefault: models.data?.default ?? null,
  });

  const acts = useRuntimeActs(project);
  const container = servingContainer(containers);
  const newsOf = useContainerNews(events);
  const told = newsOf(container?.id);
  const before = useLastLines(project.id, container?.id, container?.status === "failed" && told.lastLines.length === 0);
  const phase = previewPhase(project, container, tasks, {
    exitCode: container?.exit_code ?? undefined,
    message: container?.status_message ?? undefined,
    lastLines: told.lastLines.length > 0 ? told.lastLines : before,
    restartAt: told.restartAt,
  });
  const pointAt = useHandler((element: PickedElement, path: string) => {
    setLayout({ isFolded: false });
    setPhoneView("chat");
    composer.current?.attachElement(elementFiles(element, { path, directory: container?.directory ?? "." }));
  });
  const preview = usePreview({ projectId: project.id, container, containers, phase: phase.kind, events, frameRef, onPicked: pointAt });
  const problems = currentProblems(preview.reports);
  const files = useOpenFiles(project.id, events);
  const git = useGit(project.id, events, isSettled && !["provisioning", "setup_failed"].includes(project.environment_status));

  const isBeingMade = project.environment_status === "provisioning";
  const isSetupFailed = project.environment_status === "setup_failed";
  const first = useFirstMessage({ project, chat, events });

  const openDock = useHandler((tab: DockTab) => {
    setLayout({ isDockOpen: true, dockTab: tab });
    setPhoneView("dock");
  });
  /** Whose lines the logs show; the first container's unless somebody chose. */
  const [logsOf, setLogsOf] = useState<string>();
  const openLogs = useHandler((containerId?: string) => {
    if (containerId) setLogsOf(containerId);
    openDock("logs");
  });
  const show = useHandler((next: View) => {
    onView(next);
    setPhoneView(next);
  });
  const openFile = useHandler((place: string) => {
    files.open(place);
    setIsQuickOpen(false);
    show("code");
  });
  const fix = useHandler((message: string) => {
    setLayout({ isFolded: false });
    setPhoneView("chat");
    void chat.send(message, { editMode: mode, model, agentId: agents.picked?.id }).then((failure) => {
      if (failure) composer.current?.write(message, failure.message);
    });
  });
  const compose = useHandler((text: string) => {
    setLayout({ isFolded: false });
    setPhoneView("chat");
    composer.current?.write(text);
  });
  const choosePhoneView = (next: PhoneView) => {
    setPhoneView(next);
    if (next !== "chat" && next !== "dock") onView(next);
  };

  const {
    deploys,
    subject: deploySubject,
    setSubject: setDeploySubject,
  } = useProjectDeploys({
    projectId: project.id,
    events,
    openFile,
    compose,
    onShow: (id) => {
      onDeployment(id);
      setPhoneView("deploys");
    },
  });
  const isDeployNext =
    (view === "preview" || view === "code") && phase.kind === "running" && approvals.length === 0 && isUnshipped(lastRun, deploys.list);

  const runActs = useRunActs({
    projectId: project.id,
    chat,
    events,
    tasks,
    onReview: (taskId) => {
      onReview(taskId);
      setPhoneView("review");
    },
  });

  const { more } = useWorkbenchCommands({
    tree: tree.data,
    view,
    layout,
    setLayout,
    show,
    openDock,
    openFile,
    quickOpen: () => setIsQuickOpen(true),
    searchFiles: () => {
      setCodeLeft((last) => ({ side: "search", asked: last.asked + 1 }));
      show("code");
    },
    deploy: () => deploys.openForm(),
    stopRun: () => void chat.stop(),
    hasLiveRun: live !== undefined,
    acts,
  });

  // The editor is fetched once the page has come to rest, so that the first click on Code is quick.
  useEffect(() => whenIdle(preloads), []);

  const runMarks = useMemo(
    () => marksOf(lastRun ? partsOf(lastRun).flatMap((part) => (part.kind === "tool" ? part.edits : [])) : []),
    [lastRun],
  );
  const isUnconnected = setup.data !== undefined && !setup.data.configured && !setup.data.demo;
  const pane = renderPane(view, { project, containers, events, acts, openFile, openDock, openLogs, show, compose, ask: fix });
  const openTask = tasks.find((task) => task.status === "running" || task.status === "queued");
  return (
    <RunActsContext value={runActs.acts}>
      <DeploysContext value={deploys}>
        <main
          id="main"
          tabIndex={-1}
          className="workbench flex-1 outline-none"
          data-phone-view={phoneView}
          data-folded={layout.isFolded || undefined}
          style={{ ...(!layout.isFolded && { "--chat-width": `${layout.chatPx}px` }) } as CSSProperties}
        >
          <WorkbenchTop
            project={project}
            containers={containers}
            acts={acts}
            approvalCount={approvals.length}
            tasks={tasks}
            isDeployNext={isDeployNext}
          />
          <div className="workbench-chat" data-region="chat">
            <div className="workbench-talk h-full">
              <PanelBoundary title="The conversation broke">
                <ChatColumn
                  projectId={project.id}
                  tree={tree.data}
                  chat={chat}
                  events={events}
                  rows={rows}
                  reader={reader}
                  mode={mode}
                  waiting={first}
                  onMode={chooseMode}
                  models={models.data?.items ?? []}
                  agents={agents}
                  defaultModel={defaultModel}
                  model={model}
                  onModel={chooseModel}
                  blockedBy={
                    isSetupFailed
                      ? "Setting up the project failed. Retry the setup first."
                      : first
                        ? "The first message is sent as soon as the project is ready."
                        : isBeingMade
                          ? "The project is still being made."
                          : undefined
                  }
                  notice={
                    isUnconnected && setup.data ? (
                      <Suspense fallback={null}>
                        <ModelNotice setup={setup.data} />
                      </Suspense>
                    ) : undefined
                  }
                  tail={
                    isBeingMade ? (
                      <SetupRow title="Making the project" task={openTask} />
                    ) : isSetupFailed ? (
                      <SetupFailedRow isRetrying={acts.isRetryingSetup} onRetry={acts.retrySetup} isWaiting={first !== undefined} />
                    ) : phase.kind === "starting" && !live ? (
                      <SetupRow title="Starting the app" task={phase.task} />
                    ) : null
                  }
                  suggestions={suggestions}
                  onFold={() => setLayout({ isFolded: true })}
                  composer={composer}
                />
              </PanelBoundary>
            </div>
            <FoldedThread rows={rows} onUnfold={() => setLayout({ isFolded: false })} />
            {layout.isFolded ? null : (
              <ResizeEdge
                label="Width of the conversation"
                orientation="vertical"
                valuePx={layout.chatPx}
                minPx={chatWidth.min}
                maxPx={chatWidth.max}
                defaultPx={chatWidth.initial}
                growsForward
                onChange={(chatPx) => setLayout({ chatPx })}
                className="workbench-edge inset-y-0 -right-1"
              />
            )}
          </div>
          <section
            aria-label="App and code"
            data-region="sheet"
            className="workbench-sheet on-sheet flex flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1"
          >
            {isWhole ? (
              <>
                <ViewTabs view={view} hrefOf={hrefOf} onView={show} counts={{ git: git.status?.changes.length ?? 0 }} />
                <div className={phoneView === "dock" ? "flex min-h-0 flex-1 flex-col narrow:hidden" : "flex min-h-0 flex-1 flex-col"}>
                  <div className={view === "preview" ? "flex min-h-0 flex-1 flex-col" : "hidden"}>
                    <PanelBoundary title="The preview broke" resetKeys={[phase.kind]}>
                      <PreviewPane
                        preview={preview}
                        frameRef={frameRef}
                        phase={phase}
                        container={container}
                        onProblems={() => openDock("problems")}
                        share={container ? <SharePreviewButton projectId={project.id} container={container} events={events} /> : null}
                        acts={{
                          start: () => void acts.start(),
                          restart: acts.restart,
                          showLogs: () => openLogs(container?.id),
                          fix: (lines, exitCode) => fix(fixCrashMessage(container?.name ?? "app", exitCode, lines)),
                          isStarting: acts.isStarting,
                          retrySetup: acts.retrySetup,
                          isRetryingSetup: acts.isRetryingSetup,
                        }}
                      />
                    </PanelBoundary>
                    <Scrubber rows={rows} isLive={live !== undefined} />
                  </div>
                  <Activity mode={view === "code" ? "visible" : "hidden"}>
                    <PanelBoundary title="The code view broke" resetKeys={[files.activePath]}>
                      {isCodeOpened ? (
                        <Suspense fallback={<PaneSkeleton />}>
                          <CodePane
                            projectId={project.id}
                            tree={tree.data}
                            treeError={tree.error ? sentenceOf(tree.error) : undefined}
                            onRetryTree={() => void tree.refetch()}
                            files={files}
                            marks={git.marks ?? runMarks}
                            onQuickOpen={() => setIsQuickOpen(true)}
                            left={codeLeft}
                            onLeft={setCodeLeft}
                          />
                        </Suspense>
                      ) : null}
                    </PanelBoundary>
                  </Activity>
                  {pane ? (
                    <PanelBoundary title={`${lookOf(view).label} broke`} resetKeys={[view]}>
                      <Suspense fallback={<PaneSkeleton />}>{pane}</Suspense>
                    </PanelBoundary>
                  ) : null}
                </div>
                {layout.isDockOpen ? (
                  <div
                    data-region="dock"
                    className={
                      phoneView === "dock"
                        ? "relative flex-none border-t border-line-0 narrow:h-auto! narrow:flex-1"
                        : "relative flex-none border-t border-line-0 narrow:hidden"
                    }
                    style={{ height: layout.dockPx }}
                  >
                    <ResizeEdge
                      label="Height of the dock"
                      orientation="horizontal"
                      valuePx={layout.dockPx}
                      minPx={dockHeight.min}
                      maxPx={dockHeight.max}
                      defaultPx={dockHeight.initial}
                      growsForward={false}
                      onChange={(dockPx) => setLayout({ dockPx })}
                      className="workbench-edge inset-x-0 -top-1"
                    />
                    <PanelBoundary title="The dock broke" resetKeys={[layout.dockTab]}>
                      <Suspense fallback={<PaneSkeleton />}>
                        <Dock
                          project={project}
                          tab={layout.dockTab}
                          onTab={(dockTab) => setLayout({ dockTab })}
                          onClose={() => {
                            setLayout({ isDockOpen: false });
                            if (phoneView === "dock") choosePhoneView(view);
                          }}
                          containers={containers}
                          logsOf={logsOf}
                          onLogsOf={setLogsOf}
                          preview={preview}
                          isAgentBusy={live !== undefined}
                          onStart={() => void acts.start()}
                          onFix={fix}
                          onOpenFile={openFile}
                          onCompose={compose}
                        />
                      </Suspense>
                    </PanelBoundary>
                  </div>
                ) : null}
              </>
            ) : null}
          </section>
          <div className="workbench-status">
            {isWhole ? (
              <StatusBar
                containers={containers}
                problemCount={problems.length}
                onProblems={() => openDock("problems")}
                onLogs={openLogs}
                onRestart={acts.restartContainer}
                run={lastRun}
                isLive={live !== undefined}
                stream={events.state}
                git={<GitFacts status={git.status} onOpen={() => show("git")} />}
              />
            ) : null}
          </div>
          <PhoneViews current={phoneView} onChoose={choosePhoneView} hasNews={approvals.length > 0} more={more} />
          {isQuickOpen && tree.data ? (
            <Suspense fallback={null}>
              <QuickOpen tree={tree.data} recent={files.paths} isOpen onOpenChange={setIsQuickOpen} onPick={openFile} />
            </Suspense>
          ) : null}
        </main>
        {deploySubject ? (
          <Suspense fallback={null}>
            <DeployDrawer subject={deploySubject} containers={containers} onSubject={setDeploySubject} />
          </Suspense>
        ) : null}
      </DeploysContext>
      {runActs.target ? (
        <Suspense fallback={null}>
          <GoBackDialog
            projectId={project.id}
            target={runActs.target}
            state={chat.state}
            onClose={runActs.close}
            onGoBack={runActs.goBack}
          />
        </Suspense>
      ) : null}
    </RunActsContext>
  );
}

/** While a view's code comes. */
const PaneSkeleton = () => (
  <div role="status" aria-label="Loading" className="grid min-h-0 flex-1 content-start gap-3 p-4">
    <Skeleton className="h-7 w-56" />
    <Skeleton className="h-32" />
    <Skeleton className="h-32" />
  </div>
);

/** What the newest run did to each file, as a letter. */
function marksOf(edits: readonly { path: string; op: string; new_path?: string }[]): ReadonlyMap<string, FileMark> {
  const marks = new Map<string, FileMark>();
  for (const edit of edits) {
    if (edit.op === "delete") marks.set(edit.path, "D");
    else if (edit.op === "move") marks.set(edit.new_path ?? edit.path, "A");
    else if (!(marks.get(edit.path) === "A")) marks.set(edit.path, edit.op === "add" ? "A" : "M");
  }
  return marks;
}

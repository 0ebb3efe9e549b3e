import type { Container } from "@tesslate/contract";
import { useEffect, useReducer, useRef, useState, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectEvent } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { commandMessage, pathTyped, readBridge, withNonce, type BridgeCommand, type PickedElement } from "./bridge.ts";
import { noNews, type ContainerNews, type PreviewPhase } from "./preview-phase.ts";
import { currentProblems, noReports, reportsReducer, type ReportAction, type Reports } from "./problems.ts";
import { useKeptFocus } from "./use-kept-focus.ts";
import { usePageLoad, type PageLoad } from "./use-page-load.ts";

export interface PreviewFrame {
  src: string;
  origin: string;
  nonce: string;
}
export interface Preview {
  frame: PreviewFrame | undefined;
  /** The path of the page, as it reports it. */
  path: string;
  title: string | undefined;
  /** The page's bridge has reported in. */
  isBridged: boolean;
  load: PageLoad;
  /** The frame has loaded a document. */
  frameLoaded: () => void;
  /** Shows the page as it is, however far it is. */
  showPage: () => void;
  /** The cookie is missing in the frame: this browser blocks cookies in frames of another site. */
  isShutOut: boolean;
  ticketError: unknown;
  /** Sends a command to the page; without a bridge the frame is loaded again. */
  command: (command: BridgeCommand) => void;
  /** Opens the input of the URL bar; false if it is on another host. */
  go: (typed: string) => boolean;
  /** Loads the preview with a new ticket. */
  enter: () => void;
  /** Opens a new tab, where its cookie is a first-party one. */
  openOutside: () => void;
  /** The person is selecting an element of the page. */
  isPicking: boolean;
  /** The page is not ready for it yet: a click would be one on the app. */
  isPickStarting: boolean;
  /** Starts or ends selecting. */
  pick: () => void;
  /** The element that the person selected, with the path of its page. */
  selection: ElementSelection | undefined;
  deselect: () => void;
  reports: Reports;
  report: (action: ReportAction) => void;
  /** The agent has changed files: the page is loading again, which shows whether its errors are fixed. */
  isChecking: boolean;
}

export interface ElementSelection {
  /** Another one for each selection. */
  id: string;
  element: PickedElement;
  path: string;
  /** The document that shows it. */
  document: string | undefined;
}

/** The details of the last status event of each container. */
export function useContainerNews(): (containerId: string | undefined) => ContainerNews {
  const [news, setNews] = useState<Record<string, ContainerNews>>({});
  useProjectEvent("container_status", (data, { ts: at }) => {
    const { container_id: id, exit_code: exitCode, message, last_lines: lastLines, restart_at: restartAt, restarts } = data;
    setNews((known) => ({
      ...known,
      [id]: { exitCode: exitCode ?? undefined, message, lastLines: lastLines ?? [], restartAt, at, restarts },
    }));
  });
  return (containerId) => (containerId ? (news[containerId] ?? noNews) : noNews);
}

/** A page that does not report in after this long counts as it was. */
const longestCheckMs = 5_000;
/** A page that cannot start selecting within this time is left as it is. */
const longestPickStartMs = 10_000;
/** How often in a row a page is loaded again because files changed while it loaded. */
const mostLateReloads = 3;
const lastLineCount = 20;
/** Stored lines arrive together; after this long without a line they are complete. */
const lastLinesMs = 400;

/** The last log lines of a container that crashed before this page was open. */
export function useLastLines(projectId: string, containerId: string | undefined, isWanted: boolean): readonly string[] {
  const { api } = useServices();
  const [found, setFound] = useState<{ containerId: string; lines: readonly string[] }>();
  useEffect(() => {
    if (!isWanted || !containerId) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      const lines: string[] = [];
      const done = () => {
        setFound({ containerId, lines });
        abort.abort();
      };
      try {
        for await (const event of api.containers.logs(
          { params: { id: projectId, container_id: containerId }, query: { tail: lastLineCount } },
          // The server ends the stream of a container that does not run.
          { signal: abort.signal, onBroken: done },
        )) {
          lines.push(event.data.line);
          clearTimeout(timer);
          timer = setTimeout(done, lastLinesMs);
        }
      } catch {
        // The card is shown without them.
      }
    };
    void read();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, projectId, containerId, isWanted]);
  return found?.containerId === containerId ? (found?.lines ?? []) : [];
}

/** The frame of the running app: its URL, its bridge and its reports. */
export function usePreview({
  projectId,
  container,
  containers,
  phase,
  frameRef,
}: {
  projectId: string;
  containers: readonly Container[];
  container: Container | undefined;
  phase: PreviewPhase["kind"];
  frameRef: RefObject<HTMLIFrameElement | null>;
}): Preview {
  const { api } = useServices();
  const [frame, setFrame] = useState<PreviewFrame>();
  const [ticketError, setTicketError] = useState<unknown>();
  const [place, setPlace] = useState<{ path: string; title: string | undefined }>({ path: "/", title: undefined });
  const [isBridged, setIsBridged] = useState(false);
  const [isShutOut, setIsShutOut] = useState(false);
  const [picking, setPicking] = useState<"off" | "starting" | "on">("off");
  const isPicking = picking !== "off";
  const [selection, setSelection] = useState<ElementSelection>();
  const loadedDocument = useRef<string>(undefined);
  const [entry, setEntry] = useState({ count: 0, path: "/" });
  const [reports, report] = useReducer(reportsReducer, noReports);
  const [isChecking, setIsChecking] = useState(false);
  const hasAgentChanged = useRef(false);
  const { load, requested, reported, frameLoaded, show: showPage } = usePageLoad();
  /** The last document that has shown something. */
  const paintedDocument = useRef<string>(undefined);
  /** Whether files changed while the document was loading, and how often it was loaded again because of that. */
  const lateChanges = useRef({ isPending: false, reloads: 0 });

  const containerId = container?.id;
  const isRunning = phase === "running";
  const wanted = entry.path;
  useEffect(() => {
    if (!isRunning || !containerId) return undefined;
    const abort = new AbortController();
    const enter = async () => {
      try {
        const { url } = await api.previews.ticket(
          { params: { id: projectId }, body: { container_id: containerId, path: wanted } },
          { signal: abort.signal },
        );
        const nonce = crypto.randomUUID();
        requested();
        loadedDocument.current = undefined;
        paintedDocument.current = "none";
        lateChanges.current = { isPending: false, reloads: 0 };
        setIsBridged(false);
        setIsShutOut(false);
        setPicking("off");
        setSelection(undefined);
        setTicketError(undefined);
        report({ type: "restarted" });
        setIsChecking(false);
        setFrame({ src: withNonce(url, nonce), origin: new URL(url, location.href).origin, nonce });
      } catch (error) {
        if (!abort.signal.aborted) setTicketError(error);
      }
    };
    void enter();
    return () => abort.abort();
  }, [api, projectId, containerId, isRunning, wanted, entry, requested]);

  const post = (given: BridgeCommand): boolean => {
    const peer = frameRef.current?.contentWindow;
    if (!peer || !frame) return false;
    peer.postMessage(commandMessage(given, frame.nonce), frame.origin);
    return true;
  };
  // A page takes hot updates once its scripts run, and never learns of files that changed between its request and then.
  const painted = (loaded: string | undefined) => {
    paintedDocument.current = loaded;
    const { isPending, reloads } = lateChanges.current;
    const isReloaded = isPending && reloads < mostLateReloads;
    lateChanges.current = { isPending: false, reloads: isReloaded ? reloads + 1 : 0 };
    if (isReloaded) post({ type: "reload" });
  };
  const startPicking = () => {
    setPicking("starting");
    post({ type: "pick", isOn: true, directory: container?.directory ?? "." });
  };
  const stopPicking = () => {
    setPicking("off");
    post({ type: "pick", isOn: false, directory: "." });
  };
  const { onPressed } = useKeptFocus(frameRef, isBridged && !isPicking);
  const onMessage = useHandler((event: MessageEvent) => {
    if (!frame) return;
    const message = readBridge(event, { window: frameRef.current?.contentWindow, origin: frame.origin, nonce: frame.nonce });
    if (!message) return;
    if (message.type === "pressed") {
      onPressed();
      return;
    }
    if (message.type === "pick_started") {
      if (isPicking) setPicking("on");
      else stopPicking();
      return;
    }
    if (message.type === "picked" || message.type === "pick_over") {
      // Only while selecting: a page cannot select on its own.
      if (message.type === "picked" && isPicking)
        setSelection({ id: crypto.randomUUID(), element: message.element, path: place.path, document: loadedDocument.current });
      else setPicking("off");
      return;
    }
    // A page that loads again, such as after a change of its files, is still to be selected from.
    if (message.document !== loadedDocument.current && isPicking) startPicking();
    loadedDocument.current = message.document;
    if (message.type === "ready" && selection && selection.document !== message.document) {
      const isSamePage = message.path.split("#")[0] === selection.path.split("#")[0];
      if (isSamePage) post({ type: "reselect", selector: selection.element.selector });
      setSelection(isSamePage ? { ...selection, document: message.document } : undefined);
    }
    setIsShutOut(message.page === "unauthorized");
    setIsBridged(true);
    reported(message);
    if (message.type === "painted") painted(message.document);
    setPlace({ path: message.path, title: message.title });
  });
  useEffect(() => {
    addEventListener("message", onMessage);
    return () => removeEventListener("message", onMessage);
  }, [onMessage]);

  const nameOf = (id: string) => containers.find((candidate) => candidate.id === id)?.name ?? "unknown container";
  useProjectEvent("log_problem", (problem, { ts }) =>
    report({ type: "log", problem, containerName: nameOf(problem.container_id), at: ts }),
  );
  useProjectEvent("preview_report", (data, { seq, ts }) => {
    report({ type: "report", report: data, seq, at: ts });
    if (data.kind === "navigation") setIsChecking(false);
  });
  useProjectEvent("container_status", () => setIsChecking(false));
  useProjectEvent("file_changed", ({ by, branch_id }) => {
    if (branch_id !== undefined || by === "process") return;
    if (by === "agent") hasAgentChanged.current = true;
    if (frame && loadedDocument.current !== paintedDocument.current) lateChanges.current.isPending = true;
  });
  useEffect(() => {
    if (!isChecking) return undefined;
    const timer = setTimeout(() => setIsChecking(false), longestCheckMs);
    return () => clearTimeout(timer);
  }, [isChecking]);

  useEffect(() => {
    if (picking !== "starting") return undefined;
    const timer = setTimeout(() => setPicking("off"), longestPickStartMs);
    return () => clearTimeout(timer);
  }, [picking]);

  const enter = useHandler((path?: string) =>
    setEntry((last) => ({ count: last.count + 1, path: path ?? (place.path.startsWith("/") ? place.path : "/") })),
  );
  const command = useHandler((given: BridgeCommand) => {
    if (isBridged && post(given)) return;
    if (given.type === "navigate") enter(given.path);
    else if (given.type === "reload") enter();
  });
  // Hot updates do not report whether they fixed an error, so a page with errors is loaded again after the run.
  useProjectEvent("done", () => {
    const isNeeded = hasAgentChanged.current && (phase === "crashed" || currentProblems(reports).length > 0);
    hasAgentChanged.current = false;
    if (!isNeeded) return;
    setIsChecking(true);
    if (isRunning) command({ type: "reload" });
  });
  const pick = useHandler(() => {
    if (!isBridged) return;
    setSelection(undefined);
    if (isPicking) {
      stopPicking();
      return;
    }
    startPicking();
    // The page handles the keys: arrows, Enter, Escape.
    frameRef.current?.focus();
  });
  const deselect = useHandler(() => {
    setSelection(undefined);
    if (isBridged) post({ type: "deselect" });
  });
  const go = useHandler((typed: string): boolean => {
    const path = frame ? pathTyped(typed, frame.origin) : undefined;
    if (path === undefined) return false;
    setPlace({ path, title: place.title });
    command({ type: "navigate", path });
    return true;
  });
  const openOutside = useHandler(() => {
    // Opened at once, since a window opened later would be blocked; it gets no opener.
    const tab = window.open("about:blank", "_blank");
    if (tab) tab.opener = null;
    void api.previews
      .ticket({
        params: { id: projectId },
        body: { ...(containerId && { container_id: containerId }), path: place.path.startsWith("/") ? place.path : "/" },
      })
      .then(({ url }) => {
        if (tab) tab.location.replace(url);
        else location.assign(url);
      })
      .catch((error: unknown) => {
        tab?.close();
        setTicketError(error);
      });
  });

  return {
    frame,
    path: place.path,
    title: place.title,
    isBridged,
    load,
    frameLoaded,
    showPage,
    isShutOut,
    ticketError,
    command,
    go,
    enter,
    openOutside,
    isPicking,
    isPickStarting: picking === "starting",
    pick,
    selection,
    deselect,
    reports,
    report,
    isChecking,
  };
}

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type ITheme } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { isPopupFocused } from "../../lib/open-dialog.ts";
import { placeLinks } from "../../lib/place-links.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { createTerminalLink, type LinkState, type TerminalLink } from "./terminal-link.ts";

/** By token of the theme. */
const xtermColors: Record<string, keyof ITheme> = {
  bg: "background",
  fg: "foreground",
  cursor: "cursor",
  selection: "selectionBackground",
  black: "black",
  red: "red",
  green: "green",
  yellow: "yellow",
  blue: "blue",
  magenta: "magenta",
  cyan: "cyan",
  white: "white",
  "bright-black": "brightBlack",
  "bright-red": "brightRed",
  "bright-green": "brightGreen",
  "bright-yellow": "brightYellow",
  "bright-blue": "brightBlue",
  "bright-magenta": "brightMagenta",
  "bright-cyan": "brightCyan",
  "bright-white": "brightWhite",
};
/** The terminal colors of the current theme, for xterm. */
function terminalTheme(): ITheme {
  const styles = getComputedStyle(document.documentElement);
  const theme = Object.fromEntries(
    Object.entries(xtermColors).map(([token, name]) => [name, styles.getPropertyValue(`--term-${token}`).trim()]),
  ) as ITheme;
  return { ...theme, cursorAccent: theme.background ?? "" };
}

/** Keys that an on-screen keyboard lacks. */
const touchKeys: readonly { label: string; name: string; sends: string }[] = [
  { label: "Esc", name: "Esc", sends: "\u001b" },
  { label: "Tab", name: "Tab", sends: "\t" },
  { label: "^C", name: "Control C", sends: "\u0003" },
  { label: "^D", name: "Control D", sends: "\u0004" },
  { label: "↑", name: "Up", sends: "\u001b[A" },
  { label: "↓", name: "Down", sends: "\u001b[B" },
  { label: "←", name: "Left", sends: "\u001b[D" },
  { label: "→", name: "Right", sends: "\u001b[C" },
];

const longestQuote = 6000;
/** The selection as quoted in the message. */
const quoted = (text: string): string => `From the terminal:\n\n\`\`\`\n${text.slice(-longestQuote)}\n\`\`\`\n`;

/** A terminal connected to one shell session. A new `sessionId` replaces the connection; there is never a second socket. */
export function TerminalView({
  sessionId,
  folder,
  isVisible,
  isFile,
  onOpenFile,
  onCompose,
  onReopen,
}: {
  sessionId: string;
  /** The shell's initial folder in the tree. */
  folder: string;
  isVisible: boolean;
  isFile: (path: string) => boolean;
  onOpenFile: (place: string) => void;
  /** Puts text into the composer, for the person to send. */
  onCompose: (text: string) => void;
  onReopen: () => void;
}) {
  const { openSocket } = useServices();
  const box = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const parts = useRef<{ terminal: Terminal; fit: FitAddon; find: SearchAddon }>(undefined);
  const link = useRef<TerminalLink>(undefined);
  const [{ state, reason }, setLinkState] = useState<{ state: LinkState; reason: string | undefined }>({
    state: "attaching",
    reason: undefined,
  });
  const [isFinding, setIsFinding] = useState(false);
  const [hasSelection, setHasSelection] = useState(false);
  const [query, setQuery] = useState("");
  const findBox = useRef<HTMLInputElement>(null);

  const currentFolder = useHandler(() => folder);
  const hasFile = useHandler(isFile);
  const openPlace = useHandler(onOpenFile);
  useEffect(() => {
    if (!host.current) return undefined;
    const styles = getComputedStyle(document.documentElement);
    const terminal = new Terminal({
      fontFamily: styles.getPropertyValue("--font-mono").trim(),
      fontSize: 12,
      lineHeight: 1.35,
      scrollback: 10_000,
      cursorBlink: false,
      theme: terminalTheme(),
      allowProposedApi: true,
      macOptionIsMeta: true,
    });
    const fit = new FitAddon();
    const find = new SearchAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(find);
    terminal.loadAddon(
      new WebLinksAddon((_, uri) => {
        const tab = window.open(uri, "_blank", "noopener,noreferrer");
        tab?.focus();
      }),
    );
    terminal.registerLinkProvider(placeLinks(terminal, { base: currentFolder, isFile: hasFile, open: openPlace }));
    terminal.open(host.current);
    parts.current = { terminal, fit, find };
    const marked = terminal.onSelectionChange(() => setHasSelection(terminal.hasSelection()));
    const typed = terminal.onData((data) => link.current?.type(data));
    const sized = terminal.onResize(({ cols, rows }) => link.current?.resize(cols, rows));
    // Shortcuts of the workbench are not sent to the shell.
    terminal.attachCustomKeyEventHandler(
      (event) =>
        !(event.ctrlKey && !event.shiftKey && !event.altKey && (event.code === "Backquote" || event.code === "KeyF")) &&
        !(event.metaKey && event.code === "KeyF"),
    );
    const observer = new ResizeObserver(() => {
      if (host.current && host.current.clientHeight > 0) fit.fit();
    });
    observer.observe(host.current);
    const themes = new MutationObserver(() => {
      terminal.options.theme = terminalTheme();
    });
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style", "class"] });
    return () => {
      observer.disconnect();
      themes.disconnect();
      marked.dispose();
      typed.dispose();
      sized.dispose();
      terminal.dispose();
      parts.current = undefined;
    };
  }, [currentFolder, hasFile, openPlace]);

  useEffect(() => {
    const made = createTerminalLink({
      open: () => openSocket(`/api/shell/ws/${encodeURIComponent(sessionId)}`),
      onAttach: () => parts.current?.terminal.reset(),
      onOutput: (data) => parts.current?.terminal.write(data),
      onState: (next, why) => setLinkState({ state: next, reason: why }),
    });
    link.current = made;
    setLinkState({ state: made.getState(), reason: undefined });
    const terminal = parts.current?.terminal;
    if (terminal) made.resize(terminal.cols, terminal.rows);
    addEventListener("online", made.retryNow);
    return () => {
      removeEventListener("online", made.retryNow);
      made.detach();
      if (link.current === made) link.current = undefined;
    };
  }, [openSocket, sessionId]);

  useEffect(() => {
    if (!isVisible) return;
    parts.current?.fit.fit();
    // A terminal that loads late must not take the focus from an open menu or dialog: it would close.
    if (!isPopupFocused()) parts.current?.terminal.focus();
  }, [isVisible, sessionId]);

  const findText = useHandler((text: string, isBackward: boolean) => {
    const find = parts.current?.find;
    if (!find || text === "") return;
    if (isBackward) find.findPrevious(text);
    else find.findNext(text);
  });
  useShortcuts(
    {
      "terminal.find": () => {
        setIsFinding(true);
        requestAnimationFrame(() => findBox.current?.select());
      },
    },
    box,
  );
  const closeFind = () => {
    setIsFinding(false);
    parts.current?.find.clearDecorations();
    parts.current?.terminal.focus();
  };

  return (
    <div ref={box} className="relative flex h-full min-h-0 flex-col overflow-clip bg-term-bg">
      <div ref={host} className="min-h-0 flex-1 px-3 pt-2" />
      <div role="toolbar" aria-label="Terminal keys" className="hidden flex-none grid-cols-8 border-t border-line-0 bg-bg-1 narrow:grid">
        {touchKeys.map(({ label, name, sends }) => (
          <button
            key={name}
            type="button"
            aria-label={name}
            className="h-11 font-mono text-sm text-fg-0 active:bg-bg-3"
            // Keeps the focus in the terminal, so that the on-screen keyboard stays open.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => link.current?.type(sends)}
          >
            {label}
          </button>
        ))}
      </div>
      {isFinding ? (
        <form
          role="search"
          className="absolute top-1.5 right-4 flex items-center gap-1 rounded-2 border border-line-0 bg-bg-1 p-1 shadow-2"
          onSubmit={(event) => {
            event.preventDefault();
            findText(query, true);
          }}
        >
          <Input
            ref={findBox}
            size="sm"
            aria-label="Find in terminal"
            placeholder="Find"
            value={query}
            autoFocus
            onChange={(event) => {
              setQuery(event.target.value);
              findText(event.target.value, true);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              closeFind();
            }}
          />
          <IconButton size="sm" label="Previous match" onClick={() => findText(query, true)}>
            <ChevronUp size={14} />
          </IconButton>
          <IconButton size="sm" label="Next match" onClick={() => findText(query, false)}>
            <ChevronDown size={14} />
          </IconButton>
          <IconButton size="sm" label="Close search" onClick={closeFind}>
            <X size={14} />
          </IconButton>
        </form>
      ) : null}
      {hasSelection && !isFinding ? (
        // Positioned absolutely: a terminal loses its selection when it is resized.
        <div className="absolute top-1.5 right-4 rounded-2 bg-bg-1 shadow-2">
          <Button
            size="sm"
            onClick={() => {
              const text = parts.current?.terminal.getSelection().trim() ?? "";
              if (text !== "") onCompose(quoted(text));
              parts.current?.terminal.clearSelection();
            }}
          >
            Add to chat
          </Button>
        </div>
      ) : null}
      {state === "attached" ? null : (
        <div
          role="status"
          className="absolute right-4 bottom-2 flex items-center gap-2 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-1.5 text-xs text-fg-1 shadow-1"
        >
          {state === "attaching" ? (
            "Connecting…"
          ) : state === "reconnecting" ? (
            <>
              Reconnecting…
              <Button size="sm" onClick={() => link.current?.retryNow()}>
                Retry now
              </Button>
            </>
          ) : (
            <>
              {reason ?? "The terminal process exited."}
              <Button size="sm" onClick={onReopen}>
                New terminal
              </Button>
            </>
          )}
        </div>
      )}
    </div>
  );
}

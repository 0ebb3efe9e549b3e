import { CaseSensitive, ChevronDown, ChevronRight, Regex, RotateCw, Search } from "lucide-react";
import { Suspense, useDeferredValue, useEffect, useRef, useState } from "react";
import { lazyComponent } from "../../../lib/chunks.ts";
import { counted } from "../../../lib/counted.ts";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { Input } from "../../../ui/Input.tsx";
import { Spinner } from "../../../ui/Spinner.tsx";
import { SearchResults } from "./SearchResults.tsx";
import { useSearch, type SearchState } from "./use-search.ts";

const ReplaceDialog = lazyComponent(async () => (await import("./ReplaceDialog.tsx")).ReplaceDialog);

export interface SearchPanelProps {
  projectId: string;
  /** `path:line:column`. */
  onOpen: (place: string) => void;
  /** Grows each time the search is requested: the field then takes the focus. */
  asked: number;
  /** Saves the editor's changes, so that they are found and not overwritten. */
  onFlush: () => Promise<void>;
}

/** Searches all files while typing, and replaces after a preview of the changes. */
export function SearchPanel({ projectId, onOpen, asked, onFlush }: SearchPanelProps) {
  const [text, setText] = useState("");
  const [by, setBy] = useState("");
  const [glob, setGlob] = useState("");
  const [isRegex, setIsRegex] = useState(false);
  const [isCaseSensitive, setIsCaseSensitive] = useState(false);
  const [isReplacing, setIsReplacing] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const [round, setRound] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const wanted = useDeferredValue(text);
  const options = { text: wanted, isRegex, isCaseSensitive };
  const state = useSearch(projectId, { ...options, glob: useDeferredValue(glob) }, round);
  useEffect(() => field.current?.select(), [asked]);
  const ask = async () => {
    await onFlush();
    setIsAsking(true);
  };
  return (
    <section aria-label="Search in files" className="flex h-full min-h-0 flex-col">
      <div className="flex flex-none gap-0.5 py-1.5 pr-1.5" role="search" aria-label="All files">
        <IconButton
          size="sm"
          label={isReplacing ? "Hide replace" : "Replace"}
          aria-expanded={isReplacing}
          onClick={() => setIsReplacing(!isReplacing)}
        >
          {isReplacing ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
        </IconButton>
        <div className="grid min-w-0 flex-1 gap-1">
          <Input
            ref={field}
            size="sm"
            isSoft
            autoFocus
            className="min-w-0"
            aria-label="Search for"
            placeholder="Search"
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value.replaceAll(/[\r\n]/g, ""))}
            onKeyDown={(event) => event.key === "Enter" && setRound(round + 1)}
            trailing={
              <span className="-mr-1.5 flex">
                <IconButton size="sm" label="Match case" isOn={isCaseSensitive} onClick={() => setIsCaseSensitive(!isCaseSensitive)}>
                  <CaseSensitive size={14} />
                </IconButton>
                <IconButton size="sm" label="Regular expression" isOn={isRegex} onClick={() => setIsRegex(!isRegex)}>
                  <Regex size={14} />
                </IconButton>
              </span>
            }
          />
          {isReplacing ? (
            <div className="flex gap-1">
              <Input
                size="sm"
                isSoft
                className="min-w-0"
                aria-label="Replace with"
                placeholder={isRegex ? "Replace with ($1 is a group)" : "Replace with"}
                spellCheck={false}
                autoComplete="off"
                value={by}
                onChange={(event) => setBy(event.target.value)}
                onKeyDown={(event) => event.key === "Enter" && state.found.length > 0 && void ask()}
              />
              <Button size="sm" className="h-7" disabled={state.found.length === 0 || state.isRunning} onClick={() => void ask()}>
                Replace all…
              </Button>
            </div>
          ) : null}
          <Input
            size="sm"
            isSoft
            className="min-w-0"
            aria-label="Files to include"
            placeholder="Files, e.g. src/**, !*.css"
            spellCheck={false}
            autoComplete="off"
            value={glob}
            onChange={(event) => setGlob(event.target.value)}
          />
        </div>
      </div>
      {wanted === "" ? (
        <EmptyState title="Search all files" className="p-4!">
          Installed packages and build output are skipped.
        </EmptyState>
      ) : (
        <>
          <Summary text={wanted} state={state} onAgain={() => setRound(round + 1)} />
          {state.found.length > 0 ? (
            <SearchResults key={`${wanted}-${isRegex}-${isCaseSensitive}`} found={state.found} onOpen={onOpen} />
          ) : null}
        </>
      )}
      {isAsking ? (
        <Suspense fallback={null}>
          <ReplaceDialog
            projectId={projectId}
            paths={state.found.map((file) => file.path)}
            options={options}
            by={by}
            onClose={() => setIsAsking(false)}
            onDone={() => setRound((last) => last + 1)}
          />
        </Suspense>
      ) : null}
    </section>
  );
}

const reasons = {
  limit: "Too many results to show. Search for a longer text or enter a file pattern.",
  timeout: "The search timed out. Enter a file pattern to search fewer files.",
  long_lines: "Very long lines were skipped.",
} as const;

function Summary({ text, state, onAgain }: { text: string; state: SearchState; onAgain: () => void }) {
  const hits = state.found.reduce((sum, file) => sum + file.matches.length, 0);
  if (state.failure)
    return (
      <p role="alert" className="px-3 pb-2 text-xs text-err">
        {state.failure}
      </p>
    );
  return (
    <div role="status" className="flex min-h-6 flex-none items-center gap-1.5 px-3 pb-1 text-xs text-fg-2">
      <span className="min-w-0 flex-1">
        {state.done && hits === 0
          ? `No results for “${text}”`
          : hits > 0
            ? `${counted(hits, "match", "matches")} in ${counted(state.found.length, "file")}`
            : null}
        {state.done?.reason ? <span className="block">{reasons[state.done.reason]}</span> : null}
      </span>
      {state.isRunning ? (
        <Spinner word="Searching…" isQuiet />
      ) : (
        <IconButton size="sm" label="Search again" onClick={onAgain}>
          {state.done ? <RotateCw size={12} /> : <Search size={12} />}
        </IconButton>
      )}
    </div>
  );
}

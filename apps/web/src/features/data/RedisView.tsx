import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { RedisValue } from "@tesslate/contract";
import { ArrowLeft, Clock, Play, RotateCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { formatNumber, formatPercent } from "../../lib/numbers.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { CellText } from "./cells.tsx";
import { useDatabase } from "./data-context.ts";
import { infoQuery, valueQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { HistoryMenu } from "./HistoryMenu.tsx";
import { useKeyChanges } from "./use-key-changes.ts";
import { WriteToggle } from "./use-write-permission.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** What is open of a Redis: a key, the console or the figures. */
export function RedisView() {
  const { place } = useDatabase();
  const { panel, key, bytes } = place.search;
  if (panel === "console") return <Console />;
  if (panel === "figures") return <Figures />;
  if (key === undefined)
    return <EmptyState title="Select a key">Its value appears here. The console runs any command that reads, and others once you allow changes.</EmptyState>;
  return <KeyView key={`${bytes} ${key}`} name={key} isBinary={bytes === "hex"} />;
}

function Head({ title, children }: { title: ReactNode; children: ReactNode }) {
  const { place } = useDatabase();
  const isNarrow = useIsNarrow();
  return (
    <header className="flex min-h-10 flex-none flex-wrap items-center gap-1 border-b border-line-0 px-3 py-1 narrow:px-2">
      {isNarrow ? (
        <IconButton size="sm" label="Back to keys" onClick={() => place.change({ panel: undefined, key: undefined, bytes: undefined })}>
          <ArrowLeft size={14} />
        </IconButton>
      ) : null}
      {title}
      <span className="flex-1" />
      {children}
    </header>
  );
}

const lengthOf = ({ type, length }: RedisValue): string | undefined =>
  length === null ? undefined : type === "string" ? formatBytes(length) : counted(length, "entry", "entries");
const expiryOf = (ttlMs: number | null): string => (ttlMs === null ? "Doesn't expire" : `Expires in ${formatDuration(ttlMs)}`);
const fieldNames: Partial<Record<RedisValue["type"], string>> = { hash: "Field", list: "Index", zset: "Member", stream: "ID" };

type Entry = RedisValue["entries"][number];

function KeyView({ name, isBinary }: { name: string; isBinary: boolean }) {
  const { api } = useServices();
  const { params, place, permission } = useDatabase();
  const value = useInfiniteQuery(valueQuery(api, params.id, params.database_id, name, isBinary));
  const apply = useKeyChanges();
  const [failure, setFailure] = useState<ReactNode>();
  const [openEntry, setOpenEntry] = useState<Entry>();
  const [isExpiryOpen, setIsExpiryOpen] = useState(false);
  const first = value.data?.pages[0];
  const entries = value.data?.pages.flatMap((page) => page.entries) ?? [];
  const of = { key: name, ...(isBinary && { is_binary: true }) };
  const remove = async () => {
    setFailure(undefined);
    try {
      if (await apply("Key deleted.", { kind: "delete", ...of })) place.change({ key: undefined, bytes: undefined });
    } catch (error) {
      setFailure(<ErrorSentence of={error} before="Couldn't delete the key." />);
    }
  };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <Head title={<h2 className="min-w-0 truncate font-mono text-sm text-fg-0">{name}</h2>}>
        <IconButton size="sm" label="Refresh value" onClick={() => void value.refetch()}>
          <RotateCw size={14} />
        </IconButton>
        <IconButton size="sm" label="Change expiry" disabled={!first} onClick={() => setIsExpiryOpen(true)}>
          <Clock size={14} />
        </IconButton>
        <IconButton size="sm" label="Delete key" disabled={!first} onClick={() => void remove()}>
          <Trash2 size={14} />
        </IconButton>
        <WriteToggle permission={permission} />
      </Head>
      {failure === undefined ? null : (
        <Banner tone="err" className="m-2 flex-none">
          {failure}
        </Banner>
      )}
      {value.isPending ? (
        <SkeletonRows count={8} label="Loading value…" className="p-4" />
      ) : hasCode(value.error, "not_found") ? (
        <EmptyState title="This key doesn't exist">It expired or was deleted.</EmptyState>
      ) : !first ? (
        <DataError title="Couldn't load the value" of={value} />
      ) : (
        <>
          <p className="num flex flex-none flex-wrap gap-x-3 border-b border-line-0 px-3 py-1.5 text-xs text-fg-2">
            {[
              first.type,
              lengthOf(first),
              expiryOf(first.ttl_ms),
              first.memory_bytes === null ? undefined : `${formatBytes(first.memory_bytes)} in memory`,
              first.encoding ?? undefined,
            ].map((fact) => (fact === undefined ? null : <span key={fact}>{fact}</span>))}
          </p>
          {first.type === "string" && entries[0] ? (
            <StringValue key={entries[0].value} entry={entries[0]} of={of} />
          ) : first.length === null ? (
            <EmptyState title="This type can't be shown">Use the console to read it.</EmptyState>
          ) : (
            <div {...scrollable} role="group" aria-label={`Value of ${name}`} className="min-h-0 flex-1 overflow-auto">
              <table className="w-full border-collapse text-left text-xs" aria-label="Entries">
                <thead>
                  <tr className="border-b border-line-0 text-fg-2">
                    {fieldNames[first.type] ? <th className="w-1/3 px-3 py-1.5 font-medium">{fieldNames[first.type]}</th> : null}
                    <th className="px-3 py-1.5 font-medium">{first.type === "zset" ? "Score" : first.type === "set" ? "Member" : "Value"}</th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map((entry, index) => (
                    <tr key={`${entry.field} ${index}`} className="border-b border-line-0 align-top hover:bg-bg-2 narrow:align-middle">
                      {fieldNames[first.type] ? <td className="max-w-60 truncate px-3 py-1.5 font-mono text-fg-1">{entry.field}</td> : null}
                      <td className="max-w-100 px-3 py-1.5 font-mono narrow:py-0">
                        <button
                          type="button"
                          aria-label={`Open ${entry.field || entry.value.slice(0, 40)}`}
                          className="block w-full min-w-0 truncate text-left text-fg-0 narrow:min-h-11"
                          onClick={() => setOpenEntry(entry)}
                        >
                          <CellText value={entry.value} isTruncated={entry.is_truncated} />
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <ShowMore of={value}>Show more entries</ShowMore>
            </div>
          )}
        </>
      )}
      {openEntry && first ? <EntryDialog entry={openEntry} type={first.type} of={of} onClose={() => setOpenEntry(undefined)} /> : null}
      {isExpiryOpen && first ? <ExpiryDialog ttlMs={first.ttl_ms} of={of} onClose={() => setIsExpiryOpen(false)} /> : null}
    </div>
  );
}

interface KeyRef {
  key: string;
  is_binary?: boolean;
}

function StringValue({ entry, of }: { entry: Entry; of: KeyRef }) {
  const apply = useKeyChanges();
  const [text, setText] = useState(entry.value);
  const [failure, setFailure] = useState<ReactNode>();
  const [isSaving, setIsSaving] = useState(false);
  const canEdit = !entry.is_truncated && !entry.is_binary;
  const save = async () => {
    setIsSaving(true);
    setFailure(undefined);
    try {
      await apply("Value updated.", { kind: "set", ...of, value: text, expected: entry.value });
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    } finally {
      setIsSaving(false);
    }
  };
  return (
    <div className="scroll-y flex min-h-0 flex-1 flex-col gap-2 p-3">
      {canEdit ? null : (
        <Banner tone="warn">{entry.is_binary ? "The value is bytes, not text. Change it with the console." : "The value is too long to show in full. Use GETRANGE in the console to read the rest."}</Banner>
      )}
      <Textarea
        aria-label="Value"
        className="min-h-40 font-mono text-xs"
        maxHeightPx={640}
        readOnly={!canEdit}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {failure === undefined ? null : (
        <p role="alert" className="text-sm text-err">
          {failure}
        </p>
      )}
      {canEdit && text !== entry.value ? (
        <div className="flex gap-2">
          <Button size="sm" variant="primary" isLoading={isSaving} loadingWord="Saving…" onClick={() => void save()}>
            Save value
          </Button>
          <Button size="sm" variant="ghost" onClick={() => setText(entry.value)}>
            Discard changes
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function EntryDialog({ entry, type, of, onClose }: { entry: Entry; type: RedisValue["type"]; of: KeyRef; onClose: () => void }) {
  const apply = useKeyChanges();
  const [text, setText] = useState(entry.value);
  const [failure, setFailure] = useState<ReactNode>();
  const isWhole = !entry.is_truncated && !entry.is_binary;
  const canSave = isWhole && (type === "hash" || type === "list" || type === "zset");
  const canRemove = type === "hash" || type === "zset" || (type === "set" && isWhole);
  const field = type === "set" ? entry.value : entry.field;
  const send = async (sentence: string, value: string | null) => {
    setFailure(undefined);
    try {
      const expected = isWhole && type !== "set" ? { expected: entry.value } : {};
      if (await apply(sentence, { kind: "entry", ...of, field, value, ...expected })) onClose();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={<span className="font-mono">{type === "set" ? "Member" : entry.field}</span>}
      width="2xl"
      footer={
        <>
          {canRemove ? (
            <Button variant="danger" onClick={() => void send("Entry deleted.", null)}>
              Delete entry
            </Button>
          ) : null}
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          {canSave ? (
            <Button variant="primary" disabled={text === entry.value} onClick={() => void send("Entry updated.", text)}>
              Save entry
            </Button>
          ) : null}
        </>
      }
    >
      <Textarea
        aria-label={type === "zset" ? "Score" : "Value"}
        className="font-mono text-xs"
        readOnly={!canSave}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {failure === undefined ? null : (
        <p role="alert" className="pt-2 text-sm text-err">
          {failure}
        </p>
      )}
    </Dialog>
  );
}

function ExpiryDialog({ ttlMs, of, onClose }: { ttlMs: number | null; of: KeyRef; onClose: () => void }) {
  const apply = useKeyChanges();
  const [text, setText] = useState(ttlMs === null ? "" : String(Math.max(1, Math.round(ttlMs / 1000))));
  const [failure, setFailure] = useState<ReactNode>();
  const seconds = Number(text);
  const save = async () => {
    if (text !== "" && !(Number.isInteger(seconds) && seconds >= 1)) return setFailure("Enter whole seconds, from 1.");
    try {
      const sentence = text === "" ? "The key doesn't expire." : `The key expires in ${formatDuration(seconds * 1000)}.`;
      if (await apply(sentence, { kind: "expire", ...of, ttl_ms: text === "" ? null : seconds * 1000 })) onClose();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Change expiry"
      description="Redis deletes the key after this time. Leave it empty to keep the key."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" onClick={() => void save()}>
            Save expiry
          </Button>
        </>
      }
    >
      <Input aria-label="Seconds" inputMode="numeric" placeholder="3600" value={text} onChange={(event) => setText(event.target.value.trim())} />
      {failure === undefined ? null : (
        <p role="alert" className="pt-2 text-sm text-err">
          {failure}
        </p>
      )}
    </Dialog>
  );
}

interface Line {
  command: string;
  text: string;
  isError: boolean;
  isTruncated: boolean;
  durationMs: number | undefined;
}
const keptLines = 50;

/** Runs commands; those that write ask first. */
function Console() {
  const { api } = useServices();
  const { params, permission } = useDatabase();
  const [text, setText] = useState("");
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [isRunning, setIsRunning] = useState(false);
  const add = (line: Line) => setLines((before) => [line, ...before].slice(0, keptLines));
  const run = async () => {
    const command = text.trim();
    if (!command || isRunning) return;
    setIsRunning(true);
    try {
      let reply;
      try {
        reply = await api.databases.command({ params, body: { command } });
      } catch (error) {
        if (!hasCode(error, "read_only_query")) throw error;
        if (!(await permission.request())) throw error;
        reply = await api.databases.executeCommand({ params, body: { command, write: true } });
      }
      add({ command, text: reply.text, isError: false, isTruncated: reply.is_truncated, durationMs: reply.duration_ms });
      setText("");
    } catch (error) {
      add({ command, text: sentenceOf(error), isError: true, isTruncated: false, durationMs: undefined });
    } finally {
      setIsRunning(false);
    }
  };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <Head title={<h2 className="text-sm text-fg-0">Console</h2>}>
        <HistoryMenu onChoose={setText} />
        <WriteToggle permission={permission} />
      </Head>
      <form
        className="flex flex-none gap-2 border-b border-line-0 p-3"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Input
          aria-label="Command"
          boxClassName="min-w-0 flex-1"
          className="font-mono"
          placeholder="HGETALL user:1"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" variant="primary" icon={<Play size={12} />} isLoading={isRunning} loadingWord="Running…">
          Run
        </Button>
      </form>
      {lines.length === 0 ? (
        <EmptyState title="No results yet">Commands that read run at once, others after you allow changes. A command stops after 30 seconds.</EmptyState>
      ) : (
        <ol aria-label="Results" aria-live="polite" className="scroll-y min-h-0 flex-1">
          {lines.map((line, index) => (
            <li key={lines.length - index} className="border-b border-line-0 px-3 py-2 font-mono text-xs leading-code">
              <p className="flex gap-2 text-fg-2">
                <span className="min-w-0 flex-1 wrap-anywhere">{`> ${line.command}`}</span>
                {line.durationMs === undefined ? null : <span className="num flex-none">{formatDuration(line.durationMs)}</span>}
              </p>
              <pre className={`pt-1 wrap-anywhere whitespace-pre-wrap ${line.isError ? "text-err" : "text-fg-0"}`}>{line.text}</pre>
              {line.isTruncated ? <p className="pt-1 font-sans text-fg-2">The answer is too long to show in full.</p> : null}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Figures() {
  const { api } = useServices();
  const { params, permission } = useDatabase();
  const info = useQuery(infoQuery(api, params.id, params.database_id));
  const { data } = info;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <Head title={<h2 className="text-sm text-fg-0">Figures</h2>}>
        <IconButton size="sm" label="Refresh figures" onClick={() => void info.refetch()}>
          <RotateCw size={14} />
        </IconButton>
        <WriteToggle permission={permission} />
      </Head>
      {info.isPending ? (
        <SkeletonRows count={6} label="Loading figures…" className="p-4" />
      ) : !data ? (
        <DataError title="Couldn't load figures" of={info} />
      ) : (
        <dl className="scroll-y grid min-h-0 flex-1 auto-rows-min grid-cols-3 gap-3 p-4 narrow:grid-cols-2">
          <Figure name="Keys">{formatNumber(data.keys)}</Figure>
          <Figure name="Memory">{formatBytes(data.used_memory_bytes)}</Figure>
          <Figure name="Memory limit">{data.max_memory_bytes === null ? "None" : formatBytes(data.max_memory_bytes)}</Figure>
          <Figure name="Peak memory">{formatBytes(data.peak_memory_bytes)}</Figure>
          <Figure name="Hit rate">{data.hit_rate === null ? "No reads yet" : formatPercent(data.hit_rate)}</Figure>
          <Figure name="Commands per second">{formatNumber(data.commands_per_s)}</Figure>
          <Figure name="Clients">{formatNumber(data.clients)}</Figure>
          <Figure name="Expired keys">{formatNumber(data.expired_keys)}</Figure>
          <Figure name="Evicted keys">{formatNumber(data.evicted_keys)}</Figure>
          <Figure name="Uptime">{formatDuration(data.uptime_s * 1000)}</Figure>
          <Figure name="Append-only file">{data.is_persisted ? "On" : "Off"}</Figure>
          <Figure name="Version">{data.version}</Figure>
        </dl>
      )}
    </div>
  );
}
const Figure = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="rounded-2 border border-line-0 p-3">
    <dt className="text-xs text-fg-2">{name}</dt>
    <dd className="num pt-1 text-md text-fg-0">{children}</dd>
  </div>
);

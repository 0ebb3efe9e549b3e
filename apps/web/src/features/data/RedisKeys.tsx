import { useInfiniteQuery } from "@tanstack/react-query";
import type { RedisKey } from "@tesslate/contract";
import { RotateCw, Search } from "lucide-react";
import { useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useDatabase } from "./data-context.ts";
import { keysQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";

const types = ["string", "hash", "list", "set", "zset", "stream"] as const;
type KeyType = (typeof types)[number];
const isType = (value: string): value is KeyType => (types as readonly string[]).includes(value);
/** A text without wildcards finds the keys that contain it. */
const patternOf = (text: string): string | undefined => (text === "" ? undefined : /[*?[\\]/.test(text) ? text : `*${text}*`);

/** The keys of a Redis, a page at a time, by pattern and type. */
export function RedisKeys() {
  const { api } = useServices();
  const { database, params, place } = useDatabase();
  const [q, setQ] = useState("");
  const [text, setText] = useSearchText(q, setQ);
  const [type, setType] = useState<KeyType>();
  const box = useRef<HTMLInputElement>(null);
  useShortcuts({ "data.search": () => box.current?.focus() });
  const keys = useInfiniteQuery(keysQuery(api, params.id, params.database_id, { pattern: patternOf(q), type }));
  const found = [...new Map((keys.data?.pages ?? []).flatMap((page) => page.keys.map((key) => [`${key.is_binary} ${key.key}`, key] as const))).values()];
  const total = keys.data?.pages.at(-1)?.total;
  const isCurrent = ({ key, is_binary: isBinary }: RedisKey) =>
    place.search.panel === undefined && place.search.key === key && (place.search.bytes === "hex") === isBinary;
  const open = ({ key, is_binary: isBinary }: RedisKey) =>
    place.change({ panel: undefined, key, bytes: isBinary ? ("hex" as const) : undefined });
  return (
    <>
      <div className="grid flex-none grid-cols-1 gap-1.5 border-t border-line-0 p-1.5">
        <Input
          ref={box}
          size="sm"
          isSoft
          type="search"
          aria-label="Search keys"
          placeholder="user:*"
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} className="flex-none text-fg-2" />}
        />
        <div className="flex items-center gap-1.5">
          <Select
            size="sm"
            label="Type"
            className="min-w-0 flex-1"
            value={type ?? "all"}
            onChange={(value) => setType(isType(value) ? value : undefined)}
            options={[{ value: "all", label: "All types" }, ...types.map((value) => ({ value, label: value }))]}
          />
          <IconButton size="sm" label="Refresh keys" onClick={() => void keys.refetch()}>
            <RotateCw size={14} />
          </IconButton>
        </div>
      </div>
      {keys.isPending ? (
        <SkeletonRows count={6} label={database.state === "asleep" ? "Waking the project…" : "Loading keys…"} className="p-3" />
      ) : !keys.data ? (
        <DataError title="Couldn't load keys" of={keys} className="p-3!" />
      ) : (
        <div className="scroll-y min-h-0 flex-1 p-1.5" aria-busy={keys.isFetching}>
          {found.length === 0 ? (
            <div className="grid justify-items-start gap-2 p-1.5 text-xs leading-read text-fg-2">
              {q === "" && type === undefined
                ? "No keys yet. They appear here when your app stores some."
                : keys.hasNextPage
                  ? "No results in the keys that were scanned so far."
                  : `No results${q === "" ? "" : ` for “${q}”`}`}
              {q === "" && type === undefined ? null : (
                <Button
                  size="sm"
                  onClick={() => {
                    setText("");
                    setType(undefined);
                  }}
                >
                  Clear search
                </Button>
              )}
            </div>
          ) : (
            <ul aria-label="Keys">
              {found.map((key) => (
                <li key={`${key.is_binary} ${key.key}`}>
                  <button
                    type="button"
                    aria-current={isCurrent(key) || undefined}
                    title={key.key}
                    onClick={() => open(key)}
                    className={cx(
                      "flex h-6.5 w-full min-w-0 items-center gap-2 rounded-1 px-2 text-left text-fg-1 hover:bg-bg-2 focus-visible:-outline-offset-2 narrow:h-11",
                      "aria-current:bg-bg-3 aria-current:text-fg-0",
                    )}
                  >
                    <span className="min-w-0 flex-1 truncate font-mono text-xs">{key.key}</span>
                    <span className="flex-none text-2xs text-fg-2">{key.type}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
          <ShowMore of={keys}>Show more keys</ShowMore>
        </div>
      )}
      {total === undefined ? null : (
        <p role="status" className="num flex-none border-t border-line-0 px-3 py-1.5 text-2xs text-fg-2">{`${counted(total, "key")} in total`}</p>
      )}
    </>
  );
}

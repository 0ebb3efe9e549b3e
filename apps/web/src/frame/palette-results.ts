import { useEffect, useMemo, useState } from "react";
import { scoreOfNamed } from "../lib/rank.ts";
import { groupsOf, type PaletteGroup, type PaletteItem, type PaletteSource } from "../ui/page/palette.ts";
import { weightNow, type UsedItem } from "./palette-usage.ts";

const perGroup = 8;
const perGroupUntyped = 12;
const recentShown = 6;
/** Requests wait until nobody has typed for this long. */
const remoteWaitMs = 140;
/** From here on a match is one of whole parts, not of scattered letters. */
const clearMatch = 0.5;
/** How much frequent use can raise a match. */
const usageShare = 0.05;
const mostUsage = 0.2;

/** An item with the source it came from. */
export interface FoundItem extends PaletteItem {
  source: string;
}
interface Answer {
  text: string;
  items: readonly PaletteItem[];
}
export interface Results {
  groups: { heading: string; items: FoundItem[] }[];
  /** Sources that have not answered for this text yet. */
  waiting: ReadonlySet<string>;
}

/** What the sources answer to `text`: synchronous ones at once, the others as they come. Until then what they answered before is filtered. */
export function usePaletteResults(sources: readonly PaletteSource[], text: string, used: readonly UsedItem[], now: number): Results {
  const isCommandsOnly = text.startsWith(">");
  const query = (isCommandsOnly ? text.slice(1) : text).trim();
  const asked = useMemo(() => sources.filter(({ kind }) => !isCommandsOnly || kind === "commands"), [sources, isCommandsOnly]);
  const lists = useMemo(() => new Map(asked.flatMap(({ id, list }) => (list ? [[id, list(query)] as const] : []))), [asked, query]);
  const [answers, setAnswers] = useState<ReadonlyMap<string, Answer>>(new Map());
  useEffect(() => {
    const abort = new AbortController();
    const ask = async ({ id, search, isRemote }: PaletteSource) => {
      if (!search) return;
      if (isRemote && query !== "") await pause(abort.signal);
      if (abort.signal.aborted) return;
      const items = await search(query, abort.signal).catch(() => []);
      if (!abort.signal.aborted) setAnswers((before) => new Map(before).set(id, { text: query, items }));
    };
    for (const source of asked) void ask(source);
    return () => abort.abort();
  }, [asked, query]);

  return useMemo(() => {
    const weights = new Map(used.map((item) => [item.id, weightNow(item, now)]));
    const waiting = new Set<string>();
    const found = asked.map((source) => {
      const list = lists.get(source.id);
      const answer = answers.get(source.id);
      if (!list && answer?.text !== query) waiting.add(source.id);
      const isRanked = list === undefined && answer?.text === query;
      const scored = (list ?? answer?.items ?? [])
        .map((item, index) => {
          const match = scoreOfNamed(item, query);
          // What a source found by its own means is a match, whatever it is called.
          const score = isRanked ? Math.max(match, clearMatch) : match;
          return { item, index, score: score < clearMatch ? score : score + Math.min(mostUsage, usageShare * (weights.get(item.id) ?? 0)) };
        })
        .filter(({ score }) => score > 0);
      if (query !== "" && !isRanked) scored.sort((a, b) => b.score - a.score || a.index - b.index);
      return {
        source,
        best: Math.max(0, ...scored.map(({ score }) => score)),
        items: scored.map(({ item }) => ({ ...item, source: source.id })),
      };
    });
    if (query === "") {
      const recent = recentOf(
        used,
        found.flatMap(({ items }) => items),
        asked,
      );
      const isRecent = new Set(recent.map(({ id }) => id));
      const groups = found.map(({ source, items }) => ({
        heading: source.heading,
        items: items.filter(({ id }) => !isRecent.has(id)).slice(0, perGroupUntyped),
      }));
      return { groups: merge([{ heading: "Recent", items: recent }, ...groups]), waiting };
    }
    // Local answers keep their place when the server's arrive, unless they match by scattered letters only.
    const order = found.toSorted((a, b) => Number(b.best >= clearMatch) - Number(a.best >= clearMatch));
    return { groups: merge(order.map(({ source, items }) => ({ heading: source.heading, items: items.slice(0, perGroup) }))), waiting };
  }, [asked, answers, lists, query, used, now]);
}

const merge = (groups: readonly PaletteGroup[]) => groupsOf(groups) as Results["groups"];

/** The most used items: as their source lists them now, else as they were kept. */
function recentOf(used: readonly UsedItem[], listed: readonly FoundItem[], sources: readonly PaletteSource[]): FoundItem[] {
  return used
    .flatMap((item): FoundItem[] => {
      const current = listed.find(({ id }) => id === item.id);
      const source = sources.find(({ id }) => id === item.source);
      if (!source) return [];
      if (current) return [current];
      if (item.to === undefined) return [];
      return [{ id: item.id, source: source.id, title: item.title, to: item.to, icon: source.icon, ...(item.hint && { hint: item.hint }) }];
    })
    .slice(0, recentShown);
}

const pause = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, remoteWaitMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

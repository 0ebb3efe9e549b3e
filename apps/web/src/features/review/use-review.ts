import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@tesslate/client/core";
import type { ApplyChanges, ChangeSet } from "@tesslate/contract";
import { useMemo, useRef, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { isStringArray, readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useQuietProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { changeSetKey } from "../../project/cache-keys.ts";
import { changeSetQuery } from "../changes/index.ts";
import { itemsOf, changePartsOf, reviewedFiles, tallyOf, withRejected, type Comment, type Item } from "./review.ts";

/** The changes of an active run are loaded again after this time without file events. */
const quietMs = 800;

interface Kept {
  kept: string[];
  viewed: string[];
  comments: Comment[];
}
const isKept = (value: unknown): value is Kept =>
  typeof value === "object" &&
  value !== null &&
  isStringArray((value as Kept).kept) &&
  isStringArray((value as Kept).viewed) &&
  Array.isArray((value as Kept).comments);
const keptKey = (taskId: string) => `studio:review:${taskId}`;
const nothing: Kept = { kept: [], viewed: [], comments: [] };

export type Review = ReturnType<typeof useReview>;

/** The change set of a run and the decisions on it. Rejections are stored on the server, everything else in this tab. */
export function useReview(taskId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  const query = useQuery(changeSetQuery(api, taskId));
  const set = query.data;
  const [own, setOwn] = useState<Kept>(() => readStored(sessionStorage, keptKey(taskId), isKept) ?? nothing);
  const change = (patch: (now: Kept) => Partial<Kept>) =>
    setOwn((now) => {
      const next = { ...now, ...patch(now) };
      writeStored(sessionStorage, keptKey(taskId), next);
      return next;
    });
  const kept = useMemo(() => new Set(own.kept), [own.kept]);
  const viewed = useMemo(() => new Set(own.viewed), [own.viewed]);
  const files = useMemo(() => (set ? reviewedFiles(set) : []), [set]);
  const items = useMemo(() => files.flatMap(itemsOf), [files]);
  const [currentKey, setCurrent] = useState<string>();
  const current = items.find((item) => item.key === currentKey) ?? items[0];
  const [misfits, setMisfits] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<string>();
  const [working, setWorking] = useState(0);
  const last = useRef<Promise<unknown>>(Promise.resolve());

  const isRunning = set?.is_running ?? false;
  const again = () => void queries.invalidateQueries({ queryKey: changeSetKey(taskId) });
  useQuietProject((event) => event.type === "file_changed" && isRunning, quietMs, again);

  /** Requests are sent one after the other, because each depends on the result of the previous one. */
  const apply = (requested: ApplyChanges, touched: readonly Item[]) => {
    const keys = new Set(touched.map((item) => item.key));
    setFailure(undefined);
    setMisfits((now) => new Set([...now].filter((key) => !keys.has(key))));
    setWorking((count) => count + 1);
    const work = async () => {
      try {
        const { rejected } = await api.changes.apply({ params: { task_id: taskId }, body: requested });
        queries.setQueryData<ChangeSet>(changeSetKey(taskId), (now) => now && withRejected(now, rejected));
      } catch (error) {
        if (error instanceof ApiError && error.code === "hunks_do_not_fit") {
          const conflicts = (error.details?.["conflicts"] ?? []) as { path: string; hunks: string[] | null }[];
          const isMisfit = (item: Item) =>
            conflicts.some(
              ({ path, hunks }) => path === item.path && (hunks === null || item.hunkId === undefined || hunks.includes(item.hunkId)),
            );
          setMisfits((now) => new Set([...now, ...touched.filter(isMisfit).map((item) => item.key)]));
        }
        setFailure(sentenceOf(error));
      } finally {
        setWorking((count) => count - 1);
      }
    };
    last.current = last.current.then(work, work);
  };
  const without = (keys: readonly string[], gone: readonly Item[]) => {
    const set_ = new Set(gone.map((item) => item.key));
    return keys.filter((key) => !set_.has(key));
  };
  const reject = useHandler((some: readonly Item[]) => {
    change((now) => ({ kept: without(now.kept, some) }));
    apply({ reject: changePartsOf(some) }, some);
  });
  const restore = useHandler((some: readonly Item[]) => apply({ restore: changePartsOf(some) }, some));
  const keep = useHandler((some: readonly Item[]) => {
    const back = some.filter((item) => item.isRejected);
    change((now) => ({ kept: [...without(now.kept, some), ...some.map((item) => item.key)] }));
    if (back.length > 0) apply({ restore: changePartsOf(back) }, back);
  });
  const reopen = useHandler((item: Item) => {
    change((now) => ({ kept: without(now.kept, [item]) }));
    if (item.isRejected) apply({ restore: changePartsOf([item]) }, [item]);
  });
  const setViewed = useHandler((path: string, isViewed: boolean) =>
    change((now) => ({ viewed: isViewed ? [...new Set([...now.viewed, path])] : now.viewed.filter((one) => one !== path) })),
  );
  const comment = useHandler((made: Comment) =>
    change((now) => ({ comments: [...now.comments.filter((one) => one.id !== made.id), made] })),
  );
  const removeComments = useHandler((ids: readonly string[]) =>
    change((now) => ({ comments: now.comments.filter((one) => !ids.includes(one.id)) })),
  );

  return {
    query,
    set,
    files,
    items,
    current,
    setCurrent,
    kept,
    viewed,
    comments: own.comments,
    misfits,
    failure,
    clearFailure: () => setFailure(undefined),
    isWorking: working > 0,
    tally: tallyOf(items, kept),
    reject,
    restore,
    keep,
    reopen,
    setViewed,
    comment,
    removeComments,
  };
}

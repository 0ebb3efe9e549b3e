import { useQueryClient } from "@tanstack/react-query";
import type { GitChange, GitStatus } from "@tesslate/contract";
import { ApiError } from "@tesslate/client/core";
import { useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { useServices } from "../../project/services.ts";
import { toast, toastWithUndo } from "../../ui/toast.tsx";
import { keepForUndo } from "../files/index.ts";
import { gitAccountsKey } from "../git-accounts/index.ts";
import { canBeUndone } from "./changes.ts";
import { gitKey, gitStateKey, workKey, type GitState } from "./git.queries.ts";

/** Where in the pane an action was started. Its failure is shown there. */
export type ActionOrigin = "sync" | "changes" | "commit" | "branch" | "conflict" | "start";
export interface Failure {
  place: ActionOrigin;
  action: string;
  error: unknown;
}
export interface Parts {
  paths?: string[];
  hunks?: { path: string; ids: string[] }[];
}
export type Strategy = "merge" | "rebase" | "ff-only";
export type GitActions = ReturnType<typeof useGitActions>;

/** Limit per request (packages/contract/src/git.ts). */
const maxPaths = 1000;
/** All actions on the repository. They run one after the other; failures are shown where they were started. */
export function useGitActions(projectId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [doing, setDoing] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<Failure>();
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const body = { project_id: projectId };

  const setStatus = async (status: GitStatus) => {
    queries.setQueryData<GitState>(gitStateKey(projectId), (state) => state && { ...state, status });
    await queries.invalidateQueries({ queryKey: workKey(projectId) });
  };
  const refresh = () => queries.invalidateQueries({ queryKey: gitKey(projectId) });

  /** Resolves with the result, or with `undefined` if the action failed. */
  const runAction = <T>(place: ActionOrigin, name: string, work: () => Promise<T>): Promise<T | undefined> => {
    setFailure((now) => (now?.place === place ? undefined : now));
    setDoing((now) => [...now, name]);
    const run = async () => {
      try {
        return await work();
      } catch (error) {
        setFailure({ place, action: name, error });
        // The host rejected the account: reload the list of accounts, which shows it.
        if (hasCode(error, "provider_token_expired")) void queries.invalidateQueries({ queryKey: gitAccountsKey });
        // The shown state may be outdated.
        if (error instanceof ApiError && error.status < 500) void refresh();
        return undefined;
      } finally {
        setDoing((now) => now.toSpliced(now.indexOf(name), 1));
      }
    };
    const next = last.current.then(run, run);
    last.current = next;
    return next;
  };
  /** Splits many paths into several requests. */
  const inParts = async (parts: Parts, call: (some: Parts) => Promise<GitStatus>): Promise<void> => {
    const { paths } = parts;
    if (!paths || paths.length <= maxPaths) return setStatus(await call(parts));
    for (let at = 0; at < paths.length; at += maxPaths) await setStatus(await call({ paths: paths.slice(at, at + maxPaths) }));
  };

  const done = (sentence: string, undo: (() => Promise<void>) | undefined) =>
    undo ? toastWithUndo(sentence, () => undo().then(refresh)) : toast(sentence);
  /** Undoes a discard by writing the files again. `undefined` if there are too many files, or one cannot be read. */
  const undoOf = async (changes: readonly Pick<GitChange, "path" | "status">[]): Promise<(() => Promise<void>) | undefined> => {
    const gone = changes.filter(({ status }) => status === "D");
    const files = changes.filter(({ status }) => status !== "D").map(({ path }) => path);
    if (!canBeUndone(changes)) return undefined;
    try {
      const back = await keepForUndo(api, projectId, { files, folders: [] }, { overwrite: true });
      return async () => {
        await back();
        for (const { path } of gone) await api.files.remove({ params: { id: projectId, path }, query: {} });
      };
    } catch {
      return undefined;
    }
  };

  return {
    isDoing: (name: string) => doing.includes(name),
    isBusy: doing.length > 0,
    failure,
    failureAt: (place: ActionOrigin) => (failure?.place === place ? failure : undefined),
    clearFailure: () => setFailure(undefined),
    refresh,

    stage: (parts: Parts) => runAction("changes", "stage", () => inParts(parts, (some) => api.git.stage({ body: { ...body, ...some } }))),
    unstage: (parts: Parts) =>
      runAction("changes", "unstage", () => inParts(parts, (some) => api.git.unstage({ body: { ...body, ...some } }))),
    /**
     * Discards changes of files, whole or by hunk. If undo was offered but the files cannot be kept for it, discards nothing and returns
     * `not_kept`, unless `isFinal`.
     */
    discard: (
      changes: readonly GitChange[],
      { hunks, isFinal = false }: { hunks?: NonNullable<Parts["hunks"]> | undefined; isFinal?: boolean } = {},
    ): Promise<"discarded" | "not_kept" | undefined> =>
      runAction("changes", "discard", async () => {
        const undo = await undoOf(changes);
        if (!undo && !isFinal && canBeUndone(changes)) return "not_kept";
        await inParts(hunks ? { hunks } : { paths: changes.map(({ path }) => path) }, (some) =>
          api.git.discard({ body: { ...body, ...some } }),
        );
        const [only] = changes;
        const what = changes.length === 1 && only ? fileNameOf(only.path) : counted(changes.length, "file");
        done(hunks ? `Change in ${what} discarded.` : `Changes in ${what} discarded.`, undo);
        return "discarded";
      }),

    /** Restores a file from a commit. Rejects if it fails. */
    restoreFile: async (path: string, from: string) => {
      const undo = await undoOf([{ path, status: "M" }]);
      await setStatus(await api.git.restore({ body: { ...body, paths: [path], from } }));
      done(`${fileNameOf(path)} restored from ${from.slice(0, 7)}.`, undo);
    },
    commit: (message: string, what: { staged_only: boolean }) =>
      runAction("commit", "commit", async () => {
        const made = await api.git.commit({ body: { ...body, message, ...what } });
        await refresh();
        return made;
      }),
    /** The proposed message. */
    proposeMessage: () => runAction("commit", "propose", async () => (await api.git.proposeMessage({ body })).message),
    push: (options: { force?: boolean; branch?: string } = {}) =>
      runAction("sync", "push", async () => {
        const pushed = await api.git.push({ body: { ...body, ...options } });
        await refresh();
        return pushed;
      }),
    /** Part of a larger action. Rejects if it fails. */
    pushNow: async () => {
      await api.git.push({ body });
      await refresh();
    },
    fetch: () =>
      runAction("sync", "fetch", async () => {
        await setStatus(await api.git.fetch({ body }));
        await refresh();
        return true;
      }),
    pull: (strategy: Strategy) =>
      runAction("sync", "pull", async () => {
        const pulled = await api.git.pull({ body: { ...body, strategy } });
        await refresh();
        return pulled;
      }),

    switchTo: (branch: string) =>
      runAction("branch", "switch", async () => {
        await api.git.checkout({ body: { ...body, branch } });
        await refresh();
      }),
    /** Rejects if it fails; the dialog shows why. */
    checkout: async (branch: string, how: { create?: boolean; start_point?: string } = {}) => {
      await api.git.checkout({ body: { ...body, branch, ...how } });
      await refresh();
    },
    discardQuietly: async (paths: string[]) => inParts({ paths }, (some) => api.git.discard({ body: { ...body, ...some } })),
    unstageQuietly: async (paths: string[]) => inParts({ paths }, (some) => api.git.unstage({ body: { ...body, ...some } })),
    removeBranch: async (name: string, force: boolean) => {
      await api.git.removeBranch({ params: body, query: { name, force } });
      await refresh();
    },

    resolve: (path: string, how: { side: "ours" | "theirs" } | { side: "content"; content: string }) =>
      runAction("conflict", "resolve", async () => {
        const status = await api.git.resolve({ body: { ...body, path, ...how } });
        await setStatus(status);
        await refresh();
        return status;
      }),
    abort: async () => {
      await setStatus(await api.git.abortMerge({ body }));
      await refresh();
    },

    init: () =>
      runAction("start", "init", async () => {
        await api.git.init({ body });
        await refresh();
        return true;
      }),
    /** Creates the repository if there is none. Rejects if it fails. */
    connect: async (repo_url: string) => {
      await api.git.init({ body: { ...body, repo_url } });
      await refresh();
    },
    clone: (repo_url: string, branch: string | null) => api.git.clone({ body: { ...body, repo_url, branch } }),
    setAutoPush: (auto_push: boolean) =>
      runAction("commit", "auto-push", async () => {
        const { linked } = await api.git.updateInfo({ params: body, body: { auto_push } });
        queries.setQueryData<GitState>(gitStateKey(projectId), (state) => state && { ...state, link: linked });
      }),
    unlink: async () => {
      await api.git.unlink({ params: body });
      await refresh();
    },
  };
}

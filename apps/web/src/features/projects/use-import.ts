import { useQueryClient } from "@tanstack/react-query";
import type { Project, Task } from "@tesslate/contract";
import { ApiError } from "@tesslate/client/core";
import { useEffect, useRef, useState } from "react";
import { api, uploading } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";
import { projectKey } from "../../project/cache-keys.ts";
import { projectsQuery } from "../../project/projects.queries.ts";
import { faultsOfRequest, type Faults } from "../../ui/form/faults.ts";
import { packFolder, UnreadableFiles, type ImportFolder } from "./import-folder.ts";

const fields = ["name", "git_repo_url", "git_branch"] as const;

export type ImportInput = { name: string } & (
  | { kind: "zip"; file: File }
  | { kind: "folder"; folder: ImportFolder }
  | { kind: "git"; url: string; branch: string }
);
export type ImportStep =
  | {
      kind: "form";
      failure?: string | undefined;
      /** The error of the server behind it. */
      refusal?: ApiError | undefined;
      /** The error code (contract/errors.ts). */
      code?: string | undefined;
      /** Files of a folder that could not be read; the next attempt leaves them out. */
      unreadable?: readonly string[];
      fields: Faults<(typeof fields)[number]>;
    }
  | { kind: "packing"; share: number }
  | { kind: "sending"; share: number }
  | { kind: "setup"; project: Project; task: Task | undefined };

/** One import at a time: a folder is packed; then the upload, then the server's setup, followed to its end. */
export function useImport(onDone: (project: Project) => void) {
  const queries = useQueryClient();
  const [step, setStep] = useState<ImportStep>({ kind: "form", fields: {} });
  const running = useRef<AbortController>(undefined);
  /** The project of a failed setup; the next attempt deletes it. */
  const failed = useRef<string>(undefined);
  /** Files that an earlier attempt could not read. */
  const unreadable = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => () => running.current?.abort(), []);

  const pack = (folder: ImportFolder, signal: AbortSignal): Promise<File> => {
    const files = folder.files.filter(({ path }) => !unreadable.current.has(path));
    return packFolder({ ...folder, files }, { onProgress: (share) => setStep({ kind: "packing", share }), signal });
  };
  const create = async (input: ImportInput, signal: AbortSignal) => {
    if (input.kind === "git")
      return api.projects.create(
        {
          body: {
            name: input.name,
            git_repo_url: input.url.trim(),
            ...(input.branch.trim() && { git_branch: input.branch.trim() }),
          },
        },
        { signal },
      );
    const file = input.kind === "folder" ? await pack(input.folder, signal) : input.file;
    const form = new FormData();
    form.append("file", file, file.name);
    setStep({ kind: "sending", share: 0 });
    return uploading((share) => setStep({ kind: "sending", share })).transfer.import({ query: { name: input.name }, form }, { signal });
  };

  const start = async (input: ImportInput) => {
    running.current?.abort();
    const abort = (running.current = new AbortController());
    const { signal } = abort;
    setStep({ kind: input.kind === "folder" ? "packing" : "sending", share: 0 });
    try {
      if (failed.current) await api.projects.remove({ params: { id: failed.current } }, { signal }).catch(() => undefined);
      failed.current = undefined;
      const project = await create(input, signal);
      setStep({ kind: "setup", project, task: undefined });
      let task: Task | undefined;
      const events = api.tasks.events({ params: { task_id: project.task_id } }, { signal, hints: browserHints });
      for await (const { data } of events) {
        task = data;
        setStep({ kind: "setup", project, task });
        if (data.completed_at !== null) break;
      }
      if (signal.aborted) return;
      void queries.invalidateQueries({ queryKey: projectsQuery({}).queryKey.slice(0, 2) });
      if (task?.status === "completed") {
        queries.removeQueries({ queryKey: projectKey(project.slug) });
        return onDone(project);
      }
      failed.current = project.slug;
      setStep({
        kind: "form",
        failure: task?.error ?? "Couldn't set up the project.",
        code: task?.error_code ?? undefined,
        fields: {},
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof UnreadableFiles) {
        unreadable.current = new Set([...unreadable.current, ...error.paths]);
        return setStep({ kind: "form", failure: error.message, unreadable: error.paths, fields: {} });
      }
      const { "": failure, ...found } = faultsOfRequest(error, fields);
      const refusal = error instanceof ApiError ? error : undefined;
      setStep({ kind: "form", failure, code: refusal?.code, refusal, fields: found });
    }
  };
  return {
    step,
    start,
    /** Clears the error after another source was chosen. */
    forget: () => {
      unreadable.current = new Set();
      setStep((now) => (now.kind === "form" ? { kind: "form", fields: {} } : now));
    },
    /** Aborts an upload; a setup continues on the server. */
    cancel: () => {
      running.current?.abort();
      setStep({ kind: "form", fields: {} });
    },
  };
}

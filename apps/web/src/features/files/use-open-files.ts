import { createContext, use, useCallback, useEffect, useState } from "react";
import { trimPath } from "../../lib/file-tree.ts";
import { isStringArray, readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject, useProjectEvent } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { createBuffers, type Buffers, readFile, writeFile } from "../editor/index.ts";

export interface OpenFiles {
  buffers: Buffers;
  paths: readonly string[];
  activePath: string | undefined;
  reveal: { path: string; line: number } | undefined;
  /** `place` may end in `:line` or `:line:column`. */
  open: (place: string) => void;
  activate: (path: string) => void;
  close: (path: string) => void;
}

const openKey = (projectId: string) => `studio:open-files:${projectId}`;

/** The open files in order, and their buffers; kept across reloads. Called once per open project; everything else uses `useOpenFiles`. */
export function useProjectFiles(): OpenFiles {
  const { id: projectId } = useProject();
  const { api } = useServices();
  const [buffers] = useState(() =>
    createBuffers({
      read: (path) => readFile(api, projectId, path),
      write: (path, text, etag) => writeFile(api, projectId, path, text, etag),
    }),
  );
  const [tabs, setTabs] = useState<{ paths: readonly string[]; active: string | undefined }>(() => {
    const stored = readStored(sessionStorage, openKey(projectId), isStringArray) ?? [];
    const [active, ...paths] = stored;
    return { paths, active: active && paths.includes(active) ? active : paths[0] };
  });
  const [reveal, setReveal] = useState<{ path: string; line: number }>();
  const { paths, active } = tabs;

  useEffect(() => {
    if (active) buffers.open(active);
    writeStored(sessionStorage, openKey(projectId), paths.length > 0 ? [active, ...paths] : undefined);
  }, [buffers, active, paths, projectId]);

  const moved = useHandler((from: string, to: string) => {
    const rename = (path: string) => (path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path);
    buffers.moved(from, to);
    setTabs((last) => ({ paths: last.paths.map(rename), active: last.active === undefined ? undefined : rename(last.active) }));
  });
  useProjectEvent("file_changed", (change) => {
    if (change.branch_id !== undefined) return;
    const path = trimPath(change.path);
    if (change.op === "delete") {
      for (const open of paths) if (open === path || open.startsWith(`${path}/`)) buffers.deleted(open);
    } else if (change.op === "move" && change.new_path) moved(path, trimPath(change.new_path));
    else buffers.changed(path, change.etag);
  });
  useEffect(() => {
    const onUnload = (event: BeforeUnloadEvent) => {
      if (buffers.hasUnsaved()) event.preventDefault();
    };
    addEventListener("beforeunload", onUnload);
    return () => removeEventListener("beforeunload", onUnload);
  }, [buffers]);

  const open = useHandler((place: string) => {
    const [, path = place, line] = /^(.*?)(?::(\d+))?(?::\d+)?$/.exec(place) ?? [];
    const clean = trimPath(path);
    buffers.open(clean);
    setTabs((last) => ({ paths: last.paths.includes(clean) ? last.paths : [...last.paths, clean], active: clean }));
    setReveal(line ? { path: clean, line: Number(line) } : undefined);
  });
  const activate = useCallback((path: string) => setTabs((last) => ({ ...last, active: path })), []);
  const close = useHandler((path: string) => {
    void buffers.close(path);
    setTabs((last) => {
      const at = last.paths.indexOf(path);
      const rest = last.paths.filter((other) => other !== path);
      return { paths: rest, active: last.active === path ? rest[Math.min(Math.max(0, at), rest.length - 1)] : last.active };
    });
  });
  return { buffers, paths, activePath: active, reveal, open, activate, close };
}

export const OpenFilesContext = createContext<OpenFiles | undefined>(undefined);
export function useOpenFiles(): OpenFiles {
  const files = use(OpenFilesContext);
  if (!files) throw new Error("useOpenFiles must be used within OpenFilesProvider.");
  return files;
}

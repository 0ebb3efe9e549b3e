import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import type { Container, ShellSession } from "@tesslate/contract";
import { Suspense, useEffect } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { hasCode } from "../../lib/errors.ts";
import type { FileTree } from "../../lib/file-tree.ts";
import { shellsQuery, treeKey } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { useShellMemory } from "./shell-names.ts";
import { ShellTab } from "./ShellTab.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const TerminalView = lazyComponent(async () => (await import("./TerminalView.tsx")).TerminalView);

export interface TerminalPanelProps {
  projectId: string;
  containers: readonly Container[];
  isVisible: boolean;
  onStart: () => void;
  /** `src/App.tsx:12:5`. */
  onOpenFile: (place: string) => void;
  /** Puts text into the composer. */
  onCompose: (text: string) => void;
}

/** The project's terminals as tabs. They survive a reload of the page. */
export function TerminalPanel({ projectId, containers, isVisible, onStart, onOpenFile, onCompose }: TerminalPanelProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const query = shellsQuery(api, projectId);
  const shells = useQuery(query);
  const memory = useShellMemory(projectId);
  const running = containers.filter((container) => container.status === "running");
  // Oldest first, so that the order survives a reload.
  const list = (shells.data ?? []).toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1));
  const active = list.find((shell) => shell.id === memory.chosen) ?? list.at(-1);

  const create = useMutation({
    mutationFn: (containerName: string | undefined) =>
      api.shell.create({ body: { project_id: projectId, ...(containerName && { container_name: containerName }) } }),
    onSuccess: (made) => {
      queries.setQueryData<ShellSession[]>(query.queryKey, (known) => [...(known ?? []), made]);
      memory.choose(made.id);
    },
  });
  const close = (id: string) => {
    queries.setQueryData<ShellSession[]>(query.queryKey, (known) => known?.filter((shell) => shell.id !== id));
    void api.shell.remove({ params: { id } }).catch(() => queries.invalidateQueries({ queryKey: query.queryKey }));
  };

  // The first terminal is opened automatically.
  const isWanting = isVisible && shells.isSuccess && list.length === 0 && running.length > 0 && create.isIdle;
  const { mutate } = create;
  useEffect(() => {
    if (isWanting) mutate(undefined);
  }, [isWanting, mutate]);

  const nameOf = (shell: ShellSession) =>
    containers.find((container) => container.container_name === shell.container_name)?.name ?? shell.container_name;
  const names = new Map(
    list.map((shell) => {
      const same = list.filter((other) => other.container_name === shell.container_name);
      const given = memory.names[shell.id];
      if (given) return [shell.id, given];
      return [shell.id, same.length > 1 ? `${nameOf(shell)} ${same.indexOf(shell) + 1}` : nameOf(shell)];
    }),
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      {list.length > 0 ? (
        <div className="flex flex-none items-center gap-1 px-2 pt-1">
          <div role="group" aria-label="Terminals" className="flex min-w-0 items-center gap-1 overflow-x-auto [scrollbar-width:none]">
            {list.map((shell) => (
              <ShellTab
                key={shell.id}
                name={names.get(shell.id) ?? ""}
                isActive={shell.id === active?.id}
                onChoose={() => memory.choose(shell.id)}
                onRename={(name) => memory.rename(shell.id, name)}
                onEnd={() => close(shell.id)}
              />
            ))}
          </div>
          {running.length > 1 ? (
            <Menu
              label="New terminal in"
              side="top"
              trigger={
                <IconButton size="sm" label="New terminal">
                  <Plus size={14} />
                </IconButton>
              }
              entries={running.map((container) => ({ label: container.name, onSelect: () => create.mutate(container.name) }))}
            />
          ) : (
            <IconButton
              size="sm"
              label="New terminal"
              disabled={running.length === 0 || create.isPending}
              onClick={() => create.mutate(undefined)}
            >
              <Plus size={14} />
            </IconButton>
          )}
        </div>
      ) : null}
      <div className="min-h-0 flex-1">
        {active ? (
          <Suspense fallback={<Spinner word="Connecting…" className="p-4 text-xs" />}>
            <TerminalView
              sessionId={active.id}
              folder={active.working_dir.replace(/^\/app\/?/, "") || "."}
              isFile={(path) => queries.getQueryData<FileTree>(treeKey(projectId))?.nodes.get(path)?.isDirectory === false}
              onOpenFile={onOpenFile}
              onCompose={onCompose}
              isVisible={isVisible}
              onReopen={() => {
                close(active.id);
                create.mutate(undefined);
              }}
            />
          </Suspense>
        ) : create.error ? (
          hasCode(create.error, "not_running") ? (
            <Stopped onStart={onStart} />
          ) : (
            <ErrorState title="Couldn't open the terminal" onRetry={() => create.mutate(undefined)} className="p-4!">
              <ErrorSentence of={create.error} />
            </ErrorState>
          )
        ) : shells.error ? (
          <LoadFailed className="p-4!" title="Couldn't load terminals" of={shells} />
        ) : running.length === 0 && !shells.isPending ? (
          <Stopped onStart={onStart} />
        ) : (
          <Spinner word="Connecting…" className="p-4 text-xs" />
        )}
      </div>
    </div>
  );
}

const Stopped = ({ onStart }: { onStart: () => void }) => (
  <EmptyState title="No running containers" className="p-4!" action={<Button onClick={onStart}>Start app</Button>}>
    A terminal needs a running container.
  </EmptyState>
);

import { useQuery } from "@tanstack/react-query";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { runContextQuery } from "../agents/index.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** The context of a run: rules, memory, skills, sub-agents and the files it read. */
export function RunContextFacts({ taskId }: { taskId: string }) {
  const { api } = useServices();
  const context = useQuery(runContextQuery(api, taskId));
  if (context.isError)
    return (
      <p role="alert" className="flex flex-wrap items-center gap-2 pb-2 text-xs text-fg-1">
        <ErrorSentence of={context.error} />
        <Button size="sm" onClick={() => void context.refetch()}>
          Retry
        </Button>
      </p>
    );
  if (!context.data) return <p className="pb-2 text-xs text-fg-2">Loading…</p>;
  const { rules, memory, skills_loaded, subagents_used, files_read } = context.data;
  const inForce = [...rules, ...(memory ? [memory] : [])].map((file) => (file.is_cut ? `${file.path} (shortened)` : file.path));
  const rows: [string, readonly string[], string][] = [
    ["Rules and memory", inForce, "none in this project"],
    ["Skills", skills_loaded, "none loaded"],
    ...(subagents_used.length > 0 ? ([["Sub-agents", subagents_used, ""]] satisfies [string, string[], string][]) : []),
    ["Files read", files_read, "none"],
  ];
  return (
    <dl
      data-testid="run-context"
      className="-mt-1 mb-3 grid text-xs gap-x-3 gap-y-1 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-2 wide:grid-cols-[max-content_minmax(0,1fr)]"
    >
      {rows.map(([label, values, none]) => (
        <div key={label} className="contents">
          <dt className="text-fg-2">{label}</dt>
          <dd className="m-0 min-w-0 break-words text-fg-1">
            {values.length === 0 ? (
              <span className="text-fg-2">{none}</span>
            ) : (
              values.map((value) => (
                <span key={value} className="mr-2 inline-block max-w-full font-mono text-xs break-all">
                  {value}
                </span>
              ))
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

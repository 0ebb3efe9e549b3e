import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { maxMemoryLength, maxRulesBytes, type AgentContext } from "@tesslate/contract";
import { ApiError } from "@tesslate/client/core";
import { useState, type ReactNode } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { agentContextKey, agentContextQuery } from "./agents.queries.ts";

/** What the agent reads before every message of this project: editable rules and memory, and lists of skills and sub-agents. */
export function AgentContextSections({ projectId }: { projectId: string }) {
  const { api } = useServices();
  const context = useQuery(agentContextQuery(api, projectId));
  if (context.isError)
    return (
      <SettingsSection id="project-context" title="Agent context">
        <LoadFailed title="Couldn't load the agent context" of={context} />
      </SettingsSection>
    );
  if (!context.data)
    return (
      <SettingsSection id="project-context" title="Agent context">
        <SkeletonRows count={4} label="Loading agent context…" />
      </SettingsSection>
    );
  const { rules, memory, skills, subagents } = context.data;
  return (
    <>
      <SettingsSection id="project-context" title="Agent context" hint="The agent reads these project files before every message.">
        <div className="grid gap-5">
          <FileEditor
            key={`${projectId}/rules`}
            projectId={projectId}
            part="rules"
            hint={`Code style, structure, commands and what the agent must not change, in ${rules.path}.`}
            placeholder={"- Use the components of src/ui\n- Run npm test after changes"}
            file={rules}
            maxLength={maxRulesBytes}
          />
          <FileEditor
            key={`${projectId}/memory`}
            projectId={projectId}
            part="memory"
            hint={`Notes for later chats, in ${memory.path}. In Ask mode, the agent asks before it adds one.`}
            placeholder="- Prices are in Swiss francs"
            file={memory}
            maxLength={maxMemoryLength}
          />
        </div>
      </SettingsSection>
      <SettingsSection
        id="project-skills"
        title="Skills"
        hint="Instructions that the agent loads when needed. Add yours as folders with a SKILL.md in .tesslate/skills or .agents/skills."
      >
        <Listed items={skills} />
      </SettingsSection>
      <SettingsSection
        id="project-subagents"
        title="Sub-agents"
        hint="Agents that a run can start. Add yours in .tesslate/agents, as Markdown files with a name, a description and tools."
      >
        <Listed
          items={subagents}
          more={({ tools, model }) =>
            [tools ? tools.join(", ") : undefined, model ?? undefined].filter((one) => one !== undefined).join(" · ")
          }
        />
      </SettingsSection>
    </>
  );
}

/** Skills or sub-agents. Those of the project come first, with their file. */
function Listed<T extends { name: string; description: string; path: string | null }>({
  items,
  more,
}: {
  items: readonly T[];
  more?: (item: T) => ReactNode;
}) {
  const sorted = items.toSorted((a, b) => Number(a.path === null) - Number(b.path === null));
  return (
    <ul className="m-0 grid list-none gap-px overflow-hidden rounded-2 border border-line-0 p-0 text-sm">
      {sorted.map((item) => {
        const extra = more?.(item);
        return (
          <li key={item.name} className="flex min-w-0 flex-wrap items-baseline gap-x-2 bg-bg-1 px-3 py-1.5">
            <span className="font-medium text-fg-0">{item.name}</span>
            <span className="min-w-0 flex-1 basis-48 break-words text-fg-2">{item.description}</span>
            <span className="max-w-full truncate text-xs text-fg-2">{item.path ?? "Built-in"}</span>
            {extra ? <span className="w-full min-w-0 truncate text-xs text-fg-2">{extra}</span> : null}
          </li>
        );
      })}
    </ul>
  );
}

const words = {
  rules: { label: "Rules", save: "Save rules", saved: "Rules saved." },
  memory: { label: "Memory", save: "Save memory", saved: "Memory saved." },
} as const;

/** Edits one file. A save carries the etag of the version that was loaded, so that it cannot overwrite someone else's change unseen. */
function FileEditor({
  projectId,
  part,
  hint,
  placeholder,
  file,
  maxLength,
}: {
  projectId: string;
  part: "rules" | "memory";
  hint: string;
  placeholder: string;
  file: AgentContext["rules"];
  maxLength: number;
}) {
  const { api } = useServices();
  const queries = useQueryClient();
  /** Undefined: the field shows the server's version. */
  const [draft, setDraft] = useState<{ text: string; etag: string | null }>();
  const save = useMutation({
    mutationFn: (body: { text: string; etag: string | null }) =>
      api.agentContext.put({ params: { id: projectId }, body: { [part]: { content: body.text, etag: body.etag } } }),
    onSuccess: (saved) => {
      queries.setQueryData(agentContextKey(projectId), saved);
      setDraft(undefined);
    },
    onError: (error) => {
      // Load the other version, so that the person can choose between the two.
      if (isConflict(error)) void queries.invalidateQueries({ queryKey: agentContextKey(projectId) });
    },
  });
  const forget = () => {
    setDraft(undefined);
    save.reset();
  };
  const text = draft?.text ?? file.content;
  const isDirty = draft !== undefined && draft.text !== file.content;
  const isStale = draft !== undefined && draft.etag !== file.etag;
  const problem = !save.error ? undefined : isConflict(save.error) ? changedElsewhere : sentenceOf(save.error);
  return (
    <div>
      <Field label={words[part].label} hint={hint} error={isStale && isDirty ? changedElsewhere : problem}>
        <Textarea
          value={text}
          placeholder={placeholder}
          maxLength={maxLength}
          spellCheck={false}
          rows={4}
          className="font-mono text-xs!"
          onChange={(event) => {
            save.reset();
            setDraft({ text: event.target.value, etag: draft?.etag ?? file.etag });
          }}
        />
      </Field>
      {isDirty ? (
        <div className="mt-2 flex flex-wrap gap-2">
          {isStale ? (
            <>
              <Button size="sm" onClick={forget}>
                Load their version
              </Button>
              <Button size="sm" onClick={() => save.mutate({ text, etag: file.etag })}>
                Overwrite with mine
              </Button>
            </>
          ) : (
            <>
              <Button size="sm" variant="primary" disabled={save.isPending} onClick={() => save.mutate({ text, etag: draft.etag })}>
                {save.isPending ? "Saving…" : words[part].save}
              </Button>
              <Button size="sm" variant="ghost" onClick={forget}>
                Discard changes
              </Button>
            </>
          )}
        </div>
      ) : null}
      <span role="status" className="sr-only">
        {save.isSuccess && !isDirty ? words[part].saved : ""}
      </span>
    </div>
  );
}

const changedElsewhere = "Someone else changed this file.";
const isConflict = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === "etag_mismatch" || error.code === "precondition_failed");

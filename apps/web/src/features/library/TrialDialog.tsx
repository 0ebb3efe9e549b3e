import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import type { AgentDetail } from "@tesslate/contract";
import { keepEditMode } from "../../lib/edit-modes.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { templatesQuery, useCreateProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Select } from "../../ui/Select.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { keepAgentChoice } from "../agents/index.ts";

/** Sends a first message to an agent, in a new project. */
export function TrialDialog({ agent, onClose }: { agent: Pick<AgentDetail, "id" | "slug" | "name">; onClose: () => void }) {
  const navigate = useNavigate();
  const create = useCreateProject();
  const templates = useQuery(templatesQuery).data?.items ?? [];
  const [template, setTemplate] = useState<string>();
  const [message, setMessage] = useState("");
  const chosen = template ?? templates.find((one) => one.is_default)?.slug ?? templates[0]?.slug ?? "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.isPending || !message.trim()) return;
    create.mutate(
      {
        name: `Trial of ${agent.name}`.slice(0, 100),
        source_type: "template",
        base_id: chosen,
        message: message.trim(),
        agent_id: agent.id,
        edit_mode: "allow",
      },
      {
        onSuccess: (project) => {
          keepAgentChoice(project.id, agent.slug);
          keepEditMode(project.id, "allow");
          void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
        },
      },
    );
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !create.isPending && onClose()}
      title={`Try ${agent.name}`}
      description="Runs in a new project, which you can delete afterwards. Model usage is billed as usual."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            form="trial"
            variant="primary"
            disabled={!message.trim()}
            isLoading={create.isPending}
            loadingWord="Creating project…"
          >
            Send message
          </Button>
        </>
      }
    >
      <form id="trial" onSubmit={submit} className="grid gap-3.5">
        <Field label="Message" error={create.error ? sentenceOf(create.error) : undefined}>
          <Textarea value={message} maxLength={10_000} className="min-h-24" onChange={(event) => setMessage(event.target.value)} />
        </Field>
        {templates.length > 1 ? (
          <Field label="Template">
            <Select value={chosen} onChange={setTemplate} options={templates.map((one) => ({ value: one.slug, label: one.name }))} />
          </Field>
        ) : null}
      </form>
    </Dialog>
  );
}

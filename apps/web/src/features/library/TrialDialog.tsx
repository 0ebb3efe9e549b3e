import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { AgentDetail } from "@tesslate/contract";
import { keepEditMode } from "../../lib/edit-modes.ts";
import { templatesQuery, useCreateProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Select } from "../../ui/Select.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";
import { keepAgentChoice } from "../agents/index.ts";

/** Sends a first message to an agent, in a new project. */
export function TrialDialog({ agent, onClose }: { agent: Pick<AgentDetail, "id" | "slug" | "name">; onClose: () => void }) {
  const navigate = useNavigate();
  const create = useCreateProject();
  const templates = useQuery(templatesQuery).data?.items ?? [];
  const form = useForm({
    start: { base_id: "", message: "" },
    submit: async ({ message }) => {
      if (!message.trim()) return;
      const project = await create.mutateAsync({
        body: {
          name: `Trial of ${agent.name}`.slice(0, 100),
          source_type: "template",
          base_id: chosen,
          message: message.trim(),
          agent_id: agent.id,
          edit_mode: "allow",
        },
      });
      keepAgentChoice(project.id, agent.slug);
      keepEditMode(project.id, "allow");
      void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
    },
    errorField: "message",
    faultsOf: (error) => (isLimit(error) ? {} : undefined),
  });
  const { values } = form;
  const chosen = values.base_id || (templates.find((one) => one.is_default)?.slug ?? templates[0]?.slug ?? "");
  return (
    <Dialog
      isOpen
      isHeld={form.isDirty}
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
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
            disabled={!values.message.trim()}
            isLoading={form.isSubmitting}
            loadingWord="Creating project…"
          >
            Send message
          </Button>
        </>
      }
    >
      <form id="trial" onSubmit={form.onSubmit} className="grid gap-3.5">
        {isLimit(create.error) ? <LimitNotice error={create.error} again="Send the message again." /> : null}
        <Field label="Message" error={form.errors.message}>
          <Textarea {...form.text("message")} maxLength={10_000} className="min-h-24" />
        </Field>
        {templates.length > 1 ? (
          <Field label="Template" error={form.errors.base_id}>
            <Select {...form.choice("base_id")} value={chosen} options={templates.map((one) => ({ value: one.slug, label: one.name }))} />
          </Field>
        ) : null}
      </form>
    </Dialog>
  );
}

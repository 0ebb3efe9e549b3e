import type { AgentDetail } from "@tesslate/contract";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { useAgentMutations } from "./library.queries.ts";

/** Publishes the saved changes of an agent as its next version. */
export function PublishVersionDialog({ agent, onClose }: { agent: AgentDetail; onClose: () => void }) {
  const { publishVersion } = useAgentMutations();
  const next = (agent.latest_version?.number ?? 0) + 1;
  const form = useForm({
    start: { notes: "" },
    submit: async ({ notes }) => {
      await publishVersion.mutateAsync({ id: agent.id, notes });
      toast(`Version ${next} published.`);
      onClose();
    },
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={`Publish version ${next}?`}
      description="New users get it. People who have the agent keep their version until they update."
      footer={
        <>
          <span className="flex-1" />
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" form="version-form" variant="primary" isLoading={form.isSubmitting} loadingWord="Publishing…">
            Publish version
          </Button>
        </>
      }
    >
      <form id="version-form" onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="What changed" hint="Shown on the agent's page, and to those who can update." error={form.errors.notes}>
          <Textarea {...form.text("notes")} maxLength={2000} className="min-h-24" />
        </Field>
      </form>
    </Dialog>
  );
}

import type { FeedbackPost } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { useFeedbackActions } from "./feedback.queries.ts";

/** An administrator answers a post. An empty answer removes it. */
export function AnswerForm({ post, onClose }: { post: FeedbackPost; onClose: () => void }) {
  const { update } = useFeedbackActions();
  const form = useForm({
    start: { answer: post.answer ?? "" },
    check: ({ answer }) => ({ ...(post.answer === null && !answer.trim() && { answer: "Enter an answer." }) }),
    submit: async ({ answer }) => {
      const text = answer.trim();
      await update.mutateAsync({ id: post.id, answer: text || null });
      toast(text ? "Answer saved." : "Answer removed.");
      onClose();
    },
  });
  return (
    <Dialog
      isOpen
      isHeld={form.isDirty}
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={post.answer === null ? "Answer this post" : "Edit answer"}
      description="The answer is shown above the comments, to everyone who can see the post."
    >
      <form onSubmit={form.onSubmit} noValidate className="grid gap-4">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Answer" hint="Markdown is supported." error={form.errors.answer}>
          <Textarea {...form.text("answer")} rows={6} maxLength={10_000} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            Save answer
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { cardQuery } from "./kanban.queries.ts";

/** What was said about a card, oldest first, and a place to say more. */
export function CardComments({
  projectId,
  cardId,
  onSend,
}: {
  projectId: string;
  cardId: string;
  onSend: (content: string) => Promise<unknown>;
}) {
  const { api } = useServices();
  const query = useQuery(cardQuery(api, projectId, cardId));
  const form = useForm({
    start: { content: "" },
    submit: async ({ content }) => {
      if (content.trim() === "") return;
      await onSend(content.trim());
      form.reset({ content: "" });
    },
    errorField: "content",
  });
  const comments = query.data?.comments;
  return (
    <section aria-label="Comments" className="mt-6 border-t border-line-0 pt-4">
      <h3 className="text-sm font-medium">
        Comments {comments && comments.length > 0 ? <span className="num text-fg-2">{comments.length}</span> : null}
      </h3>
      {query.isPending ? <SkeletonRows count={2} label="Loading comments…" className="pt-3" /> : null}
      {query.error && !comments ? <LoadFailed className="px-0" title="Couldn't load comments" of={query} /> : null}
      {comments ? (
        <ol className="grid gap-3 pt-2">
          {comments.map((comment) => (
            <li key={comment.id}>
              <div className="text-xs text-fg-2">
                <b className="text-fg-0">{comment.user.name}</b> <RelativeTime at={comment.created_at} />
              </div>
              <div className="text-md text-fg-1">
                <Markdown text={comment.content} />
              </div>
            </li>
          ))}
        </ol>
      ) : null}
      <form className="grid gap-2 pt-3" onSubmit={form.onSubmit}>
        <Field label={<span className="sr-only">New comment</span>} error={form.errors.content}>
          <Textarea
            {...form.text("content")}
            rows={2}
            maxLength={10_000}
            placeholder="Write a comment. Supports Markdown."
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
                event.preventDefault();
                form.onSubmit();
              }
            }}
          />
        </Field>
        <div>
          <Button
            type="submit"
            size="sm"
            disabled={form.values.content.trim() === ""}
            isLoading={form.isSubmitting}
            loadingWord="Commenting…"
          >
            Comment
          </Button>
        </div>
      </form>
    </section>
  );
}

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { FeedbackPost } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { useKept } from "../../lib/use-kept.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery } from "../users/index.ts";
import { similarQuery, useFeedbackActions } from "./feedback.queries.ts";

const settleMs = 350;

type Draft = Pick<FeedbackPost, "type" | "title" | "description">;
const nothing: Draft = { type: "bug", title: "", description: "" };
const isDraft = (value: unknown): value is Draft => {
  if (typeof value !== "object" || value === null) return false;
  const { type, title, description } = value as Record<string, unknown>;
  return (type === "bug" || type === "suggestion") && typeof title === "string" && typeof description === "string";
};

/** Creates a post. Similar posts are shown while the title is typed. */
export function NewPostDialog({ onClose, onOpen }: { onClose: () => void; onOpen: (id: string) => void }) {
  const { create } = useFeedbackActions();
  const { data: me } = useSuspenseQuery(meQuery);
  const draft = useKept(`studio:feedback-post:${me.id}`, isDraft, nothing);
  const { type, title, description } = draft.value;
  const write = (change: Partial<Draft>) => draft.write({ ...draft.value, ...change });
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => void (isOpen.current = false);
  }, []);
  const [settled, setSettled] = useState(title.trim());
  useEffect(() => {
    const timer = setTimeout(() => setSettled(title.trim()), settleMs);
    return () => clearTimeout(timer);
  }, [title]);
  const similar = useQuery(similarQuery(settled));
  const found = settled.length >= 6 ? (similar.data ?? []) : [];
  const { errors, isSubmitting, onSubmit } = useSubmission(["title", "description"], {
    check: {
      ...(!title.trim() && { title: "Enter a title." }),
      ...(!description.trim() && { description: "Enter a description." }),
    },
    submit: async () => {
      const post = await create.mutateAsync({ type, title: title.trim(), description: description.trim() });
      draft.forget({ type, title, description });
      toast("Post created.");
      // The dialog was closed in the meantime.
      if (!isOpen.current) return;
      onClose();
      onOpen(post.id);
    },
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="New post"
      description="Everyone with an account on this server can read it."
    >
      <form onSubmit={onSubmit} noValidate className="grid gap-4">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <SegmentedControl<FeedbackPost["type"]>
          label="Type"
          value={type}
          onChange={(next) => write({ type: next })}
          segments={[
            { value: "bug", label: "Bug", isLabelShown: true },
            { value: "suggestion", label: "Suggestion", isLabelShown: true },
          ]}
        />
        <Field label="Title" error={errors.title}>
          <Input autoFocus maxLength={500} autoComplete="off" value={title} onChange={(event) => write({ title: event.target.value })} />
        </Field>
        {found.length > 0 ? (
          <div className="rounded-3 border border-line-0 bg-bg-2 px-3 py-2 text-sm" role="status">
            <p className="text-fg-1">Similar posts already exist. Vote for one instead of posting again.</p>
            <ul aria-label="Similar posts" className="mt-1 grid gap-1">
              {found.map((post) => (
                <li key={post.id} className="flex gap-2">
                  <button
                    type="button"
                    className="link min-w-0 text-left wrap-anywhere"
                    onClick={() => {
                      onClose();
                      onOpen(post.id);
                    }}
                  >
                    {post.title}
                  </button>
                  <span className="num flex-none text-xs text-fg-2">{counted(post.upvote_count, "vote")}</span>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        <Field
          label={type === "bug" ? "What happened, and what did you expect?" : "What problem would it solve?"}
          hint="Markdown is supported."
          error={errors.description}
        >
          <Textarea rows={5} maxLength={20_000} value={description} onChange={(event) => write({ description: event.target.value })} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={isSubmitting} loadingWord="Creating post…">
            Create post
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

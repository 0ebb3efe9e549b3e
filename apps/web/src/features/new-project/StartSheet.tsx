import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { useId, type ReactNode } from "react";
import type { BaseDetail, CreateProject, Template } from "@tesslate/contract";
import { pickModel, readModelChoice } from "../../lib/model-choice.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";
import { baseQuery, priceOf } from "../marketplace/index.ts";
import { ModelNotice, modelSetupQuery, modelsQuery } from "../models/index.ts";
import { projectNameOf, useNewProject } from "../projects/index.ts";
import { galleryContentsOf } from "./gallery.ts";
import { StartPicture } from "./StartPicture.tsx";

const longestMessage = 10_000;

/** A bundled template: what it contains, example prompts, and the form that creates a project from it. */
export function TemplateSheet({
  template,
  firstStart,
  onClose,
}: {
  template: Template;
  firstStart: string | undefined;
  onClose: () => void;
}) {
  return (
    <CreateSheet
      name={template.name}
      source={{ source_type: "template", base_id: template.slug }}
      prompts={template.starter_prompts}
      onClose={onClose}
    >
      {template.pictures ? (
        <Picture>
          <StartPicture pictures={template.pictures} category={template.category} stack={template.stack} />
        </Picture>
      ) : null}
      <About
        description={template.description}
        stack={template.stack}
        contents={galleryContentsOf(template)}
        facts={firstStart === undefined ? [] : [firstStart]}
      />
    </CreateSheet>
  );
}

/** A template of the store, by slug. One that has to be bought links to its page. */
export function BaseSheet({ slug, onClose }: { slug: string; onClose: () => void }) {
  const query = useQuery(baseQuery(slug));
  const base = query.data;
  if (!base)
    return (
      <Sheet isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title="Template" isWide>
        {query.isError ? (
          <LoadFailed title="Couldn't load the template" of={query} />
        ) : (
          <SkeletonRows count={5} label="Loading template…" />
        )}
      </Sheet>
    );
  const about = (
    <>
      <Picture>
        <StartPicture pictures={base.pictures} image={base.preview_image} category={base.category} stack={base.tech_stack} />
      </Picture>
      <About description={base.description} stack={base.tech_stack} contents={base.features} facts={factsOf(base)} />
    </>
  );
  const page = (variant: "primary" | "ghost") => (
    <Link to="/marketplace/base/$slug" params={{ slug: base.slug }} className={buttonClass({ variant })}>
      View in store
    </Link>
  );
  if (base.pricing_type !== "free" && !base.is_purchased && !base.is_owner)
    return (
      <Sheet isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={base.name} isWide footer={page("primary")}>
        <div className="grid gap-4">{about}</div>
      </Sheet>
    );
  return (
    <CreateSheet name={base.name} source={{ source_type: "base", base_id: base.id }} prompts={[]} more={page("ghost")} onClose={onClose}>
      {about}
    </CreateSheet>
  );
}

const factsOf = (base: BaseDetail): string[] => [
  priceOf(base),
  `By ${base.creator_name}`,
  base.source_type === "git" ? "Cloned from its repository when used" : "Stored on this server",
];

const Picture = ({ children }: { children: ReactNode }) => <div className="overflow-hidden rounded-3 border border-line-0">{children}</div>;

function About({
  description,
  stack,
  contents,
  facts,
}: {
  description: string;
  stack: readonly string[];
  contents: readonly string[];
  facts: readonly string[];
}) {
  return (
    <div className="grid gap-3">
      <p className="text-sm leading-read text-fg-1">{description}</p>
      {contents.length > 0 ? (
        <ul role="list" aria-label="Contents" className="grid grid-cols-2 gap-x-4 gap-y-1.5 text-sm text-fg-1">
          {contents.map((one) => (
            <li key={one} className="flex min-w-0 items-start gap-1.5">
              <Check size={14} className="mt-0.75 flex-none text-ok" />
              {one}
            </li>
          ))}
        </ul>
      ) : null}
      <p className="text-xs leading-read text-fg-2">{[...stack, ...facts].join(" · ")}</p>
    </div>
  );
}

function CreateSheet({
  name,
  source,
  prompts,
  more,
  onClose,
  children,
}: {
  name: string;
  source: Pick<CreateProject, "source_type" | "base_id">;
  prompts: readonly string[];
  more?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  const formId = useId();
  const create = useNewProject();
  const setup = useQuery(modelSetupQuery);
  const queryClient = useQueryClient();
  const isUnconnected = setup.data !== undefined && !setup.data.configured && !setup.data.demo;
  const form = useForm({
    start: { name: "", message: "" },
    // Closing the sheet costs nothing that was created.
    isGuarded: false,
    faultsOf: (error) => (isLimit(error) ? {} : undefined),
    check: ({ message }) => {
      const length = message.trim().length;
      if (length > longestMessage)
        return { message: `Enter at most ${formatNumber(longestMessage)} characters. Your message has ${formatNumber(length)}.` };
      return length > 0 && isUnconnected ? { message: "Connect a model, or leave the message empty." } : {};
    },
    submit: async (values) => {
      const message = values.message.trim();
      const models = message ? await queryClient.ensureQueryData(modelsQuery) : undefined;
      await create.start({
        isNameProposed: values.name.trim() === "",
        name: values.name.trim() || (message ? projectNameOf(message) : name),
        source,
        message,
        model: models && pickModel(models.items, readModelChoice(), models.default),
      });
    },
  });
  const suggested = form.values.message.trim() ? projectNameOf(form.values.message) : name;
  return (
    <Sheet
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={name}
      isWide
      footer={
        <>
          {more}
          <span className="flex-1" />
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            isLoading={form.isSubmitting}
            loadingWord="Creating project…"
            keys={<Kbd>↵</Kbd>}
          >
            Create project
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        {children}
        <form id={formId} onSubmit={form.onSubmit} noValidate className="grid gap-4">
          {isLimit(create.error) ? <LimitNotice error={create.error} again="Create the project again." /> : null}
          {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
          <Field label="First message (optional)" error={form.errors.message} hint="The agent starts with it when the project is set up.">
            <Textarea
              {...form.text("message")}
              rows={3}
              placeholder="A waiting list for the Saturday bread class…"
              onKeyDown={(event) => {
                if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
                event.preventDefault();
                form.onSubmit();
              }}
            />
          </Field>
          {prompts.length > 0 ? (
            <ul role="list" aria-label="Example prompts" className="-mt-2 grid gap-1">
              {prompts.map((prompt) => (
                <li key={prompt}>
                  <button
                    type="button"
                    onClick={() => form.set("message", prompt)}
                    className="w-full rounded-2 px-2 py-1.5 text-left text-sm leading-read text-fg-1 hover:bg-bg-2 hover:text-fg-0 narrow:min-h-11"
                  >
                    {prompt}
                  </button>
                </li>
              ))}
            </ul>
          ) : null}
          {isUnconnected && setup.data ? (
            <div className="flex flex-wrap items-center gap-2.5 rounded-3 border border-line-0 px-3 py-2.5">
              <ModelNotice setup={setup.data} />
            </div>
          ) : null}
          <Field label="Name (optional)" error={form.errors.name}>
            <Input {...form.text("name")} maxLength={100} autoComplete="off" placeholder={suggested} />
          </Field>
        </form>
      </div>
    </Sheet>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Box, ChevronDown, LayoutGrid } from "lucide-react";
import type { MessageAttachment } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { keepModelChoice, pickModel, readModelChoice, shortModelName, usableModels } from "../../lib/model-choice.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { useDroppedFiles, usePastedFiles } from "../../lib/use-dropped-files.ts";
import { useFirstFocus } from "../../lib/use-first-focus.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useSettled } from "../../lib/use-settled.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { templatesQuery } from "../../project/projects.queries.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { ComposerBox } from "../../ui/ComposerBox.tsx";
import { faultsOfRequest } from "../../ui/form/faults.ts";
import { Kbd } from "../../ui/Kbd.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";
import { AttachButton, AttachmentChips, attachPasted, useHeldAttachments, VisionNotice } from "../chat/index.ts";
import { ModelNotice, modelSetupQuery, modelsQuery } from "../models/index.ts";
import { ImportButton, projectNameOf, useNewProject } from "../projects/index.ts";
import { startersOf } from "./starters.ts";
import { SuggestedTemplate } from "./SuggestedTemplate.tsx";
import { suggestTemplate } from "./template-suggestion.ts";
import { useProjectDraft } from "./use-project-draft.ts";

const longestMessage = 10_000;
/** A pause of typing after which a template is suggested. */
const suggestionPauseMs = 400;

/**
 * Prompt, attachments, template, model; Enter creates the project with the prompt, which the server runs as soon as the project is set up. Without a
 * model, Enter submits the draft: it is sent as soon as a model is connected.
 */
export function HomeComposer() {
  const box = useRef<HTMLTextAreaElement>(null);
  const { draft, isLoaded, edit, submit, hold, settle, forget } = useProjectDraft();
  const prompt = draft.text;
  const [modelId, setModelId] = useState(readModelChoice);
  const templates = useQuery(templatesQuery);
  const setup = useQuery(modelSetupQuery);
  const models = useQuery(modelsQuery);
  const create = useNewProject();
  const attachments = useHeldAttachments();
  const [hint, setHint] = useState<string>();
  const [isUploading, setIsUploading] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const attach = (files: File[]) => {
    setHint(attachments.add(files));
    box.current?.focus();
  };
  const { isOver } = useDroppedFiles(frame, attach);
  usePastedFiles(attach);

  const template =
    templates.data?.items.find((item) => item.slug === draft.base_id) ??
    templates.data?.items.find((item) => item.is_default) ??
    templates.data?.items[0];
  const settledPrompt = useSettled(prompt, suggestionPauseMs);
  // Only while no template was chosen: a choice stands, whatever is written.
  const suggestion = draft.base_id === null && prompt.trim() !== "" ? suggestTemplate(settledPrompt) : undefined;
  const suggested = templates.data?.items.find(({ slug }) => slug === suggestion?.slug && slug !== template?.slug);
  const usable = usableModels(models.data?.items ?? []);
  const model = pickModel(models.data?.items ?? [], modelId, models.data?.default ?? null);
  const pickedModel = usable.find((one) => one.id === model);
  const isBlind = attachments.hasImages && pickedModel?.vision === false;
  const chooseModel = (id: string) => {
    setModelId(id);
    keepModelChoice(id);
  };
  const isUnconnected = setup.data !== undefined && !setup.data.configured && !setup.data.demo;
  const isTooLong = prompt.trim().length > longestMessage;

  useFirstFocus(box);
  useShortcuts({ "home.prompt": () => box.current?.focus() });
  const write = (text: string) => edit({ text });
  const isEmpty = !prompt.trim() && attachments.list.length === 0;
  const isBusy = create.isPending || isUploading;
  /** From Enter to the answer: `isBusy` begins a moment later. */
  const isBuilding = useRef(false);
  /** A rejected prompt is not sent again automatically. */
  const refuse = (why: string) => {
    hold();
    setHint(why);
  };
  const build = async () => {
    const message = prompt.trim();
    if (isEmpty || isTooLong || isBusy || isBuilding.current) return;
    if (isUnconnected) return submit();
    if (isBlind) return refuse("This model doesn't support images. Switch models or remove the images.");
    if (attachments.list.some((one) => one.failure !== undefined && !one.isRetryable))
      return refuse("Couldn't upload an attachment. Remove it.");
    setHint(undefined);
    isBuilding.current = true;
    try {
      const storedAt = await settle();
      let attached: MessageAttachment[] | undefined = [];
      if (attachments.list.length > 0) {
        setIsUploading(true);
        attached = await attachments.upload().finally(() => setIsUploading(false));
        if (!attached) return refuse("Couldn't upload an attachment. Click Build to retry, or remove it.");
      }
      await create.start(
        {
          name: projectNameOf(message || (attachments.list[0]?.name.replace(/\.[^.]*$/, "") ?? "")),
          isNameProposed: true,
          source: { source_type: "template", ...(template && { base_id: template.slug }) },
          message,
          attachments: attached,
          model,
          // A submitted draft that two open pages send is built once.
          ...(draft.is_submitted && storedAt && { idempotencyKey: `project-draft-${storedAt}` }),
        },
        () => {
          // The draft is deleted only after the server has the prompt.
          attachments.take();
          forget();
        },
      );
    } catch {
      // Shown by `create.error`; sent again only on request.
      hold();
    } finally {
      isBuilding.current = false;
    }
  };
  const isReady =
    draft.is_submitted &&
    isLoaded &&
    setup.data !== undefined &&
    !isUnconnected &&
    models.isSuccess &&
    !models.isFetching &&
    !templates.isPending;
  const buildSubmitted = useHandler(() => void build());
  useEffect(() => {
    if (isReady) buildSubmitted();
  }, [isReady, buildSubmitted]);
  const failure = create.error
    ? faultsOfRequest(create.error, [])[""]
    : isTooLong
      ? `Enter at most ${formatNumber(longestMessage)} characters. Your prompt has ${formatNumber(prompt.trim().length)}.`
      : undefined;

  return (
    <div ref={frame}>
      {isBlind && pickedModel ? (
        <VisionNotice model={pickedModel} models={usable} onModel={chooseModel} onRemove={attachments.removeImages} />
      ) : null}
      <ComposerBox
        size="hero"
        {...(isOver && { className: "border-fg-1! ring ring-fg-1" })}
        attachments={
          attachments.list.length > 0 ? (
            <AttachmentChips list={attachments.list} onRemove={attachments.remove} onRetry={attachments.retry} />
          ) : undefined
        }
        label="What do you want to build?"
        placeholder="A waiting list for the Saturday bread class: 12 places, people join by email…"
        value={prompt}
        onChange={write}
        onSubmit={() => void build()}
        textareaRef={box}
        textareaProps={{
          "aria-describedby": failure ? "home-failure" : undefined,
          onPaste: (event) => {
            const taken = attachPasted(event, attachments);
            if (taken) setHint(taken.problem);
          },
        }}
        foot={isUnconnected && setup.data ? <ModelNotice setup={setup.data} isSubmitted={draft.is_submitted} /> : undefined}
        bar={
          <>
            {templates.data && templates.data.items.length > 0 && template ? (
              <Menu
                label="Start from"
                trigger={
                  <Button
                    size="sm"
                    variant="ghost"
                    className="min-w-0 shrink!"
                    icon={<Box size={14} className="flex-none" />}
                    aria-label={`Start from: ${template.name}`}
                  >
                    <span className="whitespace-pre narrow:hidden">{"Start from: "}</span>
                    <span className="truncate">{template.name}</span>
                    <ChevronDown size={14} className="flex-none text-fg-3" />
                  </Button>
                }
                choice={{
                  value: template.slug,
                  onChange: (slug) => edit({ base_id: slug }),
                  options: templates.data.items.map((item) => ({ value: item.slug, label: item.name, hint: item.description })),
                }}
              />
            ) : null}
            {model && usable.length > 0 ? (
              <Menu
                label="Model"
                trigger={
                  <Button size="sm" variant="ghost" className="min-w-0 shrink! text-fg-2" aria-label={`Model: ${shortModelName(model)}`}>
                    <span className="max-w-40 truncate narrow:max-w-20">{shortModelName(model)}</span>
                    <ChevronDown size={14} className="flex-none text-fg-3" />
                  </Button>
                }
                choice={{
                  value: model,
                  onChange: chooseModel,
                  options: usable.map((item) => ({
                    value: item.id,
                    label: shortModelName(item.id),
                    hint: item.provider_name ?? item.provider,
                  })),
                }}
              />
            ) : null}
            <span className="flex-1" />
            <AttachButton onFiles={attach} isDisabled={isBusy} />
            <Button
              variant={isUnconnected ? "plain" : "primary"}
              className="h-8 flex-none"
              onClick={() => void build()}
              disabled={isEmpty || isTooLong}
              isLoading={isBusy}
              loadingWord={isUploading ? "Uploading…" : "Creating project…"}
              keys={<Kbd>↵</Kbd>}
            >
              Build
            </Button>
          </>
        }
      />
      <div aria-live="polite">
        {suggestion && suggested && template ? (
          <SuggestedTemplate
            suggestion={suggestion}
            suggested={suggested}
            selected={template}
            onChoose={(slug) => {
              edit({ base_id: slug });
              box.current?.focus();
            }}
          />
        ) : null}
      </div>
      {hint ? (
        <p role="alert" className="mt-2 text-xs text-fg-1">
          {hint}
        </p>
      ) : null}
      {isLimit(create.error) && !isTooLong ? (
        <LimitNotice error={create.error} again="Click Build again." className="mt-2" />
      ) : failure ? (
        <div id="home-failure" className="mt-2">
          <Banner
            tone="err"
            action={
              create.error ? (
                <Button size="sm" onClick={() => void build()}>
                  Retry
                </Button>
              ) : undefined
            }
          >
            {failure}
          </Banner>
        </div>
      ) : null}
      <div className="mt-3 flex items-start gap-1.5 narrow:-mr-4 narrow:overflow-x-auto narrow:pr-4 narrow:[scrollbar-width:none]">
        <ul role="list" aria-label="Example prompts" className="flex min-w-0 flex-1 flex-wrap gap-1.5 narrow:flex-none narrow:flex-nowrap">
          {startersOf(template).map((starter) => (
            <li key={starter.title} className="flex-none">
              <Button
                className="h-7.5 bg-transparent font-regular text-fg-1 hover:bg-bg-3 narrow:h-11 narrow:text-sm"
                onClick={() => {
                  write(starter.prompt);
                  box.current?.focus();
                }}
              >
                {starter.title}
              </Button>
            </li>
          ))}
        </ul>
        <Link
          to="/new"
          className={cx(buttonClass(), "h-7.5 flex-none bg-transparent font-regular text-fg-1 hover:bg-bg-3 narrow:h-11 narrow:text-sm")}
        >
          <LayoutGrid size={14} />
          Templates
        </Link>
        <ImportButton className="h-7.5 flex-none bg-transparent font-regular text-fg-1 hover:bg-bg-3 narrow:h-11 narrow:text-sm" />
      </div>
    </div>
  );
}

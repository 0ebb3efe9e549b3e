import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Box, ChevronDown } from "lucide-react";
import { useRef, useState } from "react";
import { hasCode, fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ComposerBox } from "../../ui/ComposerBox.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { keepModelChoice, pickModel, readModelChoice, shortModelName, usableModels } from "../models/model-choice.ts";
import { ModelNotice } from "../models/ModelNotice.tsx";
import { modelSetupQuery, modelsQuery } from "../models/models.queries.ts";
import { keepFirstMessage } from "../projects/first-message.ts";
import { ImportButton } from "../projects/ImportButton.tsx";
import { nameOf } from "../projects/project-name.ts";
import { templatesQuery, useCreateProject } from "../projects/projects.queries.ts";
import { keepDraft, readDraft } from "./draft.ts";
import { startersOf } from "./starters.ts";

const longestMessage = 10_000;
const longestDescription = 2_000;

/** Prompt, what to start from, which model; Enter makes the project and leads to its workbench, which sends the prompt by itself. */
export function HomeComposer() {
  const navigate = useNavigate();
  const box = useRef<HTMLTextAreaElement>(null);
  const [prompt, setPrompt] = useState(readDraft);
  const [templateSlug, setTemplateSlug] = useState<string>();
  const [modelId, setModelId] = useState(readModelChoice);
  const templates = useQuery(templatesQuery);
  const setup = useQuery(modelSetupQuery);
  const models = useQuery(modelsQuery);
  const create = useCreateProject();

  const template =
    templates.data?.items.find((item) => item.slug === templateSlug) ??
    templates.data?.items.find((item) => item.is_default) ??
    templates.data?.items[0];
  const usable = usableModels(models.data?.items ?? []);
  const model = pickModel(models.data?.items ?? [], modelId, models.data?.default ?? null);
  const isUnconnected = setup.data !== undefined && !setup.data.configured && !setup.data.demo;
  const isTooLong = prompt.trim().length > longestMessage;

  useShortcuts({ "home.prompt": () => box.current?.focus() });
  const write = (text: string) => {
    setPrompt(text);
    keepDraft(text);
  };
  const build = () => {
    const message = prompt.trim();
    if (!message || isUnconnected || isTooLong || create.isPending) return;
    create.mutate(
      {
        name: nameOf(message),
        description: message.slice(0, longestDescription),
        source_type: "template",
        ...(template && { base_id: template.slug }),
      },
      {
        onSuccess: (project) => {
          keepFirstMessage(project.slug, { message, ...(model && { model }) });
          keepDraft("");
          void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
        },
      },
    );
  };
  const failure = create.error
    ? (fieldErrorsOf(create.error, [])[""] ?? sentenceOf(create.error))
    : isTooLong
      ? `At most ${longestMessage.toLocaleString("en")} characters; this has ${prompt.trim().length.toLocaleString("en")}.`
      : undefined;

  return (
    <>
      <ComposerBox
        size="hero"
        label="What should it do?"
        placeholder="A waiting list for the Saturday bread class: 12 places, people join by e-mail…"
        value={prompt}
        onChange={write}
        onSubmit={build}
        textareaRef={box}
        textareaProps={{ autoFocus: true, "aria-describedby": failure ? "home-failure" : undefined }}
        notice={isUnconnected && setup.data ? <ModelNotice setup={setup.data} /> : undefined}
        bar={
          <>
            {templates.data && templates.data.items.length > 0 && template ? (
              <Menu
                label="Start from"
                trigger={
                  <Button size="sm" variant="ghost" icon={<Box size={14} />} aria-label={`Start from: ${template.name}`}>
                    <span className="whitespace-pre narrow:hidden">{"Start from: "}</span>
                    {template.name}
                    <ChevronDown size={14} className="text-fg-3" />
                  </Button>
                }
                choice={{
                  value: template.slug,
                  onChange: setTemplateSlug,
                  options: templates.data.items.map((item) => ({ value: item.slug, label: item.name, hint: item.description })),
                }}
              />
            ) : null}
            {model && usable.length > 0 ? (
              <Menu
                label="Model"
                trigger={
                  <Button size="sm" variant="ghost" className="min-w-0 text-fg-2" aria-label={`Model: ${shortModelName(model)}`}>
                    <span className="max-w-40 truncate narrow:max-w-20">{shortModelName(model)}</span>
                    <ChevronDown size={14} className="flex-none text-fg-3" />
                  </Button>
                }
                choice={{
                  value: model,
                  onChange: (id) => {
                    setModelId(id);
                    keepModelChoice(id);
                  },
                  options: usable.map((item) => ({
                    value: item.id,
                    label: shortModelName(item.id),
                    hint: item.provider_name ?? item.provider,
                  })),
                }}
              />
            ) : null}
            <span className="flex-1" />
            <Button
              variant="primary"
              className="h-8"
              onClick={build}
              disabled={!prompt.trim() || isTooLong}
              isLoading={create.isPending}
              loadingWord="Making the project"
              keys={<Kbd>↵</Kbd>}
            >
              Build
            </Button>
          </>
        }
      />
      {failure ? (
        <div id="home-failure" className="mt-2">
          <Banner
            tone="err"
            action={
              create.error && !hasCode(create.error, "project_limit_reached") ? (
                <Button size="sm" onClick={build}>
                  Retry
                </Button>
              ) : undefined
            }
          >
            {failure}
          </Banner>
        </div>
      ) : null}
      <ul
        role="list"
        aria-label="Starters"
        className="mt-3 flex flex-wrap gap-1.5 narrow:-mr-4 narrow:flex-nowrap narrow:overflow-x-auto narrow:pr-4 narrow:[scrollbar-width:none]"
      >
        {startersOf(template).map((starter) => (
          <li key={starter.title} className="flex-none">
            <Button
              className="h-[30px] bg-transparent font-regular text-fg-1 hover:bg-bg-3 narrow:h-11 narrow:text-sm"
              onClick={() => {
                write(starter.prompt);
                box.current?.focus();
              }}
            >
              {starter.title}
            </Button>
          </li>
        ))}
        <li className="flex-none">
          <ImportButton className="h-[30px] bg-transparent font-regular text-fg-1 hover:bg-bg-3 narrow:h-11 narrow:text-sm" />
        </li>
      </ul>
    </>
  );
}

import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, FlaskConical } from "lucide-react";
import { useRef, useState } from "react";
import { abilitiesOf, reasoningLevels, type AgentDetail } from "@tesslate/contract";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { shortModelName, usableModels } from "../../lib/model-choice.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { PageActions } from "../../ui/page/PageActions.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Select } from "../../ui/Select.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { abilitySentences, agentQuery, categoriesQuery, useCategoryName } from "../marketplace/index.ts";
import { modelsQuery, reasoningLabels } from "../models/index.ts";
import { meQuery } from "../users/index.ts";
import { AgentPictures } from "./AgentPictures.tsx";
import {
  agentFeatures,
  agentTypes,
  changedFields,
  creationOf,
  emptyForm,
  faultsOf,
  formOf,
  markers,
  rebased,
  type AgentFeature,
  type AgentForm,
} from "./agent-form.ts";
import { toolsQuery, useAgentMutations } from "./library.queries.ts";
import { PriceSection } from "./PriceSection.tsx";
import { PublishDialog } from "./PublishDialog.tsx";
import { PublishVersionDialog } from "./PublishVersionDialog.tsx";
import { RecordedRunSettings } from "./RecordedRunSettings.tsx";
import { TrialDialog } from "./TrialDialog.tsx";
import { agentDraftQuery, useAgentDraft } from "./use-agent-draft.ts";

const route = getRouteApi("/app/library/agents/$slug");
const draftSentences = {
  stored: "Unsaved changes. Draft saved.",
  storing: "Unsaved changes. Saving draft…",
  local: "Unsaved changes, kept as a draft in this browser only",
};

/** Creates or edits an agent. Changes to another creator's open agent are saved as a copy. */
export function AgentEditorPage() {
  const { slug } = route.useParams();
  const isNew = slug === "new";
  const query = useQuery({ ...agentQuery(slug), enabled: !isNew });
  const models = useQuery(modelsQuery);
  const draft = useQuery(agentDraftQuery(isNew ? "new" : slug));
  return (
    <Page
      title={isNew ? "New agent" : (query.data?.name ?? "Agent")}
      heading={isNew ? "New agent" : query.data?.name}
      width="reading"
      head={
        <Link to="/library" className={buttonClass({ variant: "ghost", size: "sm" })}>
          <ChevronLeft size={14} />
          Library
        </Link>
      }
    >
      {draft.isPending ? (
        <SkeletonRows count={8} label="Loading draft…" />
      ) : isNew ? (
        models.data || models.error ? (
          <Editor key="new" start={emptyForm(models.data?.default ?? "")} stored={draft.data?.draft} />
        ) : (
          <SkeletonRows count={8} label="Loading models…" />
        )
      ) : query.data ? (
        query.data.system_prompt === null ? (
          <EmptyState
            className="px-0"
            title={`${query.data.name} can't be edited`}
            action={
              <Link to="/marketplace/agent/$slug" params={{ slug }} className={buttonClass()}>
                View agent
              </Link>
            }
          >
            Its creator keeps the system prompt private. You can use this agent, but not change it.
          </EmptyState>
        ) : (
          <Editor key={query.data.id} agent={query.data} start={formOf(query.data)} stored={draft.data?.draft} />
        )
      ) : query.error ? (
        hasCode(query.error, "not_found") ? (
          <EmptyState
            className="px-0"
            title="Agent not found"
            action={
              <Link to="/library" className={buttonClass()}>
                Open library
              </Link>
            }
          />
        ) : (
          <LoadFailed className="px-0" title="Couldn't load the agent" of={query} />
        )
      ) : (
        <SkeletonRows count={8} label="Loading agent…" />
      )}
    </Page>
  );
}

function Editor({
  agent,
  start,
  stored,
}: {
  agent?: AgentDetail;
  start: AgentForm;
  /** The draft on the server. */
  stored: unknown;
}) {
  const navigate = useNavigate();
  const { create, update, remove } = useAgentMutations();
  const models = usableModels(useQuery(modelsQuery).data?.items ?? []);
  const tools = useQuery(toolsQuery);
  const { data: me } = useSuspenseQuery(meQuery);
  const categories = useQuery(categoriesQuery).data ?? [];
  const nameOf = useCategoryName();
  const offered = categories.filter(({ item_types }) => item_types.includes("agent")).map((category) => category.slug);
  // An agent keeps a category that is not offered any more.
  const categoryOptions = [...new Set([...offered, start.category])].map((value) => ({ value, label: nameOf(value) }));
  const [before, setBefore] = useState(start);
  // The draft survives leaving the page, a reload, the payout setup and another browser.
  const draft = useAgentDraft(me.id, agent?.id ?? "new", { before: start, form: start }, stored);
  const form = rebased(draft.value, before);
  const [isTrying, setIsTrying] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const [isPublishing, setIsPublishing] = useState(false);
  const [isPublishingVersion, setIsPublishingVersion] = useState(false);
  const prompt = useRef<HTMLTextAreaElement>(null);
  const set = (change: Partial<AgentForm>) => draft.write({ before, form: { ...form, ...change } });
  const discard = () => draft.forget(draft.value);
  const isChanged = !agent || JSON.stringify(form) !== JSON.stringify(before);
  const isDirty = JSON.stringify(form) !== JSON.stringify(before);
  const { errors, isSubmitting, onSubmit, show } = useSubmission<keyof AgentForm | "price_cents">(
    [...(Object.keys(form) as (keyof AgentForm)[]), "price_cents"],
    {
      check: faultsOf(form),
      submit: async () => {
        const saved = agent
          ? await update.mutateAsync({ id: agent.id, body: changedFields(before, form) })
          : await create.mutateAsync(creationOf(form));
        setBefore(form);
        draft.forget(draft.value);
        toast(agent && saved.id !== agent.id ? `Copy saved as ${saved.name}.` : agent ? "Agent saved." : "Agent created.");
        if (saved.slug !== agent?.slug) await navigate({ to: "/library/agents/$slug", params: { slug: saved.slug }, replace: true });
      },
    },
  );
  const saving = isSubmitting || update.isPending;
  const insert = (marker: string) => {
    const area = prompt.current;
    const [from, to] = area ? [area.selectionStart, area.selectionEnd] : [form.system_prompt.length, form.system_prompt.length];
    set({ system_prompt: `${form.system_prompt.slice(0, from)}${marker}${form.system_prompt.slice(to)}` });
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(from + marker.length, from + marker.length);
    });
  };
  const unpublish = () =>
    agent &&
    update.mutate(
      { id: agent.id, body: { is_published: false } },
      { onSuccess: () => toast(`${agent.name} unpublished.`), onError: (error) => show({ "": sentenceOf(error) }) },
    );
  const toolNames = tools.data?.items.filter((tool) => tool.view === "any").map((tool) => tool.name) ?? [];
  return (
    <form onSubmit={onSubmit} noValidate>
      {errors[""] ? (
        <Banner tone="err" className="mb-4">
          {errors[""]}
        </Banner>
      ) : null}
      {agent && !agent.is_owner ? (
        <Banner className="mb-4">
          This agent is by {agent.creator_name}. Your changes are saved as a copy, which replaces it in your library.
        </Banner>
      ) : null}
      <SettingsSection title="General">
        <div className="grid gap-3.5">
          <Field label="Name" error={errors.name}>
            <Input value={form.name} maxLength={100} autoComplete="off" onChange={(event) => set({ name: event.target.value })} />
          </Field>
          <Field label="Description" error={errors.description}>
            <Input
              value={form.description}
              maxLength={500}
              autoComplete="off"
              onChange={(event) => set({ description: event.target.value })}
            />
          </Field>
          <div className="grid grid-cols-2 gap-3.5 narrow:grid-cols-1">
            <Field label="Category" error={errors.category}>
              <Select value={form.category} onChange={(category) => set({ category })} options={categoryOptions} />
            </Field>
            <Field label="Model" error={errors.model}>
              <Select
                value={form.model || "default"}
                onChange={(model) => set({ model: model === "default" ? "" : model })}
                options={[
                  ...(form.model && !models.some((model) => model.id === form.model)
                    ? [{ value: form.model, label: shortModelName(form.model) }]
                    : []),
                  ...(agent?.model ? [] : [{ value: "default", label: "Server default" }]),
                  ...models.map((model) => ({
                    value: model.id,
                    label: shortModelName(model.id),
                    hint: model.provider_name ?? model.provider,
                  })),
                ]}
              />
            </Field>
          </div>
        </div>
      </SettingsSection>
      <SettingsSection title="Store page" hint="What people read before they add the agent. You can fill this in later.">
        <div className="grid gap-3.5">
          <Field
            label="Long description"
            error={errors.long_description}
            hint="Markdown. What it is for, how it works, and what it does not do."
          >
            <Textarea
              value={form.long_description}
              maxLength={20_000}
              maxHeightPx={360}
              className="min-h-28"
              onChange={(event) => set({ long_description: event.target.value })}
            />
          </Field>
          <div className="grid grid-cols-2 gap-3.5 narrow:grid-cols-1">
            <Field label="Features" error={errors.highlights} hint="Separated by commas, for example: Reviews pull requests, Knows Rust">
              <Input value={form.highlights} maxLength={2000} onChange={(event) => set({ highlights: event.target.value })} />
            </Field>
            <Field label="Tags" error={errors.tags} hint="Separated by commas. The search finds them.">
              <Input value={form.tags} maxLength={2000} onChange={(event) => set({ tags: event.target.value })} />
            </Field>
          </div>
          <div>
            <p className="text-sm font-medium text-fg-1">What it may do</p>
            <p className="mt-1 text-xs leading-note text-fg-2">
              {abilitiesOf(form.tools, form.features)
                .map((ability) => abilitySentences[ability])
                .join(" · ") || "It only answers."}
            </p>
          </div>
        </div>
      </SettingsSection>
      {agent?.is_owner ? (
        <>
          <AgentPictures agent={agent} />
          <RecordedRunSettings agent={agent} onTry={() => setIsTrying(true)} />
        </>
      ) : null}
      <SettingsSection title="System prompt" hint="The agent follows it in every chat. Variables are replaced when a run starts.">
        <Field label={<span className="sr-only">System prompt</span>} error={errors.system_prompt}>
          <Textarea
            ref={prompt}
            value={form.system_prompt}
            maxLength={100_000}
            maxHeightPx={480}
            spellCheck={false}
            className="min-h-56 font-mono text-xs!"
            onChange={(event) => set({ system_prompt: event.target.value })}
          />
        </Field>
        <ul role="list" aria-label="Variables" className="mt-2 flex flex-wrap gap-1.5">
          {markers.map((marker) => (
            <li key={marker}>
              <Button size="sm" variant="ghost" className="font-mono" onClick={() => insert(marker)} aria-label={`Insert ${marker}`}>
                {marker}
              </Button>
            </li>
          ))}
        </ul>
      </SettingsSection>
      <SettingsSection title="Behavior">
        <Field label="Type" error={errors.agent_type}>
          <Select
            value={form.agent_type}
            onChange={(value) => set({ agent_type: value as AgentForm["agent_type"] })}
            options={Object.entries(agentTypes).map(([value, { label, hint }]) => ({ value, label, hint }))}
          />
        </Field>
        <Field
          label="Thinking"
          error={errors.reasoning}
          hint="How much the model thinks in chats that don't choose a level. Models without this level ignore it."
          className="mt-4"
        >
          <Select
            value={form.reasoning ?? "default"}
            onChange={(value) => set({ reasoning: reasoningLevels.find((level) => level === value) ?? null })}
            options={[
              { value: "default", label: "Model default" },
              ...reasoningLevels.map((value) => ({ value, ...reasoningLabels[value] })),
            ]}
          />
        </Field>
        <fieldset className="mt-4 grid gap-2">
          <legend className="mb-1.5 text-sm font-medium text-fg-1">Features</legend>
          {Object.entries(agentFeatures).map(([name, label]) => (
            <Switch
              key={name}
              isOn={form.features[name as AgentFeature]}
              label={label}
              onChange={(isOn) => set({ features: { ...form.features, [name]: isOn } })}
            />
          ))}
        </fieldset>
      </SettingsSection>
      <SettingsSection
        title="Tools"
        hint="Fewer tools make the agent faster and safer. The features above turn their own tools on and off."
      >
        <Switch
          isOn={form.tools === null}
          label="All tools, including future ones"
          onChange={(isOn) => set({ tools: isOn ? null : toolNames })}
        />
        {form.tools === null ? null : tools.data ? (
          <ul role="list" className="mt-3 grid grid-cols-2 gap-x-4 gap-y-1.5 narrow:grid-cols-1">
            {toolNames.map((name) => (
              <li key={name} title={tools.data.items.find((tool) => tool.name === name)?.description}>
                <Checkbox
                  isChecked={form.tools?.includes(name) ?? false}
                  label={<span className="font-mono text-xs">{name}</span>}
                  onChange={(isOn) =>
                    set({ tools: isOn ? [...(form.tools ?? []), name] : (form.tools ?? []).filter((tool) => tool !== name) })
                  }
                />
              </li>
            ))}
          </ul>
        ) : (
          <SkeletonRows count={4} label="Loading tools…" className="mt-3" />
        )}
        {errors.tools ? (
          <p role="alert" className="mt-2 text-xs text-err">
            {errors.tools}
          </p>
        ) : null}
      </SettingsSection>
      <PriceSection form={form} set={set} fault={errors.price ?? errors.price_cents ?? errors.pricing_type} />
      <PageActions className="-mx-2 flex-wrap items-center justify-end px-2">
        {agent?.is_owner && agent.is_published ? (
          agent.has_unpublished_changes ? (
            <Pill tone="warn">Unpublished changes</Pill>
          ) : (
            <Pill tone="ok">{agent.latest_version ? `Version ${agent.latest_version.number} published` : "Published"}</Pill>
          )
        ) : null}
        <span className="flex-1 text-xs text-fg-2">{isDirty ? draftSentences[draft.state] : ""}</span>
        {isDirty ? (
          <Button variant="ghost" onClick={discard} disabled={saving}>
            Discard changes
          </Button>
        ) : null}
        {agent?.is_owner ? (
          <>
            {agent.is_published ? (
              <Button variant="ghost" onClick={unpublish} disabled={saving}>
                Unpublish
              </Button>
            ) : (
              <Button variant="danger" onClick={() => setIsDeleting(true)} disabled={saving}>
                Delete agent
              </Button>
            )}
            <Button icon={<FlaskConical size={14} />} disabled={isDirty} onClick={() => setIsTrying(true)}>
              Try agent
            </Button>
            {agent.has_unpublished_changes ? (
              <Button disabled={isDirty || saving} onClick={() => setIsPublishingVersion(true)}>
                Publish version…
              </Button>
            ) : null}
            {agent.is_published ? null : (
              <Button disabled={isDirty || saving} onClick={() => setIsPublishing(true)}>
                Publish…
              </Button>
            )}
          </>
        ) : null}
        <Button type="submit" variant="primary" disabled={!isChanged} isLoading={saving} loadingWord="Saving…">
          {agent && !agent.is_owner ? "Save as copy" : "Save"}
        </Button>
      </PageActions>
      {isPublishing && agent ? (
        <PublishDialog
          agent={agent}
          onClose={() => setIsPublishing(false)}
          onTry={() => {
            setIsPublishing(false);
            setIsTrying(true);
          }}
          onPublish={async () => {
            await update.mutateAsync({ id: agent.id, body: { is_published: true } });
            toast(`${agent.name} published.`);
          }}
        />
      ) : null}
      {isPublishingVersion && agent ? <PublishVersionDialog agent={agent} onClose={() => setIsPublishingVersion(false)} /> : null}
      {isTrying && agent ? <TrialDialog agent={agent} onClose={() => setIsTrying(false)} /> : null}
      {agent ? (
        <ConfirmDialog
          isOpen={isDeleting}
          onOpenChange={setIsDeleting}
          title={`Delete ${agent.name}?`}
          confirmLabel="Delete agent"
          loadingWord="Deleting…"
          isDanger
          onConfirm={async () => {
            await remove.mutateAsync(agent.id);
            discard();
            toast(`${agent.name} deleted.`);
            void navigate({ to: "/library" });
          }}
        >
          This also removes the agent from all libraries. This can't be undone.
        </ConfirmDialog>
      ) : null}
    </form>
  );
}

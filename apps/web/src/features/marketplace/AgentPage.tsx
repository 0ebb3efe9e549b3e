import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Check, GitFork, Pencil } from "lucide-react";
import { useState } from "react";
import type { AgentDetail } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { toast, toastWithUndo, toastError } from "../../ui/toast.tsx";
import { useIsSignedIn } from "../users/index.ts";
import { AgentVersions, UpdateBanner } from "./AgentVersions.tsx";
import { abilitySentences } from "./abilities.ts";
import { isOwnPicture } from "./ItemIcon.tsx";
import { About, ItemFrame, ItemHead, Names, ItemSection, Related, SignInAction } from "./ItemPage.tsx";
import { agentQuery, useAcquire, useFork, useRemoveFromLibrary } from "./marketplace.queries.ts";
import { priceOf } from "./price.ts";
import { Reviews } from "./Reviews.tsx";
import { Screenshots } from "./Screenshots.tsx";
import { RecordedRunSection } from "./RecordedRunSection.tsx";
import { UseAgentDialog } from "./UseAgentDialog.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const route = getRouteApi("/app/marketplace/agent/$slug");

const kinds: Record<string, string> = {
  TesslateAgent: "Uses tools, plans and sub-agents",
  IterativeAgent: "Calls tools in text, for models without function calling",
  ReActAgent: "Explains each step before acting",
  StreamAgent: "Answers in one response, with whole files",
};

export function AgentPage() {
  const { slug } = route.useParams();
  const query = useQuery(agentQuery(slug));
  return (
    <ItemFrame type="agents" query={query}>
      {(agent) => <Agent agent={agent} />}
    </ItemFrame>
  );
}

function Agent({ agent }: { agent: AgentDetail }) {
  const acquire = useAcquire("agents");
  const isInLibrary = agent.is_purchased || agent.is_owner;
  const isSignedIn = useIsSignedIn();
  return (
    <>
      {!agent.is_active ? (
        <Banner tone="warn" className="mb-4">
          An administrator disabled this agent. You can't use it.
        </Banner>
      ) : null}
      <ItemHead
        item={agent}
        price={priceOf(agent)}
        actions={isSignedIn ? <Actions agent={agent} acquire={acquire} /> : <SignInAction>Sign in to use this agent</SignInAction>}
      >
        <span>{kinds[agent.agent_type] ?? agent.agent_type}</span>
        <span>{agent.source_type === "open" ? "Open: the system prompt is public" : "Closed: the system prompt is hidden"}</span>
      </ItemHead>
      {acquire.error ? (
        <Banner tone="err" className="mt-4">
          <ErrorSentence of={acquire.error} />
        </Banner>
      ) : null}
      <UpdateBanner agent={agent} />
      {agent.requires_user_keys ? <Banner className="mt-4">Requires your own model API key.</Banner> : null}
      <Screenshots name={agent.name} urls={[agent.preview_image, ...agent.screenshots.map(({ url }) => url)].filter(isOwnPicture)} />
      {agent.has_recorded_run ? <RecordedRunSection slug={agent.slug} /> : null}
      <About item={agent} />
      {agent.features.length > 0 ? (
        <ItemSection title="Features">
          <Names names={agent.features} />
        </ItemSection>
      ) : null}
      <ItemSection title="What it may do">
        {agent.abilities.length > 0 ? (
          <ul role="list" className="grid max-w-[64ch] gap-1 text-sm text-fg-0">
            {agent.abilities.map((ability) => (
              <li key={ability} className="flex gap-2">
                <Check size={14} aria-hidden="true" className="mt-0.75 flex-none text-ok" />
                {abilitySentences[ability]}
              </li>
            ))}
          </ul>
        ) : (
          <p className="text-sm text-fg-1">It only answers. It can't read or change anything.</p>
        )}
        <p className="mt-2 max-w-[64ch] text-xs text-fg-2">
          The edit mode of the chat still applies: in Ask mode, it needs your approval to change files and run commands.
        </p>
        {agent.tools && agent.tools.length > 0 ? (
          <details className="mt-2">
            <summary className="cursor-default text-xs text-fg-2">{counted(agent.tools.length, "tool")}</summary>
            <div className="mt-2">
              <Names names={agent.tools} isMono />
            </div>
          </details>
        ) : null}
      </ItemSection>
      {agent.system_prompt ? (
        <ItemSection title="System prompt">
          <details className="rounded-3 border border-line-0">
            <summary className="cursor-default px-3 py-2 text-sm text-fg-1">{formatNumber(agent.system_prompt.length)} characters</summary>
            <pre className="max-h-96 scroll-y border-t border-line-0 bg-bg-2 p-3 font-mono text-xs leading-read break-words whitespace-pre-wrap text-fg-1">
              {agent.system_prompt}
            </pre>
          </details>
        </ItemSection>
      ) : null}
      {agent.tags.length > 0 ? (
        <ItemSection title="Tags">
          <Names names={agent.tags} />
        </ItemSection>
      ) : null}
      <AgentVersions agent={agent} />
      <Reviews
        type="agents"
        id={agent.id}
        canWrite={isInLibrary && !agent.is_owner}
        why={
          !isSignedIn
            ? "Sign in to review this agent."
            : agent.is_owner
              ? "You can't review your own agent."
              : "Add this agent to your library to review it."
        }
      />
      <Related type="agents" id={agent.id} />
    </>
  );
}

function Actions({ agent, acquire }: { agent: AgentDetail; acquire: ReturnType<typeof useAcquire> }) {
  const navigate = useNavigate();
  const fork = useFork();
  const remove = useRemoveFromLibrary("agents");
  const [isRemoving, setIsRemoving] = useState(false);
  const [isUsing, setIsUsing] = useState(false);
  const name = agent.name;
  const edit = (
    <Link to="/library/agents/$slug" params={{ slug: agent.slug }} className={buttonClass()}>
      <Pencil size={14} />
      Edit
    </Link>
  );
  if (agent.is_owner) return edit;
  return (
    <>
      {agent.is_purchased ? (
        <>
          <Pill tone="ok" icon={<Check />}>
            In your library
          </Pill>
          {agent.is_active ? (
            <Button variant="primary" onClick={() => setIsUsing(true)}>
              Use in a project…
            </Button>
          ) : null}
          <Button variant="ghost" onClick={() => setIsRemoving(true)}>
            Remove
          </Button>
        </>
      ) : agent.is_active ? (
        <Button
          variant="primary"
          isLoading={acquire.isPending}
          loadingWord={agent.pricing_type === "free" || agent.pricing_type === "api" ? "Adding…" : "Redirecting to checkout…"}
          onClick={() => acquire.mutate(agent.id, { onSuccess: () => toast(`${name} added to your library.`) })}
        >
          {agent.pricing_type === "one_time" ? "Buy" : agent.pricing_type === "monthly" ? "Subscribe" : "Add to library"}
        </Button>
      ) : null}
      {agent.is_forkable && agent.is_active && (agent.is_purchased || agent.pricing_type === "free") ? (
        <Button
          icon={<GitFork size={14} />}
          isLoading={fork.isPending}
          loadingWord="Forking…"
          onClick={() =>
            fork.mutate(agent.id, {
              onSuccess: (made) => void navigate({ to: "/library/agents/$slug", params: { slug: made.slug } }),
              onError: (error) => toastError(error),
            })
          }
        >
          Fork
        </Button>
      ) : null}
      {isUsing ? <UseAgentDialog agent={agent} onClose={() => setIsUsing(false)} /> : null}
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setIsRemoving}
        title={`Remove ${name} from your library?`}
        confirmLabel="Remove"
        loadingWord="Removing…"
        onConfirm={async () => {
          await remove.mutateAsync(agent.id);
          toastWithUndo(`${name} removed from your library.`, () => acquire.mutateAsync(agent.id));
        }}
      >
        {agent.pricing_type === "free"
          ? "Projects that use this agent switch to the default agent."
          : "Projects that use this agent switch to the default agent. You can add it again without paying."}
      </ConfirmDialog>
    </>
  );
}

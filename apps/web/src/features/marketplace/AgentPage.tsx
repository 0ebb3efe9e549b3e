import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Check, GitFork, Pencil } from "lucide-react";
import { useState } from "react";
import type { AgentDetail } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { toast } from "../../ui/toast.tsx";
import { About, ItemFrame, ItemHead, Names, Part, Related } from "./ItemPage.tsx";
import { agentQuery, useAcquire, useFork, useRemoveFromLibrary } from "./marketplace.queries.ts";
import { priceOf } from "./price.ts";
import { Reviews } from "./Reviews.tsx";

const route = getRouteApi("/app/marketplace/agent/$slug");

const kinds: Record<string, string> = {
  TesslateAgent: "Uses tools, plans and sub-agents",
  IterativeAgent: "Thinks and acts in turns",
  ReActAgent: "Says why before each act",
  StreamAgent: "Answers in one go, with whole files",
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
  const has = agent.is_purchased || agent.is_owner;
  return (
    <>
      {!agent.is_active ? (
        <Banner tone="warn" className="mb-4">
          An administrator has taken this agent off. It cannot be used meanwhile.
        </Banner>
      ) : null}
      <ItemHead item={agent} price={priceOf(agent)} acts={<Acts agent={agent} acquire={acquire} />}>
        <span>{kinds[agent.agent_type] ?? agent.agent_type}</span>
        <span>{agent.source_type === "open" ? "Open: its prompt can be read" : "Closed: its prompt stays with its maker"}</span>
      </ItemHead>
      {acquire.error ? (
        <Banner tone="err" className="mt-4">
          {sentenceOf(acquire.error)}
        </Banner>
      ) : null}
      {agent.requires_user_keys ? <Banner className="mt-4">It works with your own key for a model.</Banner> : null}
      <About item={agent} />
      {agent.features.length > 0 ? (
        <Part title="What it does">
          <Names names={agent.features} />
        </Part>
      ) : null}
      <Part title="What it may do">
        {agent.tools ? (
          agent.tools.length > 0 ? (
            <Names names={agent.tools} isMono />
          ) : (
            <p className="text-sm text-fg-1">It has no tools: it only answers.</p>
          )
        ) : (
          <p className="max-w-[64ch] text-sm text-fg-1">
            {agent.source_type === "open" || agent.is_owner
              ? "Every tool: it reads and writes files, runs commands and looks at the web, as far as the mode of the conversation lets it."
              : "Its maker does not say which tools it has. Whatever it does passes through the mode of the conversation: in Ask it asks you first."}
          </p>
        )}
      </Part>
      {agent.system_prompt ? (
        <Part title="Its prompt">
          <details className="rounded-3 border border-line-0">
            <summary className="cursor-default px-3 py-2 text-sm text-fg-1">
              {agent.system_prompt.length.toLocaleString("en")} characters
            </summary>
            <pre className="max-h-96 scroll-y border-t border-line-0 bg-bg-2 p-3 font-mono text-xs leading-read break-words whitespace-pre-wrap text-fg-1">
              {agent.system_prompt}
            </pre>
          </details>
        </Part>
      ) : null}
      {agent.tags.length > 0 ? (
        <Part title="Tags">
          <Names names={agent.tags} />
        </Part>
      ) : null}
      <Reviews
        type="agents"
        id={agent.id}
        canWrite={has && !agent.is_owner}
        why={agent.is_owner ? "Nobody reviews their own." : "Whoever has it in their library can write one."}
      />
      <Related type="agents" id={agent.id} />
    </>
  );
}

function Acts({ agent, acquire }: { agent: AgentDetail; acquire: ReturnType<typeof useAcquire> }) {
  const navigate = useNavigate();
  const fork = useFork();
  const remove = useRemoveFromLibrary("agents");
  const [isRemoving, setIsRemoving] = useState(false);
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
          <Button variant="ghost" onClick={() => setIsRemoving(true)}>
            Remove
          </Button>
        </>
      ) : agent.is_active ? (
        <Button
          variant="primary"
          isLoading={acquire.isPending}
          loadingWord={agent.pricing_type === "free" || agent.pricing_type === "api" ? "Adding" : "Leading to the payment"}
          onClick={() => acquire.mutate(agent.id, { onSuccess: () => toast(`${name} is in your library.`) })}
        >
          {agent.pricing_type === "one_time" ? "Buy" : agent.pricing_type === "monthly" ? "Subscribe" : "Add to library"}
        </Button>
      ) : null}
      {agent.is_forkable && agent.is_active && (agent.is_purchased || agent.pricing_type === "free") ? (
        <Button
          icon={<GitFork size={14} />}
          isLoading={fork.isPending}
          loadingWord="Copying"
          onClick={() =>
            fork.mutate(agent.id, {
              onSuccess: (made) => void navigate({ to: "/library/agents/$slug", params: { slug: made.slug } }),
              onError: (error) => toast(sentenceOf(error), { kind: "failed" }),
            })
          }
        >
          Fork
        </Button>
      ) : null}
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setIsRemoving}
        title={`Remove ${name} from your library?`}
        act="Remove"
        actWord="Removing"
        onConfirm={async () => {
          await remove.mutateAsync(agent.id);
          toast(`${name} is out of your library.`, { action: { label: "Undo", onSelect: () => acquire.mutate(agent.id) } });
        }}
      >
        Projects that use it go on with your standard agent.
        {agent.pricing_type === "free" ? "" : " What you paid for can be taken back in without paying again."}
      </ConfirmDialog>
    </>
  );
}
